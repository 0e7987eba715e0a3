"""The desk's counter for the network in the box: downlinks, frames that were not taken, a device's whole story."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from decoders.contract import Encoded, EncodeError
from decoders.registry import Registry
from gateway import __version__
from gateway.config import Settings
from gateway.config.units import duration
from gateway.desk import downlink_words
from gateway.desk.words import described, find_device, session
from gateway.errors import ConfigError
from gateway.journal import Journal
from gateway.journal.abp import has_abp
from gateway.model import Activation, Clock, DevAddr, Device, Downlink, Eui64, Json, Session
from gateway.network import refused, stories, unclaimed
from gateway.network.office import Known, Office
from gateway.sources.settings import Brings, bring

ALL: Final = -1  # what SQLite takes for no LIMIT
LISTED: Final = 100  # downlinks that have come to their end, in a list
LOOKED_AT: Final = 20  # last frames that margin and gateways are told from
SHOWN: Final = 5  # frames of one device

Heard = Callable[[], Mapping[str, float]]
"""Return the age of each device's last frame since the start, in seconds."""


class NetworkDesk:
    """Answer what is asked about the network; ``heard`` is None where no agent runs."""

    def __init__(
        self, settings: Settings, journal: Journal, clock: Clock, office: Office, heard: Heard | None = None
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._office = office
        self._heard = heard

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with it."""
        match request:
            case {"do": "device.show", "device": str(device)}:
                return await self._device(device)
            case {"do": "downlink.send", "device": str(device)}:
                return await self._send(device, request)
            case {"do": "downlink.list", "device": str() | None as device, "all": bool(ended)}:
                return await self._list(device, ended=ended)
            case {"do": "downlink.show", "id": int(number)}:
                return await self._show(number)
            case {"do": "downlink.drop", "ids": list(ids)} if all(isinstance(one, int) for one in ids):
                return await self._drop(ids)
            case {"do": "device.force_rejoin", "device": str(device), "type": 0 | 2 as rejoin_type}:
                return await self._force_rejoin(device, rejoin_type)
            case {"do": "frames.unclaimed"}:
                now = self._clock().utc
                return [unclaimed.as_json(one, now) for one in await self._office.strangers()]
            case {"do": "frames.refused"}:
                personalised = self._personalised(await self._journal.sessions())
                frames = [refused.as_json(one, personalised) for one in self._office.refusals()]
                return {"running": self._heard is not None, "frames": frames}
            case _:
                raise ConfigError(f"control: {request.get('do')!r} is nothing this agent ({__version__}) can do")

    # ── downlinks ──

    async def _send(self, text: str, request: Mapping[str, Json]) -> Json:
        device = await find_device(text, self._office)
        message = await asyncio.to_thread(self._message, device, request)
        now = self._clock().utc
        expires = request.get("expires")
        downlink = Downlink(
            id=0,
            dev_eui=device.dev_eui,
            f_port=message.f_port,
            payload=message.data,
            queued_at=now,
            confirmed=bool(request.get("confirmed")),
            priority=int(request.get("priority") or 0),
            expires_at=None if expires is None else now + _span(str(expires)),
            reference=str(request.get("reference") or ""),
        )
        return await self._told(await self._office.enqueue(device, downlink))

    def _message(self, device: Device, request: Mapping[str, Json]) -> Encoded:
        """Return what is to be sent: octets as they were typed, or a command through the device's encoder."""
        port, payload, command = request.get("port"), request.get("payload"), request.get("command")
        if command is not None:
            encoded = self._encoded(device, command)
            return encoded if port is None else Encoded(int(port), encoded.data)
        if port is None or payload is None:
            raise ConfigError("downlink send: --port and the payload in hex are needed, or --command")
        return Encoded(int(port), _octets(str(payload)))

    def _encoded(self, device: Device, command: Json) -> Encoded:
        other = "give --port and the payload in hex"
        if not device.decoder:
            raise ConfigError(f"{device.dev_eui} has no decoder, and so no encoder: {other}")
        if not isinstance(command, dict):
            raise ConfigError("downlink send: --command is a JSON object, such as '{\"interval\": 600}'")
        with contextlib.closing(Registry.load(self._settings.decoders.folders)) as registry:
            try:
                encoder = registry.encoder(device.decoder)
            except (LookupError, ValueError) as error:
                raise ConfigError(f"{device.dev_eui}: {error}") from error
            if encoder is None:
                raise ConfigError(
                    f"{device.decoder} has no encoder yet: {other}; docs/decoders.md tells how to write one"
                )
            try:
                return encoder.encode(command)
            except EncodeError as error:
                raise ConfigError(f"{device.decoder}: {error.detail}") from error

    async def _list(self, text: str | None, *, ended: bool) -> Json:
        dev_eui = None if text is None else (await find_device(text, self._office)).dev_eui
        return await self._listed(dev_eui, ended=ended)

    async def _listed(self, dev_eui: Eui64 | None, *, ended: bool) -> Json:
        found = await self._journal.downlinks(dev_eui, open_only=not ended, limit=LISTED if ended else ALL)
        return [await self._told(one) for one in found]

    async def _show(self, number: int) -> Json:
        downlink = await self._journal.downlink(number)
        if downlink is None:
            raise ConfigError(f"there is no downlink {number}; `brygga downlink list --all` shows those there are")
        return await self._told(downlink)

    async def _drop(self, ids: Sequence[int]) -> Json:
        there = {one.id for one in await self._journal.downlinks(open_only=True, limit=ALL)}
        dropped = await self._office.drop([one for one in ids if one in there])
        return {"dropped": dropped, "unknown": [one for one in ids if one not in there]}

    async def _told(self, downlink: Downlink) -> Json:
        device = await self._office.device(downlink.dev_eui)
        if device is None:
            return downlink_words.as_json(downlink)
        known = await self._office.known(device.dev_eui) if downlink.is_open else None
        is_answered_here = known is not None and bring(self._settings.sources, Brings.FRAMES)
        behind = None if is_answered_here else self._behind(device.dev_eui)
        at_once = downlink.is_open and _is_class_c(device, known)
        return downlink_words.as_json(downlink, device.name, at_once=at_once, behind=behind)

    # ── one device ──

    def _behind(self, dev_eui: Eui64) -> str | None:
        place = self._journal.place_behind(dev_eui)
        return None if place is None else place.source

    async def _device(self, text: str) -> Json:
        device = await find_device(text, self._office)
        dev_eui, heard = device.dev_eui, None if self._heard is None else self._heard()
        sessions = [one for one in await self._journal.sessions() if one.dev_eui == dev_eui]
        uplinks = [row.uplink for row in await self._journal.latest(dev_eui, LOOKED_AT)]
        addresses = {one.dev_addr for one in sessions}
        personalised = addresses if device.activation is Activation.ABP else frozenset()
        known = await self._office.known(dev_eui)
        return {
            **described(device),
            "running": heard is not None,
            "last_heard_s": None if heard is None else heard.get(dev_eui),
            "last_heard": uplinks[0].heard_at.utc.isoformat() if uplinks else None,
            "behind": self._behind(dev_eui),
            "sessions": [session(one) for one in sessions],
            "events": [{"at": one.at.isoformat(), "what": one.what} for one in await self._journal.events(dev_eui)],
            "radio": stories.radio(known.session, known.mac) if known is not None and _was_heard(known) else None,
            "status": None if known is None else stories.status(known.mac.status, self._clock().utc),
            "margin_db": stories.best_margin_db(uplinks),
            "gateways": stories.gateways(uplinks),
            "frames": [stories.frame(one) for one in uplinks[:SHOWN]],
            "refused": [
                refused.as_json(one, personalised)
                for one in self._office.refusals()
                if refused.concerns(one, dev_eui, addresses)
            ][:SHOWN],
            "downlinks": await self._listed(dev_eui, ended=False),
        }

    async def _force_rejoin(self, text: str, rejoin_type: int) -> Json:
        device = await find_device(text, self._office)
        await self._office.force_rejoin(device, rejoin_type)
        return {"dev_eui": device.dev_eui, "name": device.name, "type": rejoin_type}

    @staticmethod
    def _personalised(sessions: Sequence[Session]) -> frozenset[DevAddr]:
        """Return the addresses of ABP devices."""
        return frozenset(one.dev_addr for one in sessions if has_abp(one))


def _was_heard(known: Known) -> bool:
    """Tell whether a device has used its session: what it sends with before that nobody knows."""
    return known.session.f_cnt_up > 0


def _is_class_c(device: Device, known: Known | None) -> bool:
    return "C" in {device.device_class, "" if known is None else known.mac.device_class} and known is not None


def _octets(text: str) -> bytes:
    plain = "".join(text.split()).removeprefix("0x")
    try:
        return bytes.fromhex(plain)
    except ValueError as error:
        raise ConfigError(f"payload {text!r}: not an even number of hex digits") from error


def _span(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as error:
        raise ConfigError(f"expires: {error}") from error
