"""Every type of source has words: for where it is heard, for what was dropped, for what to look at where nothing arrives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any, get_type_hints

import pytest

from gateway.commands.source_words import WORDS
from gateway.config.sources import SOURCES, SourceKeys
from gateway.sources import semtech_udp
from gateway.sources.basics_station import access, lns
from gateway.sources.basics_station.messages import BadMessageReason
from gateway.sources.chirpstack_gateway import concentratord, mqtt
from gateway.sources.chirpstack_gateway.bad_event import BadEventReason
from gateway.sources.gwmp import BadDatagramReason
from gateway.sources.network_server.bad_event import BadEventReason as ServerEventReason
from gateway.sources.nmea import BadSentenceReason
from gateway.sources.recording.records import BadRecordReason
from gateway.sources.serial_modem.driver import BadReason
from gateway.sources.settings import SourceSettings, type_of

REASONS: Mapping[str, tuple[type[StrEnum], ...]] = {
    "semtech_udp": (BadDatagramReason, semtech_udp.Dropped),
    "basics_station": (BadMessageReason, access.Refused, lns.Dropped),
    "serial_modem": (BadReason,),
    "gnss": (BadSentenceReason,),
    "chirpstack_mqtt": (BadEventReason, mqtt.Dropped),
    "concentratord": (BadEventReason, concentratord.Dropped),
    "chirpstack": (ServerEventReason,),
    "the_things_stack": (ServerEventReason,),
    "webhook": (ServerEventReason,),
    "recording": (BadDatagramReason, BadRecordReason),
}


class Named(str):
    """A value of a setting, whatever it is; its parts are others."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Named:
        return Named(name)


def settings_of(kind: str) -> type[SourceSettings]:
    """Return what a type's keys become: those that are told the region have a way of their own."""
    keys = SOURCES[kind]
    way = keys.settings if keys.settings_at is SourceKeys.settings_at else keys.settings_at
    made: type[SourceSettings] = get_type_hints(way)["return"]
    return made


def test_no_type_of_source_lacks_words() -> None:
    assert set(SOURCES) <= set(WORDS)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_type_is_called_what_its_settings_are_called(kind: str) -> None:
    settings = settings_of(kind)

    assert type_of(object.__new__(settings)) == kind


@pytest.mark.parametrize("kind", SOURCES)
def test_every_reason_for_dropping_has_a_meaning(kind: str) -> None:
    reasons = {str(reason) for enumeration in REASONS[kind] for reason in enumeration}

    assert reasons - set(WORDS[kind].dropped) == set()


@pytest.mark.parametrize("kind", SOURCES)
def test_what_to_look_at_names_keys_that_there_are(kind: str) -> None:
    keys: dict[str, Any] = {"listening": "here"} | {one.name: Named(one.name) for one in fields(settings_of(kind))}

    checks = [check.format_map(keys) for check in WORDS[kind].checks]

    assert checks
    assert not any(re.search(r"[{}]", check) for check in checks)
