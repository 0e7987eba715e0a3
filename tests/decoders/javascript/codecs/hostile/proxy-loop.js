function decodeUplink() { return { data: new Proxy({}, { ownKeys: function () { while (true) {} } }) }; }
