// A constant is no property of the global object.
const decodeUplink = (input) => ({ data: { temperature: input.bytes[1] / 10, humidity: input.bytes[2] / 2 } });
