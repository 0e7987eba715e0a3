function decodeUplink(input) {
  return { temperature: input.bytes[1] / 10, humidity: input.bytes[2] / 2 };
}
