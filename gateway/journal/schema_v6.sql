-- The journal, version 6: radios and network servers of others.

-- Devices behind a network server: the source that told each last, the address that reaches it there, and 6 octets of the id of each
-- of its last uplinks, the oldest first: what is told again is known by them. Written with each of their uplinks, so the row is small.
CREATE TABLE served (dev_eui INTEGER PRIMARY KEY, source TEXT NOT NULL, address TEXT NOT NULL, ids BLOB NOT NULL);
