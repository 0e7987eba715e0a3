-- The journal, version 5: a box on a mast.

-- Rows that a destination had waited for longer than it is to wait, and the microsecond when the first of them went.
ALTER TABLE destinations ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN given_up_since INTEGER;

-- What a person is to know until he has seen it: that a damaged journal was salvaged, and what went with it. at is a microsecond.
CREATE TABLE alarms (name TEXT NOT NULL, at INTEGER NOT NULL, words TEXT NOT NULL, PRIMARY KEY (name, at)) WITHOUT ROWID;

-- Segments of which rows are gone though the table is there, thinned out for want of room or lost with damaged pages, and how many.
CREATE TABLE thinned (first INTEGER PRIMARY KEY, rows INTEGER NOT NULL);

-- Boots of this box, each with the spans in which the wall clock was trusted and stood still: from and until which monotonic second it
-- said that microsecond of the epoch at monotonic 0. One value a boot could not say that it jumped, or how it drifted while nobody
-- corrected it. A span of quality 0 only says that there was the boot: the boots around it tell when it was at most.
CREATE TABLE boot_spans (
    word INTEGER NOT NULL, since REAL NOT NULL, until REAL NOT NULL, utc_at_zero INTEGER NOT NULL, quality INTEGER NOT NULL,
    PRIMARY KEY (word, since)
) WITHOUT ROWID;
INSERT INTO boot_spans SELECT word, 0, 0, utc_at_zero, quality FROM boots;
DROP TABLE boots;
