"""The desk's counter for decoders: found by what people know of them, tried on a payload."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import dataclasses
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Final

from decoders.descriptions import known
from decoders.registry import Description, Registry
from gateway import __version__
from gateway.desk.decoder_index import unknown
from gateway.errors import Busy, ConfigError
from gateway.model import Clock, Json

INDEX_LIMIT_S: Final = (
    120.0  # for the installer's own decoders to be described: a process that starts, and 8 ms for each here
)
KEPT_S: Final = 900.0  # that a description of all is used; the installer's folder may have changed then
LINE_LIMIT: Final = 1 << 20
MOST_OCTETS: Final = 255  # of a payload: more no radio brings


class DecoderDesk:
    """Answer what is asked about decoders; ``registry`` is the running agent's own."""

    def __init__(self, registry: Registry, folders: Callable[[], Sequence[Path]], clock: Clock) -> None:
        self._registry = registry
        self._folders = folders
        self._clock = clock
        self._turn = asyncio.Lock()
        self._index: tuple[Description, ...] = ()
        self._fresh_until = 0.0  # monotonic

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "decoder.search", "search": str(text), "limit": int(limit)} if limit > 0:
                found = await self._found(text.split())
                return {"total": len(found), "decoders": [_as_json(one) for one in found[:limit]]}
            case {
                "do": "decoder.try",
                "decoder": str(name),
                "f_port": int(port),
                "payload": str(payload),
                "encoding": str(encoding),
            }:
                return await self._tried(name, port, _octets(payload, encoding))
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    async def _found(self, words: Sequence[str]) -> Sequence[Description]:
        from decoders.workshop.finding import search  # for those who look for one

        index = await self._all()
        return await asyncio.to_thread(lambda: [one.description for one in search(words, index)]) if words else index

    async def _all(self) -> tuple[Description, ...]:
        async with self._turn:  # no limit: whoever has it has one
            if self._clock().monotonic >= self._fresh_until:
                self._index = await _described(self._folders())
                self._fresh_until = self._clock().monotonic + KEPT_S
            return self._index

    async def _tried(self, name: str, port: int, octets: bytes) -> Json:
        from gateway.commands.try_out import decode_octets

        return await decode_octets(self._registry, name, port, octets, self._clock().utc.astimezone(UTC))


async def _described(folders: Sequence[Path]) -> tuple[Description, ...]:
    """Return the descriptions of all decoders by name: from the catalogue's index, the others by loading them elsewhere."""
    listed, is_all = await asyncio.to_thread(_listed, folders)
    others = () if is_all else await _loaded(folders)
    return tuple(sorted((*listed, *others), key=lambda one: one.name))


def _listed(folders: Sequence[Path]) -> tuple[Sequence[Description], bool]:
    """Return what the catalogue's index describes, and whether that is all there are."""
    registry = Registry.load(folders)
    found = known(registry)
    return [*found.values()], not unknown(registry, found)


async def _loaded(folders: Sequence[Path]) -> tuple[Description, ...]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway.desk.decoder_index",
        *map(str, folders),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LINE_LIMIT,
    )
    try:
        async with asyncio.timeout(INDEX_LIMIT_S):
            output, _ = await process.communicate()
    except TimeoutError as error:
        raise Busy(
            f"the decoders could not be described within {INDEX_LIMIT_S:g} s: is this box overloaded?"
        ) from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise Busy("the decoders could not be described: the process that reads them ended; is memory short?")
    return tuple(_description(json.loads(line)) for line in output.splitlines())


def _description(told: Mapping[str, Json]) -> Description:
    return Description(**{**told, "ports": tuple(told["ports"]), "quantities": tuple(told["quantities"])})


def _as_json(one: Description) -> Mapping[str, Json]:
    return {**dataclasses.asdict(one), "ports": list(one.ports), "quantities": list(one.quantities)}


def _octets(text: str, encoding: str) -> bytes:
    plain = "".join(text.split())
    try:
        octets = (
            base64.b64decode(plain, validate=True)
            if encoding == "base64"
            else bytes.fromhex(plain.lower().removeprefix("0x").replace(":", "").replace("-", ""))
        )
    except (ValueError, binascii.Error) as error:
        what = "no base64" if encoding == "base64" else "not an even number of hex digits"
        raise ConfigError(f"payload: {what}") from error
    if len(octets) > MOST_OCTETS:
        raise ConfigError(f"payload: {len(octets)} octets where a radio brings at most {MOST_OCTETS}")
    return octets
