// VV DDDD FFFF, group 0 (LLLL TTTT EEEE ZZZZ), group 1 (BBBB); big endian
function decodeUplink(input) {
  var bytes = input.bytes;
  var place = 0;
  function u16() {
    place += 2;
    return (bytes[place - 2] << 8) | bytes[place - 1];
  }
  var data = { version: bytes[place++], device: u16() };
  var flags = u16();
  if (flags & 1) {
    data.depth = u16() - 32768;
    data.temperature = (u16() - 32768) / 10;
    data.conductivity = u16();
    data.freezing = u16();
  }
  if (flags & 2) {
    data.battery = u16() / 1000;
  }
  return place > bytes.length ? { errors: ["cut short"] } : { data: data };
}
