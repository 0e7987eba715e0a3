// ChirpStack v3: the fields themselves.
function Decode(fPort, bytes, variables) {
  if (fPort !== 2) return {};
  return { temperature: bytes[1] / 10, humidity: bytes[2] / 2 };
}
