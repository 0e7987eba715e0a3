"""Cities' platforms within the process, strict in what they take; each tells which uplinks it has taken, and may be in a bad mood."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateway.model import Json
from simulators.demo.city import SenMlCity
from simulators.lab.readers import TIMED
from simulators.lab.temper import ByTemper, Temper
from simulators.platforms import diwise_iot_agent, event_receiver, mqtt_platform, ngsi_ld, yggio
from simulators.platforms.diwise_iot_agent import DiwiseIotAgent
from simulators.platforms.event_receiver import EventReceiver
from simulators.platforms.mqtt import Received
from simulators.platforms.mqtt_platform import MqttPlatform
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.platforms.scripted_broker import Publish
from simulators.platforms.yggio import YggioBroker

LONG_S: Final = 3600.0  # longer than anybody waits for an answer
QUOTA_EXCEEDED: Final = 0x97

Told = Callable[[str, str], None]
"""Take the id of an uplink that a platform has taken something of, and what: an entity with these attributes, or "" for all of it."""


NGSI_LD: Final = {
    "busy": ngsi_ld.Fault(status=503, detail="busy"),
    "refuses": ngsi_ld.Fault(status=400, detail="no"),
    "stalls": ngsi_ld.Fault(delay_s=LONG_S),
}
EVENTS: Final = {
    "busy": event_receiver.Fault(status=503),
    "refuses": event_receiver.Fault(status=422),
    "stalls": event_receiver.Fault(delay_s=LONG_S),
}
MQTT: Final = {
    "busy": mqtt_platform.Fault(reason=QUOTA_EXCEEDED),
    "refuses": mqtt_platform.Fault(reason=mqtt_platform.PAYLOAD_INVALID),
    "stalls": mqtt_platform.Fault(silent=True),
}


class _NgsiKept(ngsi_ld.Kept):
    """What an NGSI-LD broker was told; the `source` of an attribute ends with an uplink's id."""

    def __init__(self, told: Told) -> None:
        super().__init__()
        self._told = told

    def take(self, tenant: str, entity: Mapping[str, Json], *, replaces: bool = False) -> bool:
        _, named, uplink = str(entity.get("source", {}).get("value", "")).rpartition("#")
        if named:  # what a gateway says of itself comes of no uplink
            self._told(uplink, " ".join([entity["id"], *sorted(entity)]))
        is_new = super().take(tenant, entity, replaces=replaces)
        self.instances.clear()  # of days; the witness counts
        self.sources.clear()
        return is_new


class NgsiLdCity(NgsiLdReceiver):
    """A broker of NGSI-LD."""

    mood: Any = ByTemper(forgets=lambda city: city.batches.clear())  # of days

    def __init__(self, seed: int, name: str, told: Told, _: Sequence[str]) -> None:
        self.temper = Temper(seed, name, NGSI_LD)
        super().__init__()
        self.kept = _NgsiKept(told)

    def problems(self) -> list[str]:
        """Return what was wrong with what it was told."""
        return [f"an older value went over a newer one: {words}" for words in self.kept.went_back]


class SenMlBroker(MqttPlatform):
    """A broker of MQTT 5 whose subscriber reads SenML packs."""

    mood: Any = ByTemper()

    def __init__(self, seed: int, name: str, told: Told, _: Sequence[str]) -> None:
        self.temper = Temper(seed, name, MQTT)
        super().__init__()
        self._city = SenMlCity()
        self._told = told
        self._words: list[str] = []

    def take(self, publish: Publish) -> int:
        """Read a pack, and keep its uplink."""
        self._broker.published.clear()  # of days
        words = self._city.check(Received(topic=publish.topic, payload=publish.payload))
        if words:
            self._words.append(words)
            return self.refuse(mqtt_platform.PAYLOAD_INVALID, words)
        self._told(str(json.loads(publish.payload)[0]["vs"]), "")
        self._city.packs.clear()
        return mqtt_platform.TAKEN

    def problems(self) -> list[str]:
        """Return what was wrong with what it was told."""
        return self._words


class EventCity(EventReceiver):
    """A web service that takes an event for each uplink."""

    mood: Any = ByTemper()

    def __init__(self, seed: int, name: str, told: Told, _: Sequence[str]) -> None:
        self.temper = Temper(seed, name, EVENTS)
        super().__init__(judge=self._judged)
        self._told = told
        self._words: list[str] = []

    def _judged(self, received: event_receiver.Received) -> str:
        self.kept.messages.clear()  # of days
        self.kept.uplinks.clear()
        said = received.json
        uplinks = [str(one.get("uplink") or one.get("id", "")) for one in (said if isinstance(said, list) else [said])]
        for uplink in uplinks:
            self._told(uplink, "")
        return ""

    def problems(self) -> list[str]:
        """Return what was wrong with what it was told."""
        return self._words


class _YggioKept(yggio.Kept):
    """What nodes were told: Yggio knows of no uplinks, only of a node and a time."""

    def __init__(self, told: Told) -> None:
        super().__init__()
        self._told = told

    def take(self, node: str, said: Mapping[str, Json], at: str) -> None:
        self._told(f"{node}{TIMED}{at}", " ".join(sorted(said)))
        super().take(node, said, at)
        self.values.clear()  # of days


class YggioCity(YggioBroker):
    """Yggio's broker, in which every topic of a device is reserved."""

    mood: Any = ByTemper()

    def __init__(self, seed: int, name: str, told: Told, _: Sequence[str]) -> None:
        self.temper = Temper(seed, name, MQTT)
        super().__init__()
        self.kept = _YggioKept(told)

    def take(self, publish: Publish) -> int:
        """Take what a node is told."""
        self._broker.published.clear()  # of days
        return super().take(publish)

    def problems(self) -> list[str]:
        """Return what was wrong with what it was told."""
        return [*self.refusals, *(f"an older value went over a newer one: {words}" for words in self.kept.went_back)]


class _DiwiseKept(diwise_iot_agent.Kept):
    """What an iot-agent handed on."""

    def __init__(self, told: Told) -> None:
        super().__init__()
        self._told = told

    def take(self, pack: list[dict[str, Json]], device: str, uplink: str) -> None:
        super().take(pack, device, uplink)
        ((what, _),) = self.uplinks.most_common(1)
        self._told(uplink, " ".join(map(str, what)))
        self.uplinks.clear()  # of days
        self.values.clear()


class DiwiseCity(DiwiseIotAgent):
    """diwise's iot-agent, in whose device management every device is."""

    mood: Any = ByTemper()

    def __init__(self, seed: int, name: str, told: Told, devices: Sequence[str]) -> None:
        self.temper = Temper(seed, name, NGSI_LD)
        super().__init__(devices=devices)
        self.kept = _DiwiseKept(told)

    def problems(self) -> list[str]:
        """Return what was wrong with what it was told."""
        return [f"an older value went over a newer one: {words}" for words in self.kept.went_back]
