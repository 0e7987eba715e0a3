-- The journal, version 4: a destination that moved to another city.

-- The last row that was heard for a destination before its name moved to another city; NULL where it has not.
ALTER TABLE destinations ADD COLUMN ended INTEGER;
