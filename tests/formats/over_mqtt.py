"""The real MQTT transport to a stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from tests.formats.telling import NOW


@asynccontextmanager
async def over_mqtt(url: str, **broker: Any) -> AsyncIterator[Mqtt]:
    """Give the transport, and close it at the end; it waits for a PUBACK as long as a busy machine may need; a test of silence says less."""
    settings: dict[str, Any] = {"client_id": "gateway-1", "connect_limit_s": 2.0, "answer_limit_s": 10.0} | broker
    transport = Mqtt(Broker(endpoint=endpoint(url), **settings), lambda: NOW)
    yield transport
    await transport.close()
