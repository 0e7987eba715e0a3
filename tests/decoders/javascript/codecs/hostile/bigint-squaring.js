function decodeUplink() { var big = 3n; for (;;) big = big * big; }
