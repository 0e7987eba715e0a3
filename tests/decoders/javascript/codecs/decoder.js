// The Things Network v2.
function Decoder(bytes, port) {
  var decoded = {};
  if (port === 2) {
    decoded.temperature = bytes[1] / 10;
    decoded.humidity = bytes[2] / 2;
  }
  return decoded;
}
