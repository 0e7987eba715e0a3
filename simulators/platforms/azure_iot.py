"""An Azure IoT Hub for tests and dry runs: strict about who comes, and the closed line its only word against a message.

Sources: [MQTT] Microsoft Learn, "Communicate with an IoT hub using the MQTT protocol" (azure-docs, articles/iot/iot-mqtt-connect-to-iot-hub.md,
2023-06-27); [SAS] "Control access to IoT Hub using shared access signatures"; [SDK] azure-iot-device 2.14.0.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import ssl
from base64 import b64decode, b64encode
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, unquote

from simulators.platforms.mqtt_door import CUT, Connect, Door, Publish

LARGEST: Final = 262_144  # [MQTT] 256 KB; [SDK] TELEMETRY_MESSAGE_SIZE_LIMIT
LONGEST_KEEPALIVE_S: Final = 1177  # [MQTT] 1767 s of the load balancer, over 1.5
BAD_LOGIN: Final = 5  # MQTT 3.1.1, section 3.2.2.3: not authorized
WRONG_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """A message as a route of the hub would see it."""

    device: str
    properties: Mapping[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        """Return the sender's own id of it."""
        return self.properties.get("$.mid", "")


@dataclass(slots=True)
class Kept:
    """What the hub was told."""

    telemetry: list[Telemetry] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)  # by message id

    @property
    def repeated(self) -> int:
        """How many messages came again under an id that was there."""
        return sum(times - 1 for times in self.ids.values())


@dataclass(slots=True, kw_only=True)
class Fault:
    """What the hub does with a message instead of taking it; ``forgets`` takes it and says nothing."""

    cuts: bool = False
    forgets: bool = False


class AzureHub:
    """A hub on a local port with the devices of ``keys`` (base64) and of ``certificates`` (X.509, by common name)."""

    def __init__(
        self,
        keys: Mapping[str, str],
        *,
        certificates: frozenset[str] = frozenset(),
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._keys = dict(keys)
        self._certificates = certificates
        self._host = host
        self._now = now
        self.door = Door(self, tls=tls)
        self.faults: deque[Fault] = deque()  # one for each of the next messages
        self.mood: Fault | None = None  # for every message while it is set
        self.poison: Callable[[Telemetry], bool] = lambda _: False  # what it closes the line over, whenever it comes
        self.kept = Kept()
        self.refused: Counter[str] = Counter()  # why, in words
        self.expires: dict[str, int] = {}  # of the token that a device came with, seconds since 1970

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"{self.door.scheme}://{self._host}:{self.door.port}"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the URL."""
        await self.door.start(host, port)
        return self.url

    async def stop(self) -> None:
        """Close all connections and forget nothing."""
        await self.door.stop()

    def expire(self) -> None:
        """Close the connections whose token has run out, as a hub does [SAS]."""
        for device, session in list(self.door.sessions.items()):
            if self.expires.get(device, 1 << 40) <= self._now().timestamp():
                self.refused["token ran out"] += 1
                session.cut()

    def command(self, device: str, body: Mapping[str, object], mid: int = 1, properties: str = "") -> None:
        """Send a cloud-to-device message; KeyError where the device has not subscribed [MQTT, "Receiving …"]."""
        topic = f"devices/{device}/messages/devicebound/"
        if f"{topic}#" not in self.door.sessions[device].filters:
            raise KeyError(f"{device} has not subscribed to {topic}#")
        self.door.send(device, topic + properties, json.dumps(body).encode(), mid)

    # ── the rules ──

    def greet(self, connect: Connect) -> int:
        """Let in a device that names itself rightly and proves it."""
        if connect.level != 4:  # [MQTT] 3.1.1; 5 was a preview that is no more
            return self._no("MQTT version", WRONG_VERSION)
        device = connect.client_id
        wanted = f"{self._host}/{device}/?api-version="
        if not (connect.username or "").startswith(wanted):  # [MQTT, "Using the MQTT protocol directly"]
            return self._no(f"user name {connect.username!r} does not begin with {wanted}", BAD_LOGIN)
        if not 0 < connect.keepalive_s <= LONGEST_KEEPALIVE_S:
            return self._no("keep-alive", CUT)
        if device in self._certificates:
            return 0 if connect.certificate == device else self._no("certificate", BAD_LOGIN)
        why = self._token_problem(device, connect.password or "")
        return self._no(why, BAD_LOGIN) if why else 0

    def take(self, publish: Publish) -> int | None:
        """Take telemetry of the device itself; close the line over everything else."""
        prefix = f"devices/{_path(publish.client_id)}/messages/events/"
        if publish.qos == 2:  # [MQTT] "closes the network connection"
            return self._no("QoS 2", CUT)
        if not publish.topic.startswith(prefix):  # [MQTT] no general-purpose broker
            return self._no(f"topic {publish.topic}", CUT)
        if len(publish.payload) + len(publish.topic) > LARGEST:
            return self._no("size", CUT)
        properties = _properties(publish.topic.removeprefix(prefix))
        if publish.retain:  # [MQTT] not retained, passed on with a property
            properties["mqtt-retain"] = "true"
        return self._keep(Telemetry(device=publish.client_id, properties=properties, body=publish.payload))

    def subscribe(self, client_id: str, topic_filter: str) -> int:
        """Grant the topics of the device itself at QoS 1 [MQTT: only the documented filters]."""
        return 1 if topic_filter == f"devices/{client_id}/messages/devicebound/#" else self._no("filter", 0x80)

    def _keep(self, telemetry: Telemetry) -> int | None:
        fault = self.faults.popleft() if self.faults else self.mood
        if self.poison(telemetry) or (fault is not None and fault.cuts):
            return self._no("message", CUT)
        self.kept.telemetry.append(telemetry)
        self.kept.ids[telemetry.message_id] += 1
        return None if fault is not None and fault.forgets else 0

    def _token_problem(self, device: str, password: str) -> str:
        """Return why a password is no token of this device that lasts, "" for nothing [SAS]."""
        kind, _, rest = password.partition(" ")
        fields = dict(pair.partition("=")[::2] for pair in rest.split("&"))
        if kind != "SharedAccessSignature" or not {"sr", "sig", "se"} <= fields.keys() <= {"sr", "sig", "se", "skn"}:
            return "no token"
        if device not in self._keys:
            return "unknown device"
        if unquote(fields["sr"]) != f"{self._host}/devices/{_path(device)}":
            return f"token for {unquote(fields['sr'])}"
        signed = hmac.digest(b64decode(self._keys[device]), f"{fields['sr']}\n{fields['se']}".encode(), hashlib.sha256)
        if not hmac.compare_digest(quote(b64encode(signed), safe=""), fields["sig"]):
            return "signature"
        if int(fields["se"]) <= self._now().timestamp():
            return "token ran out"
        self.expires[device] = int(fields["se"])
        return ""

    def _no(self, why: str, code: int) -> int:
        self.refused[why] += 1
        return code


def _path(client_id: str) -> str:
    """Return a client's place in topics: a module's stands below its device's [MQTT, "as a module"]."""
    return client_id.replace("/", "/modules/", 1)


def _properties(bag: str) -> dict[str, str]:
    """Read a property bag [MQTT: RFC 2396 percent, & and =]; + is no blank here [SDK]."""
    pairs = (pair.partition("=") for pair in bag.split("&") if pair)
    return {unquote(name): unquote(value) for name, _, value in pairs}
