function decodeUplink() { throw { toString: function () { while (true) {} }, get message() { while (true) {} } }; }
