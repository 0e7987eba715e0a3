"""How a destination stands: what `status` shows of its loop, in one word and in counts."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from gateway.errors import Hindrance
from gateway.model import Clock, Json

MOST_PROBLEMS: Final = 100  # of different words: a decoder's bug may make new ones with each uplink
PROBLEM_LASTS: Final = 86_400.0  # seconds after which a problem that has not come again is over


class Standing:
    """What a loop has done since it started, and what stands in its way."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.counts: Counter[str] = Counter()
        self.trouble = ""  # why the last turn did not settle all, in words
        self._hindrance: Hindrance | None = None  # what kind of trouble
        self._trouble_since: float | None = None  # monotonic, as all times here
        self._answered: float | None = None  # when the platform last decided something
        self._only_refuses = False  # all that it decided last
        self._refuses = False  # some of what it decided last
        self._wait = ""  # for what the rows at hand wait; nobody's fault
        self._refusal: tuple[str, float] | None = None  # the last one: reason, time
        self._gives_up = False  # rows have been let go since the platform took something last
        self._problems: OrderedDict[str, tuple[int, float]] = OrderedDict()  # count and time, the last seen last

    def note(self, problems: Mapping[str, int]) -> None:
        """Count ``problems``, which hold up nothing."""
        now = self._clock().monotonic
        for problem, count in problems.items():
            before, _ = self._problems.pop(problem, (0, 0.0))
            self._problems[problem] = (before + count, now)
        while len(self._problems) > MOST_PROBLEMS:
            self._problems.popitem(last=False)

    def decided(self, *, accepted: int, refused: Sequence[str]) -> bool:
        """Note how many rows the platform has taken and why it has refused others, and tell whether its refusing is news.

        It is, until a turn in which it took all that it decided.
        """
        is_news = bool(refused) and not self._refuses
        if accepted or refused:
            self._answered = self._clock().monotonic
            self._only_refuses, self._refuses = not accepted, bool(refused)
        if refused:
            self._refusal = refused[-1], self._clock().monotonic
        self._gives_up = self._gives_up and not accepted
        return is_news

    def gives_up(self, count: int) -> bool:
        """Note that rows were let go, and tell whether that is news: until the platform takes something again."""
        is_news, self._gives_up = not self._gives_up, True
        self.counts["given_up"] += count
        return is_news

    def waits(self, what: str) -> None:
        """Note what the rows at hand wait for; "" for nothing."""
        self._wait = what

    def stall(self, trouble: str, hindrance: Hindrance) -> bool:
        """Note why the loop does not go on, and tell whether that is news."""
        is_news = not self.trouble
        if is_news:
            self._trouble_since = self._clock().monotonic
        self.trouble, self._hindrance = trouble, hindrance
        return is_news

    def recover(self) -> bool:
        """Note that the loop goes on, and tell whether that is news."""
        is_news = bool(self.trouble)
        self.trouble, self._hindrance, self._trouble_since = "", None, None
        return is_news

    def as_json(self, transport: Mapping[str, Json], lane: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return how the destination stands; ``transport`` is its transport's own status, ``lane`` what goes first and what waits."""
        now = self._clock().monotonic
        return {
            "state": self._state(transport),
            "trouble": self.trouble or None,
            "hindrance": self._hindrance,
            "trouble_s": _age(now, self._trouble_since),
            "last_answer_s": _age(now, self._answered),
            "last_refusal": None if self._refusal is None else self._refusal[0],
            "last_refusal_s": None if self._refusal is None else _age(now, self._refusal[1]),
            "lane": lane,
            "counts": dict(self.counts),
            "problems": [
                {"problem": problem, "count": count, "last_s": round(now - seen, 1)}
                for problem, (count, seen) in reversed(self._problems.items())
                if now - seen < PROBLEM_LASTS
            ],
            "transport": transport,
        }

    def _state(self, transport: Mapping[str, Json]) -> str:
        states: Iterable[tuple[bool, str]] = (
            (bool(self.trouble), "stalled"),
            (bool(self._wait), f"waiting for {self._wait}"),
            (self._only_refuses, "refusing"),
            (self._answered is not None and transport.get("connected") is False, "connection lost"),
            (self._answered is None, "no contact yet"),
        )
        return next((state for holds, state in states if holds), "delivering")


def _age(now: float, since: float | None) -> float | None:
    return None if since is None else round(now - since, 1)
