"""What a batch says, row by row and observation by observation, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from gateway.formats.sensorthings.entities import Entity, datastream, feature
from gateway.model import Item, Observation


class State(Enum):
    """How far an observation has come."""

    OPEN = "open"
    WAITING = "waiting"  # told again in a later conversation
    TAKEN = "taken"
    REFUSED = "refused"
    UNSAYABLE = "unsayable"  # it has no Datastream, and none may be made


@dataclass(slots=True, eq=False)
class Told:
    """One observation on its way."""

    row: Row
    observation: Observation
    stream: Entity
    feature: Entity | None
    state: State = State.OPEN

    def take(self) -> None:
        """Note that the server has it."""
        self.state = State.TAKEN

    def refuse(self, words: str) -> None:
        """Note that the server will never take it."""
        self.state = State.REFUSED
        self.row.refused[words] = None

    def wait(self, words: str) -> None:
        """Leave it to a later conversation, and note why."""
        self.state = State.WAITING
        self.row.undecided = self.row.undecided or words


@dataclass(slots=True, eq=False)
class Row:
    """An uplink on its way."""

    item: Item
    tries: int  # that ended in a 500 while the server took something else
    doubtful: bool  # something of it may be there from an earlier conversation
    told: list[Told] = field(default_factory=list)
    refused: dict[str, None] = field(default_factory=dict)  # in words, each once
    undecided: str = ""
    ambiguous: bool = False  # a 500, or no answer, for something of it
    reached: bool = False  # something of it was sent, and may be there

    @property
    def open(self) -> bool:
        """Whether something of it is to be told again."""
        return any(one.state in {State.OPEN, State.WAITING} for one in self.told)

    @property
    def taken(self) -> bool:
        """Whether the server has something of it."""
        return any(one.state is State.TAKEN for one in self.told)


def row(item: Item, *, tries: int, doubtful: bool, placed: bool) -> Row:
    """Return ``item`` with nothing of it told; ``placed`` names the feature of each observation."""
    made = Row(item, tries, doubtful)
    made.told = [
        Told(
            made,
            one,
            datastream(item.device, one.quantity, one.channel),
            feature(item.device, one.place) if placed else None,
        )
        for one in item.observations
    ]
    return made


def still_open(told: Iterable[Told]) -> list[Told]:
    """Return those that are to be told in this conversation."""
    return [one for one in told if one.state is State.OPEN]
