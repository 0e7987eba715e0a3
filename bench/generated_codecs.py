"""Vendors' codecs that nobody wrote: as many as wanted, 8 to 16 kB each, no two the same, built as published ones are.

Each has helpers, look-up tables, a switch over channels and types, an encoder, and a `.meta.yaml` that states what it means.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

from decoders.contract import Payload

VENDOR = "generated"
SMALLEST, LARGEST = 8_000, 16_000  # octets; published codecs of sensors with some ten channels are of this size
F_PORT = 85

HEAD = """\
/**
 * Payload decoder, model {number}
 *
 * One channel, one type and a value of one to four octets, again and again; little endian.
 */
var MODEL = "generated-{number}";

function readUInt8(bytes) {{ return bytes & 0xff; }}
function readInt8(bytes) {{ var ref = readUInt8(bytes); return ref > 0x7f ? ref - 0x100 : ref; }}
function readUInt16LE(bytes) {{ var value = (bytes[1] << 8) + bytes[0]; return value & 0xffff; }}
function readInt16LE(bytes) {{ var ref = readUInt16LE(bytes); return ref > 0x7fff ? ref - 0x10000 : ref; }}
function readUInt32LE(bytes) {{
  var value = (bytes[3] << 24) + (bytes[2] << 16) + (bytes[1] << 8) + bytes[0];
  return (value & 0xffffffff) >>> 0;
}}

function decodeUplink(input) {{
  var decoded = deviceDecode(input.bytes, input.fPort);
  decoded.model = MODEL;
  return {{ data: decoded }};
}}

function deviceDecode(bytes, port) {{
  var decoded = {{}};
  for (var i = 0; i < bytes.length; ) {{
    var channel_id = bytes[i++];
    var channel_type = bytes[i++];
    if (channel_id === 0x01 && channel_type === 0x75) {{
      decoded.battery = bytes[i];
      i += 1;
    }} else if (channel_id === 0x03 && channel_type === 0x67) {{
      decoded.temperature = readInt16LE(bytes.slice(i, i + 2)) / 10;
      i += 2;
    }} else if (channel_id === 0x04 && channel_type === 0x68) {{
      decoded.humidity = bytes[i] / 2;
      i += 1;
"""
CHANNEL = """\
    }} else if (channel_id === {channel:#04x} && channel_type === {type:#04x}) {{
      decoded.{name}_{channel} = readUInt16LE(bytes.slice(i, i + 2)) / {scale};
      decoded.{name}_{channel}_alarm = read{name}{channel}Alarm(bytes[i + 2]);
      i += 3;
"""
TAIL = """\
    } else {
      break;
    }
  }
  return decoded;
}

function encodeDownlink(input) {
  var seconds = input.data.report_interval;
  return { bytes: [0xff, 0x03, seconds & 0xff, (seconds >> 8) & 0xff], fPort: 85 };
}
"""
ALARM = """\

function read{name}{channel}Alarm(type) {{
  switch (type) {{
    case 0: return "{name} threshold alarm release";
    case 1: return "{name} threshold alarm of channel {channel}";
    case 2: return "{name} mutation alarm of channel {channel}";
    default: return "unknown";
  }}
}}
"""
NAMES = ("pressure", "distance", "depth", "current", "voltage", "flow", "moisture", "conductivity", "noise", "counter")
META = """\
description: Generated codec {number}
licence: Apache-2.0
ports: [{port}]
context: {context}
readings:
  - {{field: battery, quantity: battery_level, unit: "%"}}
  - {{field: temperature, quantity: air_temperature, unit: Cel}}
  - {{field: humidity, quantity: relative_humidity, unit: "%"}}
"""


def source(number: int) -> str:
    """Return the text of the codec ``number``."""
    random = Random(number)
    size = random.randrange(SMALLEST, LARGEST)
    channels, alarms = "", ""
    for channel in count(5):
        if len(HEAD) + len(channels) + len(TAIL) + len(alarms) >= size:
            break
        name = random.choice(NAMES)
        scale = random.choice((1, 10, 100, 1000))
        channels += CHANNEL.format(channel=channel, type=random.randrange(0x60, 0x90), name=name, scale=scale)
        alarms += ALARM.format(channel=channel, name=name)
    return HEAD.format(number=number) + channels + TAIL + alarms


def payload(number: int) -> Payload:
    """Return a payload that each of the codecs reads."""
    tenths = 150 + number % 100
    return Payload(bytes((0x01, 0x75, 100, 0x03, 0x67, *tenths.to_bytes(2, "little"), 0x04, 0x68, 0x7A)), F_PORT)


def name(number: int) -> str:
    """Return what the codec ``number`` is called as a decoder."""
    return f"{VENDOR}/model-{number:03}"


def write(folder: Path, codecs: int, remembering: int = 0) -> Iterator[str]:
    """Write ``codecs`` decoders into a folder of decoders and yield their names; the first ones remember each device."""
    place = folder / VENDOR
    place.mkdir(parents=True, exist_ok=True)
    for number in range(codecs):
        path = folder / f"{name(number)}.js"
        path.write_text(source(number), encoding="utf-8")
        context = "device" if number < remembering else "fresh"
        meta = META.format(number=number, port=F_PORT, context=context)
        path.with_suffix(".meta.yaml").write_text(meta, encoding="utf-8")
        yield name(number)
