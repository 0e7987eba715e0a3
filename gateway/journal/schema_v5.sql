-- The journal, version 5: a box on a mast.

-- Rows that a destination had waited for longer than it is to wait, and the microsecond when the first of them went.
ALTER TABLE destinations ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN given_up_since INTEGER;

-- What a person is to know until he has seen it: that a damaged journal was salvaged, and what went with it. at is a microsecond.
CREATE TABLE alarms (name TEXT NOT NULL, at INTEGER NOT NULL, words TEXT NOT NULL, PRIMARY KEY (name, at)) WITHOUT ROWID;

-- Segments of which rows are gone though the table is there, thinned out for want of room or lost with damaged pages, and how many.
CREATE TABLE thinned (first INTEGER PRIMARY KEY, rows INTEGER NOT NULL);
