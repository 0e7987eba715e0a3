"""Room 2, lorawan: radio bytes become uplinks, proved, decrypted and new. Sans-I/O: no clock, no log, no disk."""
