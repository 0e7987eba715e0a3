function decodeUplink() { return [decodeUplink()]; }
