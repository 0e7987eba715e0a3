"""AWS IoT Core for tests and dry runs: a message broker with the limits and the manners of AWS's.

Sources: [MQTT] AWS IoT Core Developer Guide, "MQTT", and there "differences from MQTT specifications"; [QUOTAS] AWS General Reference, "AWS IoT Core
endpoints and quotas", as aws-c-mqtt checks them on its side; [RESERVED] "Reserved topics"; [SPEC] MQTT 5.0, section 2.4. What code refuses a message
in MQTT 5 is [SPEC]'s for that reason; that 3.1.1 has none and the line is closed, follows from it having no such code.
"""

from __future__ import annotations

import re
import ssl
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from simulators.platforms.mqtt_door import CUT, Connect, Door, Publish

LARGEST: Final = 131_072  # [QUOTAS] octets of a message
LONGEST_TOPIC: Final = 256  # [QUOTAS] octets, without the prefix of Basic Ingest
MOST_SLASHES: Final = 7  # [QUOTAS]
LONGEST_CLIENT_ID: Final = 128  # [QUOTAS]
BASIC_INGEST: Final = re.compile(r"\$aws/rules/[A-Za-z0-9_]+/")
NOT_AUTHORIZED, TOPIC_INVALID, TOO_LARGE = 0x87, 0x90, 0x95  # [SPEC]


@dataclass(slots=True)
class Kept:
    """What the broker took."""

    messages: list[Publish] = field(default_factory=list)
    bodies: Counter[bytes] = field(default_factory=Counter)

    @property
    def repeated(self) -> int:
        """How many messages came again as they were."""
        return sum(times - 1 for times in self.bodies.values())


@dataclass(slots=True, kw_only=True)
class Fault:
    """What it does with a message instead of taking it; ``forgets`` takes it and says nothing."""

    code: int | None = None
    cuts: bool = False
    forgets: bool = False


class AwsCore:
    """AWS IoT Core on a local port: lets in the ``things`` (by client id), and to topics that ``policy`` allows."""

    def __init__(
        self,
        things: frozenset[str],
        *,
        policy: Callable[[str, str], bool] = lambda thing, topic: True,  # noqa: ARG005 - everything is allowed
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._things = things
        self._is_secure = tls is not None
        self._v5: dict[str, bool] = {}
        self.policy = policy
        self.door = Door(self, tls=tls)
        self.faults: deque[Fault] = deque()  # one for each of the next messages
        self.mood: Fault | None = None  # for every message while it is set
        self.kept = Kept()
        self.refused: Counter[str] = Counter()  # why, in words

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"{self.door.scheme}://127.0.0.1:{self.door.port}"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the URL."""
        await self.door.start(host, port)
        return self.url

    async def stop(self) -> None:
        """Close all connections and forget nothing."""
        await self.door.stop()

    # ── the rules ──

    def greet(self, connect: Connect) -> int:
        """Let in a thing that is known, and over TLS shows its own certificate."""
        v5 = connect.level == 5
        if len(connect.client_id.encode()) > LONGEST_CLIENT_ID:
            return self._no("client id", 0x85 if v5 else 2)
        known = connect.client_id in self._things
        if not known or (self._is_secure and connect.certificate != connect.client_id):
            return self._no("thing", NOT_AUTHORIZED if v5 else 5)
        self._v5[connect.client_id] = v5
        return 0

    def take(self, publish: Publish) -> int | None:
        """Take a message within the limits and the policy."""
        own = BASIC_INGEST.sub("", publish.topic, count=1)
        if publish.qos == 2:  # [MQTT] "the message broker doesn't send a PUBACK"
            self._no("QoS 2", CUT)
            return None
        if own.startswith("$"):  # [RESERVED]
            return self._bad(publish, "reserved topic", NOT_AUTHORIZED)
        if len(own.encode()) > LONGEST_TOPIC or own.count("/") > MOST_SLASHES:
            return self._bad(publish, "topic", TOPIC_INVALID)
        if len(publish.payload) > LARGEST:
            return self._bad(publish, "size", TOO_LARGE)
        if not self.policy(publish.client_id, publish.topic):
            return self._bad(publish, "policy", NOT_AUTHORIZED)
        return self._keep(publish)

    def subscribe(self, client_id: str, topic_filter: str) -> int:
        """Grant QoS 1 at most, where the policy allows."""
        return 1 if self.policy(client_id, topic_filter) else self._no("filter", 0x80)

    def _keep(self, publish: Publish) -> int | None:
        fault = self.faults.popleft() if self.faults else self.mood
        if fault is not None and fault.cuts:
            return self._no("fault", CUT)
        if fault is not None and fault.code is not None:
            return self._bad(publish, "fault", fault.code)
        self.kept.messages.append(publish)
        self.kept.bodies[publish.payload] += 1
        return None if fault is not None and fault.forgets else 0

    def _bad(self, publish: Publish, why: str, code: int) -> int:
        return self._no(why, code if self._v5[publish.client_id] else CUT)

    def _no(self, why: str, code: int) -> int:
        self.refused[why] += 1
        return code
