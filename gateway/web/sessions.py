"""Sessions of browsers: in memory, known by the digest of their cookie, over after a while unused and after a week."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

OCTETS: Final = 32  # of a cookie: 256 random bits
LONGEST: Final = timedelta(days=7)  # however much it is used
MOST: Final = 64  # the one unused for longest goes: an installer has two or three


@dataclass(slots=True, eq=False)
class Session:
    """One login."""

    csrf: str
    began: float  # monotonic, as all times here
    used: float


class Sessions:
    """All logins at present."""

    def __init__(self, idle: timedelta, now: Callable[[], float]) -> None:
        """``idle``: how long one lasts unused. ``now``: monotonic seconds."""
        self._idle_s = idle.total_seconds()
        self._now = now
        self._open: OrderedDict[str, Session] = OrderedDict()  # by the cookie's digest, the one used last at the end

    def __len__(self) -> int:
        self._forget_old()
        return len(self._open)

    def begin(self) -> tuple[str, Session]:
        """Return a new session's cookie, which nobody can have known before, and the session."""
        cookie, now = secrets.token_urlsafe(OCTETS), self._now()
        session = Session(secrets.token_urlsafe(OCTETS), now, now)
        self._forget_old()
        self._open[_digest(cookie)] = session
        while len(self._open) > MOST:
            self._open.popitem(last=False)
        return cookie, session

    def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie, and note that it is used; None for one that is over, or never was."""
        name = _digest(cookie)
        session = self._open.get(name)
        if session is None or not self.is_open(session):
            self._open.pop(name, None)
            return None
        session.used = self._now()
        self._open.move_to_end(name)
        return session

    def is_open(self, session: Session) -> bool:
        """Tell whether a session lasts still."""
        now = self._now()
        lasts = now - session.used < self._idle_s and now - session.began < LONGEST.total_seconds()
        return lasts and any(one is session for one in self._open.values())

    def end(self, cookie: str) -> None:
        """End the session of a cookie."""
        self._open.pop(_digest(cookie), None)

    def end_all(self) -> int:
        """End every session, and return how many there were: the password is another one, or an admin wants it."""
        count = len(self)
        self._open.clear()
        return count

    def _forget_old(self) -> None:
        for name in [name for name, one in self._open.items() if not self.is_open(one)]:
            del self._open[name]


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).hexdigest()
