"""A format and its platform side by side, and what the two do on good days and bad ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.formats import Format
from gateway.formats.catalogue import options_of
from gateway.model import Item
from tests.formats.matrix.backlog import DEVICES
from tests.formats.matrix.doors import Door
from tests.formats.matrix.ledger import Ledger

POISONED: Final = DEVICES[3].dev_eui  # the device that a platform does not take, where one is asked to refuse some
TOKEN: Final = "let-me-in"
BEARER: Final = {"Authorization": f"Bearer {TOKEN}"}
INTERNAL: Final = {device.dev_eui: f"internal-{number}" for number, device in enumerate(DEVICES)}
STUMBLES: Final = ("co2", "door_open")  # what a rule engine stumbles over: 500, whosever it is
THING: Final = "gateway-1"
LOST: Final = (1, 9, 50)  # requests without an answer; too far apart for one uplink to meet two
EVER: Final = 1 << 50  # milliseconds: the platform has times of its own


def measuring(format_name: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options that leave out what a format says of devices themselves, which no row asks for."""
    return {"device": False, **options} if "device_interval" in options_of(format_name) else options


def is_of_the_poisoned(item: Item) -> bool:
    return item.device.dev_eui == POISONED


@dataclass(slots=True)
class Rig:
    """A format and its platform, side by side."""

    format: Callable[[], Format]
    door: Door
    ledger: Callable[[], Ledger]
    poison: Callable[[], None]  # from now on the platform refuses what is poisoned
    shut: Callable[[bool], None]  # whether the credential is wrong
    forget: Callable[[], None]  # some of the next requests are taken and not answered
    refused: str = ""  # a part of the words of its dead letters
    is_poisoned: Callable[[Item], bool] = is_of_the_poisoned
    went_back: Callable[[], Iterable[str]] = tuple  # what an older value went over
    behind: Callable[[], Iterable[str]] = tuple  # what is older now than what was told


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the matrix, and what its page says of repetitions."""

    open: Callable[[], Any]  # an async context of a Rig
    asks: bool = False  # the platform can be asked what it has: nothing is there twice, whatever happens
    resolution_ms: int = 1
    stale_s: int | None = None  # what is older is refused as late: the platform would date it wrong


def lost_here_and_there(good: Any, lost: Any) -> Iterator[Any]:
    return (lost if number in LOST else good for number in range(max(LOST) + 1))
