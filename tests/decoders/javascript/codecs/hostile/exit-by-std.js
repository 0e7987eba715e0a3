function decodeUplink() { std.exit(1); os.exec(["true"]); }
