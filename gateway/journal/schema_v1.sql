-- The journal, version 1. EUIs are signed 64-bit integers; every record is a CBOR array that begins with its format number.

-- The log is one bare table per segment, log_<first id>; each further one is made when it begins (segments.py).
CREATE TABLE log_1 (id INTEGER PRIMARY KEY, record BLOB NOT NULL);

-- Texts that many rows share (boot ids, source names, gateway EUIs), so that a row holds a small number instead.
CREATE TABLE words (number INTEGER PRIMARY KEY, word TEXT NOT NULL);

-- Boots whose wall clock became known: the microsecond of the epoch at monotonic 0, and how good it is.
CREATE TABLE boots (word INTEGER PRIMARY KEY, utc_at_zero INTEGER NOT NULL, quality INTEGER NOT NULL);

CREATE TABLE destinations (number INTEGER PRIMARY KEY, name TEXT NOT NULL);

-- Every row up to low is settled, and those in the ranges of above (CBOR: first, last, first, last ...).
CREATE TABLE cursors (destination INTEGER PRIMARY KEY, low INTEGER NOT NULL, above BLOB NOT NULL);

CREATE TABLE memory (
    destination INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (destination, key)
) WITHOUT ROWID;

-- Rows that a destination could not be given; they are settled for its cursor and wait for a person or a codec.
CREATE TABLE held (
    destination INTEGER NOT NULL, id INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
    decoder TEXT NOT NULL, held_at INTEGER NOT NULL, PRIMARY KEY (destination, id)
) WITHOUT ROWID;

-- Held rows on their way back to the front of read(); they stay in held until they are settled anew.
CREATE TABLE retries (destination INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (destination, id)) WITHOUT ROWID;

-- Records of held rows whose segment was dropped.
CREATE TABLE kept (id INTEGER PRIMARY KEY, record BLOB NOT NULL);

CREATE TABLE devices (dev_eui INTEGER PRIMARY KEY, record BLOB NOT NULL);

-- What seldom changes of a session, and apart from it what moves with each uplink: a narrow table touches few pages.
CREATE TABLE sessions (number INTEGER PRIMARY KEY, dev_eui INTEGER NOT NULL, record BLOB NOT NULL);
CREATE TABLE counters (
    session INTEGER PRIMARY KEY, f_cnt_up INTEGER NOT NULL, n_f_cnt_down INTEGER NOT NULL,
    a_f_cnt_down INTEGER NOT NULL, confirmed_f_cnt_up INTEGER
);

-- The last ABP activation number of each device. It outlives the device: a number used twice would repeat identities.
CREATE TABLE abp_activations (dev_eui INTEGER PRIMARY KEY, last INTEGER NOT NULL);

-- Nonces outlive the device too: a join request heard once must never open a session again.
CREATE TABLE dev_nonces (
    dev_eui INTEGER NOT NULL, nonce INTEGER NOT NULL, PRIMARY KEY (dev_eui, nonce)
) WITHOUT ROWID;
CREATE TABLE join_nonces (dev_eui INTEGER PRIMARY KEY, next INTEGER NOT NULL);
