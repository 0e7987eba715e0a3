"""What stand-ins over MQTT share: a scripted broker whose every answer is the platform's own judgement."""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any, Final

from simulators.platforms.scripted_broker import Publish, Script, ScriptedBroker

Json = Any
TAKEN: Final = 0x00
NOT_AUTHORIZED: Final = 0x87
BAD_LOGIN: Final = 0x86
PAYLOAD_INVALID: Final = 0x99


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a platform does instead of answering well; ``silent`` takes everything and sends no PUBACK."""

    reason: int = TAKEN  # of the PUBACK; what is 0x80 or more keeps nothing
    silent: bool = False


class MqttPlatform:
    """A platform's broker on a local port: ``start``, change its mood at any time, ``stop``."""

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()  # one for each of the next publications
        self.mood: Fault | None = None  # for every publication while it is set
        self.answers: Counter[int] = Counter()  # by reason code; -1 is none
        self.refusals: list[str] = []  # what was wrong with publications, in words
        self.url = ""
        self._broker = ScriptedBroker(Script(reason=self._answer))

    def take(self, publish: Publish) -> int:
        """Keep a publication, and return the PUBACK's reason code."""
        raise NotImplementedError

    async def start(self, port: int = 0) -> str:
        """Listen, and return the broker's URL."""
        self._broker.port = self._broker.port or port
        await self._broker.start()
        self.url = f"mqtt://127.0.0.1:{self._broker.port}"
        return self.url

    async def stop(self) -> None:
        """Close the port and all connections, and forget nothing."""
        await self._broker.stop()

    def let_in(self, *, yes: bool) -> None:
        """Say whether the next connection's user name and password are right."""
        self._broker.script.connack = TAKEN if yes else BAD_LOGIN

    @property
    def port(self) -> int:
        """Return the port that it listens on."""
        return self._broker.port

    @property
    def connections(self) -> int:
        """Return how many connections there have been."""
        return self._broker.connections

    def refuse(self, reason: int, words: str) -> int:
        """Note what is wrong, and return the reason code."""
        self.refusals.append(words)
        return reason

    def _answer(self, publish: Publish) -> int | None:
        fault = (self.faults.popleft() if self.faults else self.mood) or Fault()
        reason = fault.reason if fault.reason >= 0x80 else self.take(publish)
        self.answers[-1 if fault.silent else reason] += 1
        return None if fault.silent else reason


def read_object(payload: bytes) -> dict[str, Json] | None:
    """Return a payload that is a JSON object; None for everything else, NaN too."""
    try:
        found = json.loads(payload, parse_constant=_no_constant)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")
