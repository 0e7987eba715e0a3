"""What the process from which tests fork `brygga` has imported already (tests/forked.py)."""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Final

MODULES: Final = (
    "aiohttp",
    "paho.mqtt.client",
    "gateway.backup",
    "gateway.clock",
    "gateway.commands.cli",
    "gateway.commands.decoder_try",
    "gateway.commands.record_run",
    "gateway.commands.show_decoder",
    "gateway.commands.show_status",
    "gateway.config.afresh",
    "gateway.config.loading",
    "gateway.desk",
    "gateway.process",
    "gateway.relay.relay",
    "gateway.service.log",
    "gateway.sources.semtech_udp",
    "gateway.transports.http",
    "gateway.transports.mqtt",
    "gateway.trial",
)

for name in MODULES:
    import_module(name)
gc.collect()
gc.freeze()  # the forks share these pages; a collection would write to each
