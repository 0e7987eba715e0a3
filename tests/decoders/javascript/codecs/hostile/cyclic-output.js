function decodeUplink() { var data = { name: "loop" }; data.self = [data, data]; return { data: data }; }
