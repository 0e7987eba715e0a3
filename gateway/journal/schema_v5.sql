-- The journal, version 5: a box on a mast.

-- Rows that a destination had waited for longer than it is to wait, and the microsecond when the first of them went.
ALTER TABLE destinations ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN given_up_since INTEGER;
