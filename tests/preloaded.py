"""What the process from which tests fork `brygga` has imported already (tests/forked.py)."""

from __future__ import annotations

import gc
import pkgutil
from importlib import import_module
from typing import Final

ROOMS: Final = (
    "gateway.commands",
    "gateway.config",
    "gateway.desk",
    "gateway.devices_file",
    "gateway.doctor",
    "gateway.onboarding",
    "gateway.service",
    "gateway.trial",
)
MODULES: Final = (
    "aiohttp",
    "concurrent.futures.thread",
    "decoders.payload_schema.document",
    "decoders.workshop.finding",
    "gateway.backup",
    "gateway.journal.verifying",
    "gateway.moving_in",
    "gateway.process",
    "gateway.relay.relay",
    "gateway.sources.semtech_udp",
    "gateway.transports.http",
    "gateway.transports.mqtt",
    "gateway.web.tokens",
    "paho.mqtt.client",
    "stringprep",
    "tests.forked",
)

for room in ROOMS:
    for module in pkgutil.iter_modules(import_module(room).__path__, f"{room}."):
        import_module(module.name)
for name in MODULES:
    import_module(name)
gc.collect()
gc.freeze()  # the forks share these pages; a collection would write to each
