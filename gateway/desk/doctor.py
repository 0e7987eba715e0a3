"""The desk's counter for the doctor: the findings that a command and a page show, and the support file."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gateway import __version__
from gateway.config import Settings
from gateway.errors import ConfigError
from gateway.model import Clock, Json

if TYPE_CHECKING:
    from gateway.doctor import Box, Finding

FRESH_S: Final = 5.0  # two pages that ask at once get one examination
FORGOTTEN: Final = -FRESH_S

Ask = Callable[[], Awaitable[Json]]
Answer = Callable[[Mapping[str, Json]], Awaitable[Json]]


class DoctorDesk:
    """Answer what is asked about the health of the box. What examines it is loaded with the first question."""

    def __init__(self, settings: Settings, clock: Clock, status: Ask, devices: Ask, ask: Answer) -> None:
        """``status``, ``devices`` and ``ask`` answer as the desk does."""
        self._settings = settings
        self._clock = clock
        self._status = status
        self._devices = devices
        self._ask = ask
        self._alone = asyncio.Lock()
        self._last: tuple[float, Sequence[Finding]] = (FORGOTTEN, ())

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "doctor"}:
                return [one.as_json() for one in await self._findings(request.get("only") or ())]
            case {"do": "doctor.bundle"}:
                octets = await self.bundle(
                    anonymous=request.get("anonymous") is True, with_payloads=request.get("with_payloads") is True
                )
                return {"name": _name(self._settings), "octets": base64.b64encode(octets).decode()}
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    async def bundle(self, *, anonymous: bool = False, with_payloads: bool = False) -> bytes:
        """Return the support file, a zip without secrets."""
        from gateway.doctor.bundle import Wishes, bundle

        findings = await self._findings(())
        return await bundle(await self._box(), findings, Wishes(anonymous=anonymous, with_payloads=with_payloads))

    async def _findings(self, only: Sequence[str]) -> Sequence[Finding]:
        from gateway.doctor.examination import examine
        from gateway.doctor.table import chosen

        try:
            checks = chosen(only)
        except ValueError as error:
            raise ConfigError(f"doctor: {error}") from error
        async with self._alone:
            at, found = self._last
            if only or self._clock().monotonic - at > FRESH_S:
                found = await examine(await self._box(), checks)
            if not only:
                self._last = self._clock().monotonic, found
            return found

    async def _box(self) -> Box:
        from gateway.doctor import Answering, Box

        status = await self._status()
        is_running = status["agent"]["running"]
        return Box(
            now=self._clock().utc,
            settings=self._settings,
            path=self._settings.path,
            warnings=self._settings.warnings,
            answering=Answering.ANSWERS if is_running else Answering.ABSENT,
            status=status if is_running else None,
            devices=await self._devices() if is_running else None,
            ask=self._ask if is_running else None,
        )


def _name(settings: Settings) -> str:
    safe = "".join(one if one.isascii() and one.isalnum() else "-" for one in settings.gateway.name)
    return f"brygga-{safe}.zip"
