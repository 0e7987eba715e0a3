function decodeUplink() { var all = []; while (true) all.push(new Array(10000).fill(all.length)); }
