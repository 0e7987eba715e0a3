"""The desk's counter for health: whether an agent hears, keeps and tells, in facts that two versions of it can be compared by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from gateway import __version__
from gateway.errors import StorageError
from gateway.journal import Journal
from gateway.model import Json
from gateway.pulse import Pulse

LATELY_S: Final = 60.0  # in which a gateway that is there is heard: a packet forwarder speaks every 5 to 30 s


class Running(Protocol):
    """The agent, as far as this counter knows it."""

    def status(self) -> Mapping[str, Json]:
        """Return what only a running agent knows."""
        ...

    def pulses(self) -> Sequence[Pulse]:
        """Return the pulses of the loops that have to move."""
        ...

    async def not_hearing(self) -> Sequence[str]:
        """Return the names of sources that do not hear at the moment."""
        ...


class HealthDesk:
    """Answer for a running agent; of a stopped one there is no health."""

    def __init__(self, journal: Journal, running: Running | None) -> None:
        self._journal = journal
        self._running = running

    async def answer(self, _: Mapping[str, Json]) -> Json:
        """Return the facts; one of them is a commit that is tried now."""
        if self._running is None:
            return {"running": False, "version": __version__}
        status, away = self._running.status(), await self._running.not_hearing()
        return {
            "running": True,
            "version": __version__,
            "pid": status["pid"],
            "since_s": status["since_s"],
            "trouble": await self._trouble(),
            "sources": {one["name"]: _source(one, away) for one in status["sources"]},
            "loops": {
                one.name: {"number": one.number, "under_way": one.under_way > 0} for one in self._running.pulses()
            },
            "destinations": {name: _destination(one) for name, one in status["destinations"].items()},
        }

    async def _trouble(self) -> str | None:
        """Return why the journal took nothing, in words; None where it did."""
        try:
            await self._journal.box.prove_commit()
        except StorageError as error:
            return str(error)
        return None


def _source(status: Mapping[str, Json], away: Sequence[str]) -> Mapping[str, Json]:
    gateways = status.get("gateways", {}).values()
    lately = sum(one.get("last_seen_s", LATELY_S) < LATELY_S for one in gateways)
    return {"hears": status["name"] not in away, "gateways": lately}


def _destination(status: Mapping[str, Json]) -> Mapping[str, Json]:
    return {"state": status["state"], "trouble": status["trouble"]}
