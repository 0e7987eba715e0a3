// SS TTTT HH PPPP CCCC LLLL BBBB NNNNNNNN, big endian
function u16(bytes, place) {
  return (bytes[place] << 8) | bytes[place + 1];
}

function s16(bytes, place) {
  var value = u16(bytes, place);
  return value > 0x7fff ? value - 0x10000 : value;
}

function decodeUplink(input) {
  var bytes = input.bytes;
  if (bytes.length < 16) {
    return { errors: ["16 octets are expected, " + bytes.length + " came"] };
  }
  return {
    data: {
      status: bytes[0],
      temperature: s16(bytes, 1) / 10,
      humidity: bytes[3] / 2,
      pressure: u16(bytes, 4) / 10,
      co2: u16(bytes, 6),
      light: u16(bytes, 8),
      battery: u16(bytes, 10) / 1000,
      counter: u16(bytes, 12) * 0x10000 + u16(bytes, 14),
    },
  };
}
