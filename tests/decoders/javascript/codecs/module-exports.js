const scale = 10;
module.exports = { decodeUplink: (input) => ({ data: { temperature: input.bytes[1] / scale, humidity: input.bytes[2] / 2 } }) };
