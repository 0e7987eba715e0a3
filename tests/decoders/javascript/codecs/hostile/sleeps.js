function decodeUplink() { var list = new SharedArrayBuffer(8); Atomics.wait(new Int32Array(list), 0, 0); return { data: {} }; }
