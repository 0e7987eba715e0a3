// The newer form wins.
function Decoder(bytes, port) {
  return { temperature: -1, humidity: -1 };
}
function decodeUplink(input) {
  return { data: { temperature: input.bytes[1] / 10, humidity: input.bytes[2] / 2 } };
}
