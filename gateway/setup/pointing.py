"""What has to change at the other side, so that it sends to this box: file, line, value. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.cities.profile import Said
from gateway.setup import radios
from gateway.setup.asking import Known, mode
from gateway.setup.findings import ChirpstackForwarder, Concentratord, Forwarder, LoraFwd, Station

STATION_URI: Final = f"ws://127.0.0.1:{radios.STATION_PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value in somebody's file; characters ``start`` to ``end`` become ``after``, all of a file where ``end`` is None."""

    file: Path
    key: str
    line: int
    before: str
    after: str
    start: int = 0
    end: int | None = None
    unit: str = ""  # what is to be started again
    is_possible: bool = False  # for this user

    @property
    def words(self) -> Said:
        """What it says, for a person who may do it by hand."""
        what = f"{self.key}: {self.before or '–'} → {self.after}"
        return Said(f"{self.file}, line {self.line}: {what}", f"{self.file}, rad {self.line}: {what}")


def changes(known: Known) -> list[Change]:
    """Return all that has to change at forwarders and stations that were chosen."""
    return [
        *(change for one in radios.chosen_of(known, Forwarder) for change in _of_a_forwarder(known, one)),
        *(change for one in radios.chosen_of(known, Station) for change in _of_a_station(one)),
    ]


def _of_a_forwarder(known: Known, one: Forwarder) -> Iterator[Change]:
    port = str(radios.udp_port(known, one))
    wanted = {"server_address": '"127.0.0.1"', "serv_port_up": port, "serv_port_down": port}
    for key, right in wanted.items():
        setting = one.settings.get(key)
        is_right = key == "server_address" and radios.is_here(one.server)
        if setting is None or is_right or setting.written == right:
            continue
        yield Change(
            file=setting.file,
            key=key,
            line=setting.line,
            before=setting.written,
            after=right,
            start=setting.start,
            end=setting.end,
            unit="" if one.process is None else one.process.unit,
            is_possible=one.is_writable,
        )


def _of_a_station(one: Station) -> Iterator[Change]:
    if one.uri != STATION_URI:
        unit = "" if one.process is None else one.process.unit
        yield Change(
            file=one.tc_uri,
            key="tc.uri",
            line=1,
            before=one.uri,
            after=STATION_URI,
            unit=unit,
            is_possible=one.is_writable,
        )


def applied(text: str, some: Iterable[Change]) -> str:
    """Return a file's text with its changes made, the last first, so that places stay right."""
    for change in sorted(some, key=lambda one: -one.start):
        if change.end is None:
            return f"{change.after}\n"
        text = text[: change.start] + change.after + text[change.end :]
    return text


def is_offered(known: Known) -> bool:
    """Tell whether there is something that the wizard may change itself."""
    return mode(known) in {"new", "radio"} and any(one.is_possible for one in changes(known))


def by_hand(known: Known) -> list[Said]:
    """Return what a person has to do at the other side, a line each."""
    return [*_not_done(known), *_elsewhere(known)]


def _not_done(known: Known) -> Iterator[Said]:
    for one in changes(known):
        if not (one.is_possible and known.is_yes("point")):
            yield one.words
    for there in radios.chosen_of(known, Forwarder):
        if {"server_address", "serv_port_up", "serv_port_down"} - there.settings.keys():
            port = radios.udp_port(known, there)
            what = f'"server_address": "127.0.0.1", "serv_port_up": {port}, "serv_port_down": {port}'
            yield Said(f"{there.folder}, gateway_conf: {what}", f"{there.folder}, gateway_conf: {what}")


def _elsewhere(known: Known) -> Iterator[Said]:
    keys = known.given("radio").split()
    port = radios.udp_port(known)
    if "udp" in keys:
        yield Said(
            f"At the other gateway: protocol Semtech UDP (packet forwarder), server this box's address, both ports {port}",
            f"På den andra gatewayen: protokoll Semtech UDP (packet forwarder), server denna boxs adress, båda portarna {port}",
        )
    if "stations" in keys:
        where = f"ws://{_here(known)}:{radios.STATION_PORT}"
        yield Said(
            f"At the other gateway: protocol Basics Station, LNS server {where} (tc.uri)",
            f"På den andra gatewayen: protokoll Basics Station, LNS-server {where} (tc.uri)",
        )
    for one in radios.chosen_of(known, LoraFwd):
        what = f'[gwmp] node = "127.0.0.1", service.uplink = {port}, service.downlink = {port}'
        yield Said(f"{one.file}: {what}", f"{one.file}: {what}")
    if radios.chosen_of(known, Concentratord) and any(one.process for one in known.findings.chirpstack):
        units = " ".join(_unit(one) for one in known.findings.chirpstack if one.process)
        yield Said(
            f"One network answers devices: systemctl disable --now {units}",
            f"Ett nät svarar enheter: systemctl disable --now {units}",
        )
    if "chirpstack" in keys:
        yield Said(
            "At ChirpStack: json = true and qos = 1 in [integration.mqtt] of chirpstack.toml",
            "I ChirpStack: json = true och qos = 1 i [integration.mqtt] i chirpstack.toml",
        )


def _here(known: Known) -> str:
    return known.findings.box.hostname or "ADDRESS"


def _unit(one: ChirpstackForwarder) -> str:
    assert one.process is not None
    return one.process.unit or one.process.name
