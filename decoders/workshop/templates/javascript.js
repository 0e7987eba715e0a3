// VENDOR MODEL: <what it measures, where>.
//
// Put the vendor's own file here as it is: LoRa Alliance TS013, The Things Network and ChirpStack v4 (`decodeUplink`), ChirpStack v3
// (`Decode`), and older ones (`Decoder`) all work. What its fields mean stands in MODEL.meta.yaml.
//
// FPort 2, 4 octets, big endian:  TT TT HH BB

function decodeUplink(input) {
  // input.bytes: an array of numbers; input.fPort: a number; input.recvTime: a Date
  var bytes = input.bytes;
  if (input.fPort !== 2) {
    return { errors: ["unknown port " + input.fPort] };
  }
  if (bytes.length < 4) {
    return { errors: ["4 bytes are expected, not " + bytes.length] };
  }
  var raw = (bytes[0] << 8) | bytes[1];
  return {
    data: {
      temperature: (raw > 0x7fff ? raw - 0x10000 : raw) / 10,
      humidity: bytes[2] / 2,
      battery: bytes[3],
    },
    warnings: [],
  };
}
