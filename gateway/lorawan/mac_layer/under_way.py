"""An uplink being heard: what is known of it, what has become of session and state so far, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from gateway.lorawan.mac_commands import MacCommand
from gateway.lorawan.mac_layer.state import MacState
from gateway.lorawan.windows import Windows
from gateway.model import Session

Request = TypeVar("Request", bound=MacCommand)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What an uplink's answers may speak of besides its commands."""

    margin_db: float | None  # SNR above the demodulator's floor, of the best copy; None for FSK
    gateways: int
    f_cnt: int
    ended_at: datetime | None  # when its last symbol was heard, UTC; None where the clock is not trusted
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What became of an uplink's commands."""

    session: Session
    state: MacState
    answers: tuple[MacCommand, ...]
    owed: bool  # the device repeats something until it hears a downlink
    notes: tuple[str, ...]  # refusals and oddities, for people


@dataclass(slots=True)
class UnderWay:
    """An uplink being heard: what has become of session and state so far."""

    session: Session
    state: MacState
    circumstances: Circumstances
    open: list[MacCommand]
    answers: list[MacCommand] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    owed: bool = False

    def take(self, kind: type[Request]) -> Request | None:
        """Return the first open request of a kind, which is no longer open then."""
        for place, one in enumerate(self.open):
            if isinstance(one, kind):
                del self.open[place]
                return one
        return None

    def remember_windows(self) -> None:
        """Note where the device listens, before that changes for the first time: after a restart it is there again."""
        self.state = replace(self.state, personal=self.state.personal or Windows.of(self.session))

    def refuse(self, request: MacCommand, *parts: tuple[str, bool]) -> None:
        """Note a refusal: the same is not asked again."""
        words = ", ".join(name for name, accepted in parts if not accepted)
        self.notes.append(f"{type(request).__name__} refused: {words}")
        self.state = replace(self.state, refused=self.state.refused | {request.to_bytes()})
