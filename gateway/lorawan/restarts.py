"""Frame counters that begin again at 0: devices by personalisation whose registration allows it (ABP, 1.0.x).

The keys stay the same, so a frame of the last activation proves as well as one of the next: whoever recorded it can have
the counters begin again. That is bounded in three ways, none of which an honest device meets often:

* a restart begins with one of the first 16 counters,
* its frame was not heard before: the first 16 of each activation are remembered for a day,
* the last restart is ten minutes ago.

Where the device goes on all the same, as one that never restarted does, within a day, the activation before goes on with it.
What remains is told in docs/lorawan.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from gateway.lorawan.phy import DataFrame
from gateway.lorawan.windows import Windows
from gateway.model import Session

FIRST_COUNTERS: Final = 16  # some of a device's first frames may be lost, hardly more
PAUSE: Final = timedelta(minutes=10)  # a device that counts once a minute is among its first counters still
REMEMBERED_FOR: Final = timedelta(days=1)  # a device that always says the same may restart once a day
MOST_REMEMBERED: Final = 64  # four activations' first frames
LAST_COUNTER: Final = 2**32 - 1
_DIGEST_OCTETS: Final = 8


@dataclass(frozen=True, slots=True)
class Opening:
    """One of the first frames of an activation, and when it was heard."""

    digest: bytes
    heard_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Where the activation before a restart was; its keys are those of the present one."""

    activation: str
    f_cnt_up: int
    n_f_cnt_down: int
    a_f_cnt_down: int
    windows: Windows

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return what is to be known of a session whose device begins again."""
        return cls(
            activation=session.activation,
            f_cnt_up=session.f_cnt_up,
            n_f_cnt_down=session.n_f_cnt_down,
            a_f_cnt_down=session.a_f_cnt_down,
            windows=Windows.of(session),
        )

    def continued(self, session: Session) -> Session:
        """Return the activation before ``session``, going on; no downlink counter of either is used again."""
        moved = self.moved_by(session)
        return replace(
            self.windows.on(session),
            activation=self.activation,
            f_cnt_up=self.f_cnt_up,
            n_f_cnt_down=moved.n_f_cnt_down,
            a_f_cnt_down=moved.a_f_cnt_down,
        )

    def moved_by(self, session: Session) -> Self:
        """Return this with its downlink counters as far on as those of ``session``, the activation after it, which began at 0.

        So a box that skips ahead skips here, too: it raises what lies in the session.
        """
        return replace(
            self,
            n_f_cnt_down=min(self.n_f_cnt_down + session.n_f_cnt_down, LAST_COUNTER),
            a_f_cnt_down=min(self.a_f_cnt_down + session.a_f_cnt_down, LAST_COUNTER),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarts:
    """What is remembered of a device whose counters may begin again; it goes on with each activation."""

    openings: tuple[Opening, ...] = ()  # the oldest first
    last_at: datetime | None = None  # when the counters last began again
    before: Before | None = None  # where they were then

    def after(self, signed: bytes, f_cnt: int, now: datetime) -> Restarts:
        """Return what is remembered after an uplink that was taken; ``signed`` is all of it before the MIC."""
        if f_cnt >= FIRST_COUNTERS:
            return self
        kept = [one for one in self.openings if _apart(one.heard_at, now) < REMEMBERED_FOR]
        return replace(self, openings=(*kept, Opening(_digest(signed), now))[-MOST_REMEMBERED:])

    def begun(self, session: Session, now: datetime) -> Restarts:
        """Return what is remembered once ``session`` has ended in a restart; of several in a day the farthest counts."""
        known = self.may_go_on(now)
        is_farthest = known is not None and known.f_cnt_up > session.f_cnt_up
        before = known.moved_by(session) if known is not None and is_farthest else Before.of(session)
        return replace(self, last_at=now, before=before)

    def may_go_on(self, now: datetime) -> Before | None:
        """Return the activation that goes on if its device shows that it never restarted."""
        return self.before if self.last_at is not None and _apart(self.last_at, now) < REMEMBERED_FOR else None

    def refusal(self, frame: DataFrame, now: datetime) -> str | None:
        """Return why ``frame``, which the session's keys prove, does not begin a new activation; None where it does."""
        if frame.f_cnt16 >= FIRST_COUNTERS:
            return f"counters begin again below {FIRST_COUNTERS}; restart the device, or import it with a greater activation_number"
        if self.last_at is not None and _apart(self.last_at, now) < PAUSE:
            return f"its counters began again less than {PAUSE.seconds // 60} minutes ago"
        digest = _digest(frame.signed)
        if any(one.digest == digest and _apart(one.heard_at, now) < REMEMBERED_FOR for one in self.openings):
            return "this very frame was heard within a day: somebody plays it, or the device says the same again"
        return None


NEVER: Final = Restarts()


def _digest(signed: bytes) -> bytes:
    """Return what a repetition has in common with the frame: all but the MIC, which in 1.1 tells the channel, too."""
    return hashlib.blake2b(signed, digest_size=_DIGEST_OCTETS).digest()


def _apart(then: datetime, now: datetime) -> timedelta:
    return abs(now - then)  # a box without a battery clock may begin in another year


def restarted(session: Session, number: int) -> Session:
    """Return the next activation of a session: the same keys, its counters at 0, ``number`` in its name."""
    return replace(
        session,
        activation=f"{session.dev_addr}-abp{number}",
        f_cnt_up=0,
        n_f_cnt_down=0,
        a_f_cnt_down=0,
        confirmed_f_cnt_up=None,
    )
