function decodeUplink() { for (;;) { try { while (true) {} } catch (error) {} finally { continue; } } }
