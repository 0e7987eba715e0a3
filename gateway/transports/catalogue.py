"""The transports by what they connect to.

A client library is imported when the first platform needs it: a gateway that speaks MQTT only carries no HTTP client in
its memory.
"""

from __future__ import annotations

from gateway.model import Clock
from gateway.transports import Transport
from gateway.transports.broker import Broker
from gateway.transports.service import Service


def make(platform: Broker | Service, clock: Clock) -> Transport:
    """Return a transport that is not yet connected; ConfigError when a TLS file is wrong."""
    match platform:
        case Broker():
            from gateway.transports.mqtt import Mqtt

            return Mqtt(platform, clock)
        case Service():
            from gateway.transports.http import Http

            return Http(platform, clock)
