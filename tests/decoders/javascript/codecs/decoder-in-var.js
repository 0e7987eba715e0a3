var Decoder = function (bytes, port) {
  return { data: { temperature: bytes[1] / 10, humidity: bytes[2] / 2 }, warnings: [] };
};
