-- The journal, version 3: destinations that come and go, and a bound for held rows.

-- Held rows that went because their share of the journal was full.
ALTER TABLE destinations ADD COLUMN held_lost INTEGER NOT NULL DEFAULT 0;

-- The last row before a destination's first; NULL where an older version began it.
ALTER TABLE destinations ADD COLUMN began INTEGER;
