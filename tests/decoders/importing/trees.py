"""Small trees in the forms that others publish, of content of our own: the Acme TH-1 of docs/decoders.md."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

Files = Mapping[str, str]

APACHE = "                                 Apache License\n                           Version 2.0, January 2004\n"
MIT = "MIT License\n\nCopyright (c) 2026 Acme\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\n"

DECODER = """\
function decodeUplink(input) {
  var b = input.bytes;
  if (input.fPort !== 2) return {errors: ["unknown FPort " + input.fPort]};
  if (b.length < 4) return {errors: ["4 octets are expected"]};
  var data = {temperature: ((b[0] << 24 >> 16) + b[1]) / 10, humidity: b[2] / 2};
  if (b[3] !== 255) data.battery = b[3];
  return {data: data, warnings: b[3] < 10 ? ["change the battery"] : []};
}
"""
ENCODER = """\
function encodeDownlink(input) {
  var s = input.data.interval;
  if (typeof s !== "number") return {errors: ["interval is expected"]};
  return {fPort: 3, bytes: [1, s >> 16 & 255, s >> 8 & 255, s & 255]};
}
function decodeDownlink(input) {
  return {data: {interval: input.bytes[1] << 16 | input.bytes[2] << 8 | input.bytes[3]}};
}
"""
CODEC = DECODER + ENCODER

TABLE = """\
name: acme_th_1
version: 1
endian: big
description: Acme TH-1, air temperature and humidity
ports:
  2:
    fields:
      - {name: temperature, type: s16, div: 10, unit: "°C"}
      - {name: humidity, type: u8, div: 2, unit: "%"}
      - {name: battery, type: u8, unit: "%"}
test_vectors:
  - {name: mild, payload: "00EA8264", fPort: 2, expected: {temperature: 23.4, humidity: 65}}
  - {name: a cold one, payload: "FF9C8264", fPort: 2, expected: {temperature: -10}}
"""

LORAWAN_DEVICES: Files = {
    "LICENSE": APACHE,
    "package.json": '{"name": "devices", "devDependencies": {}}',
    "vendor/index.yaml": "vendors:\n  - id: acme\n    name: Acme\n",
    "vendor/acme/index.yaml": "endDevices:\n  - th-1\n  - th-2\n  - gone\n",
    "vendor/acme/th-1.yaml": """\
name: TH-1
description: Air temperature and humidity
firmwareVersions:
  - version: '1.0'
    profiles:
      EU863-870: {id: th-profile, lorawanCertified: true, codec: th-codec}
      US902-928: {id: th-profile, codec: th-codec}
sensors: [temperature, humidity]
productURL: https://acme.example/th-1
""",
    "vendor/acme/th-2.yaml": """\
name: TH-2
description: Air temperature and humidity, outdoors
firmwareVersions:
  - {version: '1.0', profiles: {EU863-870: {id: th-profile, codec: th-2-codec}}}
""",
    "vendor/acme/th-profile.yaml": "macVersion: '1.0.3'\nsupportsJoin: true\n",
    "vendor/acme/th.js": CODEC,
    "vendor/acme/th-codec.yaml": """\
uplinkDecoder:
  fileName: th.js
  examples:
    - description: a mild day
      input: {fPort: 2, bytes: [0x00, 0xEA, 130, 100]}
      output: {data: {temperature: 23.4, humidity: 65, battery: 100}}
    - description: another port
      input: {fPort: 9, bytes: [1]}
      output: {errors: [unknown FPort]}
downlinkEncoder:
  fileName: th.js
  examples:
    - description: every ten minutes
      input: {data: {interval: 600}}
      output: {bytes: [1, 0, 2, 88], fPort: 3}
downlinkDecoder:
  fileName: th.js
  examples:
    - description: every ten minutes
      input: {fPort: 3, bytes: [1, 0, 2, 88]}
      output: {data: {interval: 600}}
""",
    "vendor/acme/th-2-codec.yaml": """\
uplinkDecoder:
  fileName: th.js
  examples:
    - description: frost
      input: {fPort: 2, bytes: [0xFF, 0x9C, 130, 5]}
      output: {data: {temperature: -10, humidity: 65, battery: 5}, warnings: [change the battery]}
""",
}

CHIRPSTACK: Files = {
    "LICENSE": MIT,
    "vendors/acme/vendor.toml": '[vendor]\nname = "Acme"\nvendor_id = 7\ndevices = ["acme-th-1.toml", "acme-th-2.toml"]\n',
    "vendors/acme/devices/acme-th-1.toml": """\
[device]
name = "Acme TH-1"
description = "Air temperature and humidity"
[[device.firmware]]
version = "1.0"
profiles = ["EU868.toml"]
codec = "th.js"
[device.metadata]
documentation_url = "https://acme.example/th-1"
""",
    "vendors/acme/devices/acme-th-2.toml": '[device]\nname = "Acme TH-2"\n[[device.firmware]]\nversion = "1"\ncodec = "th.js"\n',
    "vendors/acme/codecs/th.js": CODEC,
    "vendors/acme/codecs/test_decode_th.json": """\
[ // a mild day
  {"name": "mild", "input": {"fPort": 0x02, "bytes": [0x00, 0xea, 130, 100],}, "expected": {data: {'temperature': 23.4, "humidity": 65, "battery": 100}}}
]
""",
    "vendors/acme/codecs/test_encode_th.json": '[{"name": "interval", "input": {"data": {"interval": 600}}, "expected": {"bytes": [1, 0, 2, 88]}}]',
}

PACKAGES: Files = {
    "vendors/acme/drivers/th/package.json": '{"name": "acme-th", "version": "1.0.0", "main": "index.js", "license": "ISC"}',
    "vendors/acme/drivers/th/metadata.json": '{"name": "TH", "main": "index.js", "description": "Driver for TH", "specVersion": "1.0.0"}',
    "vendors/acme/drivers/th/driver.yaml": "name: TH\nprotocolId: acme:th:1\n",
    "vendors/acme/drivers/th/index.js": CODEC
    + "exports.decodeUplink = decodeUplink;\nexports.encodeDownlink = encodeDownlink;\n",
    "vendors/acme/drivers/th/webpack.config.js": "module.exports = {};",
    "vendors/acme/drivers/th/examples.json": """\
[{"type": "uplink", "description": "mild", "input": {"bytes": "00ea8264", "fPort": 2, "recvTime": "2020-08-02T20:00:00.000+05:00"},
  "output": {"data": {"temperature": 23.4, "humidity": 65, "battery": 100}, "errors": [], "warnings": []}},
 {"type": "downlink-encode", "description": "interval", "input": {"data": {"interval": 600}}, "output": {"bytes": [1, 0, 2, 88], "fPort": 3}}]
""",
    "vendors/acme/models/th-2/model.yaml": "name: TH-2\ndescription: outdoors\nprotocolId:\n  - acme:th:1\n",
}

SENSOR_DECODERS: Files = {
    "LICENSE.md": "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007\n",
    "th-series/th-1/th-1-decoder.js": "/**\n * Payload Decoder\n *\n * Copyright 2026 Acme IoT\n */\n"
    + DECODER.replace("!== 2", "!== 85"),
    "th-series/th-1/th-1-encoder.js": "/* Copyright 2026 Acme IoT */\n" + ENCODER,
    "th-series/th-1/th-1-codec.json": '{"version": "1.0.0", "object": []}',
    "th-series/th-1/README.md": """\
# TH-1

```json
// 00EA 82 64
{"temperature": 23.4, "humidity": 65, "battery": 100}

// 00EA 82 FF
{"temperature": 23.5, "humidity": 65}
```
""",
}

END_NODES: Files = {
    "TH1/TH1_v1.0_TTN_decoder.txt": CODEC,
    "TH1/TH1_v1.2_TTN_decoder.txt": CODEC + "// 1.2\n",
    "TH1/TH1_ChirpstackV3.txt": "function Decode(fPort, bytes, variables) { return {temperature: bytes[1] / 10}; }\n",
    "TH1/notes.txt": "Decoder (see the manual) = nothing that runs\n",
    "TH2/decoder.js": "function Decoder(bytes, port) { return {temperature: bytes[0]}; }\n",
    "TH2/test.spec.js": "describe('decodeUplink(', () => {});\n",
}

NORMALISING: Files = {
    "codecs/acme/th-1/device.json": '{"vendor": "acme", "device": "th-1", "name": "TH-1", "sensors": ["temperature"]}',
    "codecs/acme/th-1/codec.js": "function decodeUplink(input) { return {data: {air: {temperature: input.bytes[0]}}}; }\n",
    "codecs/acme/th-1/vectors.json": '{"uplink": [{"input": {"fPort": 1, "bytes": [20]}, "expected": {"data": {"air": {"temperature": 20}}}}], "downlink": []}',
    "codecs/acme/th-1/reference/upstream-codec.js": CODEC,
    "codecs/acme/th-1/reference/upstream-examples.json": """\
{"examples": [{"input": {"fPort": 2, "bytes": [0, 234, 130, 100]}, "output": {"data": {"temperature": 23.4, "humidity": 65, "battery": 100}}}]}
""",
}

TABLES: Files = {"schemas/acme/th-1.yaml": TABLE, "schemas/notes.yaml": "fields: none of a table\n"}


def lay(folder: Path, files: Files) -> Path:
    """Write ``files`` below ``folder`` and return it."""
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fail in what takes longer: a pipe that is waited for gives no other sign."""

    def end(*_: object) -> None:
        raise AssertionError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
