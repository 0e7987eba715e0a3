function decodeUplink() { var many = new Float64Array(1 << 20); for (;;) many.sort(); }
