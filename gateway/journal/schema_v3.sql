-- The journal, version 3: destinations that come and go, a bound for held rows, and ABP counters that outlive their session.

-- Held rows that went because their share of the journal was full.
ALTER TABLE destinations ADD COLUMN held_lost INTEGER NOT NULL DEFAULT 0;

-- The last row before a destination's first; NULL where an older version began it.
ALTER TABLE destinations ADD COLUMN began INTEGER;

-- Counters of ABP sessions that ended, for their keys may come back. session is a digest of device, address and
-- keys; a_f_cnt_down is NULL before LoRaWAN 1.1.
CREATE TABLE ended_counters (
    session BLOB PRIMARY KEY, f_cnt_up INTEGER NOT NULL, n_f_cnt_down INTEGER NOT NULL, a_f_cnt_down INTEGER
) WITHOUT ROWID;
