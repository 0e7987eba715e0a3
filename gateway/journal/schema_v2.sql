-- The journal, version 2: the network in the box.

-- What the device of a session was told and has confirmed; opaque here, written when it changes and not with each uplink.
CREATE TABLE mac_states (session INTEGER PRIMARY KEY, record BLOB NOT NULL);

-- Downlinks, the open ones and the last that came to an end. ended is the microsecond of that, NULL while it is open.
CREATE TABLE downlinks (id INTEGER PRIMARY KEY, dev_eui INTEGER NOT NULL, ended INTEGER, record BLOB NOT NULL);

-- Joins and other changes in the life of a device; the last of each device are kept.
CREATE TABLE events (id INTEGER PRIMARY KEY, dev_eui INTEGER NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL);

-- Frames of nobody: a ring.
CREATE TABLE unclaimed (id INTEGER PRIMARY KEY, record BLOB NOT NULL);

-- Rows that went undelivered because the journal was full, by destination.
ALTER TABLE destinations ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
