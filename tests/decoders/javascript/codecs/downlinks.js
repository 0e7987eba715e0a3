function decodeUplink(input) {
  return { data: { first: input.bytes[0] } };
}
function encodeDownlink(input) {
  if (!("interval" in input.data)) return { errors: ["unknown command", "there is interval"] };
  if (input.data.interval < 0) throw new Error("interval is negative");
  return { bytes: [1, input.data.interval >> 8, input.data.interval & 255], fPort: input.data.port || undefined, warnings: [] };
}
function decodeDownlink(input) {
  if (input.bytes[0] !== 1) return { errors: ["unknown downlink"] };
  return { data: { interval: (input.bytes[1] << 8) | input.bytes[2], port: input.fPort } };
}
