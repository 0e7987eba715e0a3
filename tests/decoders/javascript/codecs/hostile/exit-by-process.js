function decodeUplink() { process.exit(1); }
