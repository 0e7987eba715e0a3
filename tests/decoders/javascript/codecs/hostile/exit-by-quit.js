function decodeUplink() { quit(); }
