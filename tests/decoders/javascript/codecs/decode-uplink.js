// TS013, The Things Stack, ChirpStack v4: one input object, data in an object.
function decodeUplink(input) {
  if (input.fPort !== 2) return { errors: ["unknown FPort"] };
  if (input.bytes.length < 3) return { errors: ["payload too short"] };
  var raw = (input.bytes[0] << 8) | input.bytes[1];
  temperature = (raw & 0x8000 ? raw - 0x10000 : raw) / 10; // not declared, as many published codecs do
  return { data: { temperature: temperature, humidity: input.bytes[2] / 2 }, warnings: input.bytes.length > 3 ? ["more than three octets"] : [] };
}
