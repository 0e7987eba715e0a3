function decodeUplink() { var text = "x"; while (true) text = text + text; }
