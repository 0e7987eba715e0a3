const half = (value) => value / 2;
export default {
  decodeUplink: (input) => ({ data: { temperature: input.bytes[1] / 10, humidity: half(input.bytes[2]) } }),
};
