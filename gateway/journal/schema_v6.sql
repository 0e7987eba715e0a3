-- The journal, version 6: radios and network servers of others.

-- Devices behind a network server: the source that told each last, the address that reaches it there, and 6 octets of the id of each
-- of its last uplinks, the oldest first: what is told again is known by them. Written with each of their uplinks, so the row is small.
CREATE TABLE served (dev_eui INTEGER PRIMARY KEY, source TEXT NOT NULL, address TEXT NOT NULL, ids BLOB NOT NULL);

-- Frames of other networks' devices that a relay could not pass on: for the record, never sent as if they were fresh. A row is what one
-- write brought: so many frames as one CBOR array; until is the microsecond when the last of them was heard, as the clock stood then.
CREATE TABLE relays (number INTEGER PRIMARY KEY, name TEXT NOT NULL, lost INTEGER NOT NULL DEFAULT 0);
CREATE TABLE relayed (
    id INTEGER PRIMARY KEY, relay INTEGER NOT NULL, frames INTEGER NOT NULL, until INTEGER NOT NULL, record BLOB NOT NULL
);
