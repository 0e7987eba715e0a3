"""The sources by their settings; what one needs is imported when it is configured, for a box has little memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import ConfigError
from gateway.model import Clock
from gateway.sources import Source
from gateway.sources.settings import (
    BasicsStationSettings,
    ChirpstackMqttSettings,
    ChirpstackSettings,
    ConcentratordSettings,
    GnssSettings,
    RecordingSettings,
    SemtechUdpSettings,
    SerialModemSettings,
    SourceSettings,
    TheThingsStackSettings,
    WebhookSettings,
)


def make(settings: SourceSettings, clock: Clock) -> Source:
    """Return the source that ``settings`` describe; nothing is opened."""
    match settings:
        case SemtechUdpSettings():
            from gateway.sources.semtech_udp import SemtechUdp

            return SemtechUdp(
                settings.name,
                host=settings.host,
                port=settings.port,
                gateways=settings.gateways,
                clock=clock,
                receive_buffer_bytes=settings.receive_buffer_bytes,
            )
        case RecordingSettings():
            from gateway.sources.recording import Recording

            return Recording(settings, clock)
        case SerialModemSettings():
            from gateway.sources.serial_modem import SerialModem

            return SerialModem(settings, clock)
        case GnssSettings():
            from gateway.sources.gnss import Gnss

            return Gnss(settings, clock)
        case ChirpstackMqttSettings():
            with needed("chirpstack", settings):
                from gateway.sources.chirpstack_gateway.mqtt import ChirpstackMqtt

            return ChirpstackMqtt(settings, clock)
        case ConcentratordSettings():
            with needed("chirpstack", settings):
                from gateway.sources.chirpstack_gateway.concentratord import Concentratord

            return Concentratord(settings, clock)
        case BasicsStationSettings():
            from gateway.sources.basics_station.source import BasicsStation

            return BasicsStation(settings, clock)
        case ChirpstackSettings():
            with needed("chirpstack", settings):
                from gateway.sources.network_server.broker import chirpstack_behind

                return chirpstack_behind(settings, clock)
        case TheThingsStackSettings():
            from gateway.sources.network_server.broker import the_things_stack_behind

            return the_things_stack_behind(settings, clock)
        case WebhookSettings():
            from gateway.sources.network_server.webhook import Webhook

            return Webhook(settings, clock)
        case _:
            raise AssertionError(f"no source is made of {type(settings).__name__}")


@contextmanager
def needed(extra: str, settings: SourceSettings) -> Iterator[None]:
    """Import what only an extra of the package brings; ConfigError says how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("gateway"):
            raise
        raise ConfigError(
            f"source {settings.name!r}: needs the package {error.name}, which is not installed; pip install 'brygga[{extra}]' brings it"
        ) from error
