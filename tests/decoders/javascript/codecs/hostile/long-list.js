function decodeUplink() { return { data: new Array(1e5).fill(1) }; }
