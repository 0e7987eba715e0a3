"""What the live view knows of devices: it is a destination of the agent like any other, and it is on this machine.

So it shows what the journal committed, decoded and normalised by the agent, and nothing that a simulator knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from gateway.agent import Agent
from gateway.delivery import Destination, Telling
from gateway.formats import Conversation
from gateway.model import Answer, Clock, Eui64, Item, Json, Receipt, Request, TimeQuality

NAME: Final = "screen"


class Screen:
    """A format that keeps the latest of each device, and the ids of all; it never sends anything."""

    def __init__(self) -> None:
        self.latest: dict[Eui64, Item] = {}
        self.committed: set[UUID] = set()

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:  # noqa: ARG002 - of the seam
        """Look at all of them."""
        yield from ()
        for item in batch:
            self.latest[item.device.dev_eui] = item
            self.committed.add(item.uplink.id)
        return Receipt(accepted=frozenset(item.row for item in batch))


class Nowhere:
    """The transport of a format that sends nothing."""

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Refuse to be needed."""
        raise AssertionError(f"{len(requests)} requests for a screen")

    async def close(self) -> None:
        """Do nothing."""

    def status(self) -> Mapping[str, Json]:
        """Return nothing."""
        return {}


async def watch(agent: Agent, screen: Screen, clock: Clock, trust: TimeQuality) -> Telling:
    """Make ``screen`` a destination of ``agent``, from its first uplink on, and return its loop."""
    await agent.journal.add_destination(NAME, from_start=True)
    return Telling(
        Destination(name=NAME, format=screen, transport=Nowhere(), selects=lambda _: True),
        journal=agent.journal,
        codecs=agent.codecs,
        find=agent.network.device,
        clock=clock,
        trust=trust,
    )
