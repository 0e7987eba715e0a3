"""The desk of decoding: uplinks that were told already, told anew by a decoder that has learned more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from decoders import makers
from decoders.registry import Registry
from gateway import revisions
from gateway.config import Settings
from gateway.config.units import duration
from gateway.desk.words import Registered, did_you_mean, find_device, full_name
from gateway.errors import ConfigError
from gateway.journal import Journal, PutBack, Registration, Row, Settlement
from gateway.model import Clock, Device, Eui64, Json, RowId, is_multicast

MOST_NAMED: Final = 4  # decoders of a line


class DecodingDesk:
    """Answer what is asked about decoding."""

    def __init__(self, settings: Settings, journal: Journal, clock: Clock, registered: Registered) -> None:
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._registered = registered

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "decoding.again"}:
                return await self.again(request)
            case {"do": "decoding.propose", "dev_eui": str()}:
                return await self.propose(request)
            case _:
                raise ConfigError(
                    f"the agent does not know {request.get('do')!r}: command and agent are of different versions"
                )

    async def propose(self, request: Mapping[str, Json]) -> Json:
        """Return which decoders a device may need, the likeliest first, by its EUIs, its label and its name; None when its maker is not known."""
        label = request.get("label")
        found = makers.propose(
            await asyncio.to_thread(self.names),
            str(request["dev_eui"]),
            request.get("join_eui"),
            None if label is None else (str(label[0]), str(label[1])),
            str(request.get("words") or ""),
        )
        if found is None:
            return None
        used = Counter(one.decoder for one in await self._registered.devices())
        decoders = sorted(
            found.decoders, key=lambda name: -used[name]
        )  # those in use here first, the others as they were
        return {"maker": found.maker, "decoders": decoders, "why": found.why}

    def names(self) -> Sequence[str]:
        """Return the names of all decoders there are."""
        return Registry.load(self._settings.decoders.folders).names()

    def strange(self, named: Counter[str]) -> list[str]:
        """Say which decoders are not installed: no error, for they may come later and what was heard waits for them."""
        installed = self.names()
        return [
            f"there is no decoder {name}: the uplinks of {count} {'device' if count == 1 else 'devices'} "
            f"are kept undecoded until there is{did_you_mean(name, installed)}"
            for name, count in named.items()
            if name not in installed
        ]

    def without_decoder(self, registrations: Sequence[Registration]) -> list[str]:
        """Say of devices that come without a decoder who made them, and what there is for them."""
        bare = [one.device for one in registrations if not one.device.decoder and not is_multicast(one.device.dev_eui)]
        if len(registrations) == 1 or not bare:
            return []  # of one device a person is asked
        there = self.names()
        found = [makers.propose(there, one.dev_eui, one.join_eui, words=one.name) for one in bare]
        counts = Counter((one.maker, one.decoders) for one in found if one is not None)
        unknown = found.count(None)
        said = [f"{count} of {maker}: {_some(decoders)}" for (maker, decoders), count in counts.most_common()]
        if unknown:
            said.append(f"{unknown} of makers that are not known by their DevEUI")
        return [f"{len(bare)} devices name no decoder, so that their uplinks are kept undecoded", *said]

    async def again(self, request: Mapping[str, Json]) -> Json:
        """Put uplinks of devices back for the destinations that have had them from another revision of their decoder.

        Returns of each destination how many are told again, how many it has from the present decoder, and how many have no room now.
        """
        devices = await self._devices(request)
        names = self._destinations(request)
        current = await asyncio.to_thread(self._revisions, {device.decoder for device in devices.values()})
        rows = await self._journal.rows_of(devices.keys(), self._since(request.get("since")))
        force = request.get("force") is True
        told = {name: await self._tell(name, rows, devices, current, force=force) for name in names}
        return {"devices": len(devices), "uplinks": len(rows), "destinations": told}

    async def _tell(
        self,
        name: str,
        rows: Sequence[Row],
        devices: Mapping[Eui64, Device],
        current: Mapping[str, str],
        *,
        force: bool,
    ) -> Json:
        memory = self._journal.memory(name)
        wanted = [row.id for row in rows if force or _is_new(memory, row, devices[row.uplink.dev_eui], current)]
        put = await self._journal.tell_again(name, wanted)
        noted = _noted(memory, rows, put, devices, current) if put.rows else {}
        await self._journal.settle(name, Settlement(memory=noted))
        return {"again": len(put.rows), "known": len(rows) - len(wanted), "left": put.left}

    async def _devices(self, request: Mapping[str, Json]) -> Mapping[Eui64, Device]:
        """Return the devices that are named, or that have the decoder that is named."""
        decoder = request.get("decoder")
        if decoder is not None:
            registered = await self._registered.devices()
            found = {one.dev_eui: one for one in registered if one.decoder == decoder}
            if not found:
                known = {one.decoder for one in registered if one.decoder}
                raise ConfigError(f"decode-again: no device has the decoder {decoder}{did_you_mean(decoder, known)}")
            return found
        named = [await find_device(str(word), self._registered) for word in request.get("devices") or ()]
        if not named:
            raise ConfigError("decode-again: which devices? --device NAME, or --decoder NAME for all that have it")
        return {device.dev_eui: device for device in named}

    def _destinations(self, request: Mapping[str, Json]) -> Sequence[str]:
        known = self._journal.destinations()
        name = full_name(str(request["destination"]), known) if request.get("destination") is not None else None
        if name is not None and name not in known:
            raise ConfigError(f"decode-again: there is no destination {name}{did_you_mean(name, known)}")
        return known if name is None else (name,)

    def _revisions(self, names: set[str]) -> Mapping[str, str]:
        registry = Registry.load(self._settings.decoders.folders)
        try:
            return {name: registry.get(name).revision for name in names if name}
        except (LookupError, ValueError) as error:
            raise ConfigError(f"decode-again: {error}") from error
        finally:
            registry.close()

    def _since(self, text: Json) -> datetime | None:
        if text is None:
            return None
        try:
            return self._clock().utc - duration(text)
        except ValueError:
            pass
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            right = "'7 d', '12 h' or a time such as 2026-05-01T12:00Z is right"
            raise ConfigError(f"decode-again: --since {text!r}: {right}") from error
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _noted(
    memory: Mapping[str, Json],
    rows: Sequence[Row],
    put: PutBack,
    devices: Mapping[Eui64, Device],
    current: Mapping[str, str],
) -> Mapping[str, Json]:
    """Return who tells the rows of each device from now on, as far as they were put back: the oldest went first."""
    last = put.rows[-1] if put.left else rows[-1].id
    by_device: dict[Eui64, list[RowId]] = {}
    for row in rows:
        if row.id <= last:
            by_device.setdefault(row.uplink.dev_eui, []).append(row.id)
    noted: dict[str, Json] = {}
    for dev_eui, ids in by_device.items():
        name = devices[dev_eui].decoder
        if name in current:
            noted |= revisions.noted_again(memory, dev_eui, ids, f"{name}@{current[name]}")
    return noted


def _some(decoders: Sequence[str]) -> str:
    more = f" and {len(decoders) - MOST_NAMED} more" if len(decoders) > MOST_NAMED else ""
    return (", ".join(decoders[:MOST_NAMED]) or "no decoder of theirs is here") + more


def _is_new(memory: Mapping[str, Json], row: Row, device: Device, current: Mapping[str, str]) -> bool:
    """Tell whether the present decoder of a row's device is another than the one that told it, as far as that is known."""
    revision = current.get(device.decoder)
    if revision is None:
        return False  # the device has no decoder: there is nothing to tell
    told = revisions.teller(memory, device.decoder, device.dev_eui, row.id)
    return told != f"{device.decoder}@{revision}"
