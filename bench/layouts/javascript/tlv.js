// Tags of one octet, each with its value, in any order; big endian
function u16(bytes, place) {
  return (bytes[place] << 8) | bytes[place + 1];
}

function s16(bytes, place) {
  var value = u16(bytes, place);
  return value > 0x7fff ? value - 0x10000 : value;
}

function s8(octet) {
  return octet > 0x7f ? octet - 0x100 : octet;
}

function decodeUplink(input) {
  var bytes = input.bytes;
  var data = {};
  var place = 0;
  while (place < bytes.length) {
    switch (bytes[place++]) {
      case 0x01:
        data.temperature = s16(bytes, place) / 10;
        place += 2;
        break;
      case 0x02:
        data.humidity = bytes[place++];
        break;
      case 0x03:
        data.x = s8(bytes[place]);
        data.y = s8(bytes[place + 1]);
        data.z = s8(bytes[place + 2]);
        place += 3;
        break;
      case 0x04:
        data.light = u16(bytes, place);
        place += 2;
        break;
      case 0x05:
        data.motion = bytes[place++];
        break;
      case 0x06:
        data.co2 = u16(bytes, place);
        place += 2;
        break;
      case 0x07:
        data.battery = u16(bytes, place);
        place += 2;
        break;
      case 0x0a:
        data.pulses = u16(bytes, place);
        place += 2;
        break;
      case 0x0b:
        data.pulses_total = u16(bytes, place) * 0x10000 + u16(bytes, place + 2);
        place += 4;
        break;
      case 0x0c:
        data.external = s16(bytes, place) / 10;
        place += 2;
        break;
      case 0x0e:
        data.distance = u16(bytes, place);
        place += 2;
        break;
      case 0x11:
        data.occupancy = bytes[place++];
        break;
      case 0x12:
        data.leak = bytes[place++];
        break;
      default:
        return { errors: ["unknown tag " + bytes[place - 1]] };
    }
  }
  return { data: data };
}
