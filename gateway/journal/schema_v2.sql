-- The journal, version 2: the network in the box.

-- What the device of a session was told and has confirmed; opaque here, written when it changes and not with each uplink.
CREATE TABLE mac_states (session INTEGER PRIMARY KEY, record BLOB NOT NULL);

-- Downlinks, the open ones and the last that came to an end. ended is the microsecond of that, NULL while it is open.
CREATE TABLE downlinks (id INTEGER PRIMARY KEY, dev_eui INTEGER NOT NULL, ended INTEGER, record BLOB NOT NULL);

-- What platforms are to be told of the commands they gave; a row goes when its platform has it.
CREATE TABLE command_states (id INTEGER PRIMARY KEY, destination TEXT NOT NULL, record BLOB NOT NULL);

-- Joins and other changes in the life of a device; the last of each device are kept.
CREATE TABLE events (id INTEGER PRIMARY KEY, dev_eui INTEGER NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL);

-- Frames of nobody: a ring.
CREATE TABLE unclaimed (id INTEGER PRIMARY KEY, record BLOB NOT NULL);

-- Rows that went undelivered because the journal was full, by destination.
ALTER TABLE destinations ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;

-- What this box knows of itself: "machine" (a digest), "first_join_nonce" (of a device that never joined here),
-- "skipped_at" (microsecond) and "skipped_why".
CREATE TABLE box (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

-- RJcount1 of LoRaWAN 1.1: it outlives session and registration, as nonces do.
CREATE TABLE rejoin_counts (
    dev_eui INTEGER NOT NULL, join_eui INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (dev_eui, join_eui)
) WITHOUT ROWID;
