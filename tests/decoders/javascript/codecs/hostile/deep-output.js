function decodeUplink() { var data = {}; for (var depth = 0; depth < 5000; depth++) data = { data: data }; return { data: data }; }
