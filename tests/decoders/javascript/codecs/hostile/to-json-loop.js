function decodeUplink() { return { data: { toJSON: function () { return this; } } }; }
