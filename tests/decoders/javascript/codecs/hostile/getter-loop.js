function decodeUplink() { var data = {}; Object.defineProperty(data, "value", { enumerable: true, get: function () { while (true) {} } }); return { data: data }; }
