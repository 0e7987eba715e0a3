function decodeUplink() { while (true) {} }
