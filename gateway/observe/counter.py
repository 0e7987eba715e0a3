"""The desk's counter for metrics: all that is told, as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway import __version__
from gateway.errors import ConfigError
from gateway.model import Json
from gateway.observe.exposition import exposed, form_of
from gateway.observe.table import chosen

PAGE: Final = 500  # devices that are asked for at a time

Ask = Callable[[Mapping[str, Json]], Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is seen of a running agent."""

    ask: Ask  # the desk
    note: Callable[[], Mapping[str, Json]]  # what is looked up for those alone who observe
    not_hearing: Callable[[], Awaitable[Sequence[str]]]
    devices: Ask | None = None  # answers `overview.devices`; None: single devices are not told

    async def view(self) -> Mapping[str, Json]:
        """Return the status, and what it does not have. Raises StorageError."""
        status = await self.ask({"do": "status"})
        away = await self.not_hearing()
        return {
            **status,
            **self.note(),
            "hearing": {one["name"]: one["name"] not in away for one in status.get("sources", ())},
            "devices": [] if self.devices is None else [one async for one in _each(self.devices)],
        }


async def _each(ask: Ask) -> AsyncIterator[Mapping[str, Json]]:
    """Yield all devices, some at a time."""
    offset = total = 0
    while not offset or offset < total:
        request = {
            "do": "overview.devices",
            "search": "",
            "tag": "",
            "sort": "dev_eui",
            "offset": offset,
            "limit": PAGE,
        }
        page = await ask(request)
        for one in page["devices"]:
            yield one
        offset, total = offset + PAGE, page["total"]


async def told(sight: Sight, request: Mapping[str, Json]) -> Json:
    """Answer `metrics.text`: text, and its media type. Raises StorageError."""
    match request:
        case {"do": "metrics.text", "accept": str(accept)}:
            form, metrics = form_of(accept), chosen(devices=sight.devices is not None)
            return {"text": exposed(metrics, await sight.view(), form), "type": form.value}
        case _:
            raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")
