function decodeUplink() { return { data: { text: "0123456789abcdef".repeat(100000) } }; }
