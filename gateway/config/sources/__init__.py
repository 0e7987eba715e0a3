"""The types of source: the keys of each, by the word that `type` says. A new type is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.config.sources.basics_station import BasicsStationKeys
from gateway.config.sources.chirpstack import ChirpstackKeys
from gateway.config.sources.chirpstack_mqtt import ChirpstackMqttKeys
from gateway.config.sources.concentratord import ConcentratordKeys
from gateway.config.sources.gnss import GnssKeys
from gateway.config.sources.keys import Site, SourceKeys
from gateway.config.sources.recording import RecordingKeys
from gateway.config.sources.semtech_udp import SemtechUdpKeys
from gateway.config.sources.serial_modem import SerialModemKeys
from gateway.config.sources.the_things_stack import TheThingsStackKeys
from gateway.config.sources.webhook import WebhookKeys

SOURCES: Final[Mapping[str, type[SourceKeys]]] = {
    "semtech_udp": SemtechUdpKeys,
    "basics_station": BasicsStationKeys,
    "recording": RecordingKeys,
    "chirpstack_mqtt": ChirpstackMqttKeys,
    "concentratord": ConcentratordKeys,
    "serial_modem": SerialModemKeys,
    "gnss": GnssKeys,
    "chirpstack": ChirpstackKeys,
    "the_things_stack": TheThingsStackKeys,
    "webhook": WebhookKeys,
}

__all__ = ["SOURCES", "Site", "SourceKeys"]
