"""The types of source in words, by what `type` says. A new type is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.commands.source_words import basics_station, chirpstack, recording, semtech_udp, serial, servers
from gateway.commands.source_words.words import Meaning, SourceWords

WORDS: Final[Mapping[str, SourceWords]] = {
    "semtech_udp": semtech_udp.WORDS,
    "basics_station": basics_station.WORDS,
    "serial_modem": serial.MODEM,
    "gnss": serial.GNSS,
    "chirpstack_mqtt": chirpstack.MQTT,
    "concentratord": chirpstack.CONCENTRATORD,
    "chirpstack": servers.CHIRPSTACK,
    "the_things_stack": servers.THE_THINGS_STACK,
    "webhook": servers.WEBHOOK,
    "recording": recording.WORDS,
}

__all__ = ["WORDS", "Meaning", "SourceWords"]
