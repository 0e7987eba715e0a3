"""The two clouds on local ports, and the real MQTT transport to them."""

from __future__ import annotations

import contextlib
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from decoders.contract import Reading
from gateway.formats import Known
from gateway.model import Instant, Item
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.endpoint import endpoint
from gateway.transports.mqtt import Mqtt
from gateway.transports.secret import Secret
from gateway.transports.shared_access import SharedAccess
from simulators.platforms.certificates import Authority
from tests.formats.items import item
from tests.formats.telling import NOW

KEY = b64encode(b"a device's key of some thirty octets").decode()
OTHER_KEY = b64encode(b"another device's key of thirty-five").decode()


def now() -> datetime:
    return NOW.utc


def rows(count: int) -> list[Item]:
    return [item(Reading("co2", row, "[ppm]"), row=row) for row in range(1, count + 1)]


@contextlib.asynccontextmanager
async def azure_line(
    platform: Known,
    url: str,
    *,
    key: str = KEY,
    lifetime: timedelta = timedelta(hours=1),
    clock: Callable[[], Instant] = lambda: NOW,
    **broker: Any,
) -> AsyncIterator[Mqtt]:
    """Give the transport that a configuration would make for ``platform`` at ``url``."""
    where = endpoint(url)
    identity = platform.identity(where.host)
    assert identity.client_id is not None
    assert identity.resource is not None
    settings: dict[str, Any] = {
        "endpoint": where,
        "client_id": identity.client_id,
        "username": identity.username,
        "version": MqttVersion(identity.mqtt_version or "5"),
        "shared_access": SharedAccess(key=Secret(key), resource=identity.resource, lifetime=lifetime),
        "answer_limit_s": 0.3,
    }
    transport = Mqtt(Broker(**(settings | broker)), clock)
    try:
        yield transport
    finally:
        await transport.close()


@contextlib.asynccontextmanager
async def aws_line(url: str, thing: str = "gw-1", **broker: Any) -> AsyncIterator[Mqtt]:
    """Give the transport that a configuration would make for a thing at ``url``."""
    settings: dict[str, Any] = {"endpoint": endpoint(url), "client_id": thing, "answer_limit_s": 0.3}
    transport = Mqtt(Broker(**(settings | broker)), lambda: NOW)
    try:
        yield transport
    finally:
        await transport.close()


def server_tls(folder: Path) -> tuple[Authority, ssl.SSLContext]:
    """Return an authority, and the context of a server that asks its clients for a certificate of it."""
    authority = Authority(folder)
    server = authority.server("127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.certificate)
    context.load_cert_chain(server.certificate, server.key)
    context.verify_mode = ssl.CERT_OPTIONAL
    return authority, context
