"""Cities' platforms within the process, strict in what they take; each tells which uplinks it has taken, and may be in a bad mood."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from gateway.cities.slugs import slug
from gateway.model import Json
from simulators.demo.city import SenMlCity
from simulators.hashed import key, uniform
from simulators.platforms import event_receiver, mqtt_platform, ngsi_ld
from simulators.platforms.event_receiver import EventReceiver
from simulators.platforms.mqtt import Received
from simulators.platforms.mqtt_platform import MqttPlatform
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.platforms.scripted_broker import Publish

LONG_S: Final = 3600.0  # longer than anybody waits for an answer
QUOTA_EXCEEDED: Final = 0x97

Told = Callable[[str, str], None]
"""Take the id of an uplink that a platform has taken something of, and what: an entity with these attributes, or "" for all of it."""


@dataclass(frozen=True, slots=True)
class Mood:
    """What a platform does to a share of its requests, besides answering well."""

    what: str  # a key of `MOODS`
    share: float


class City(Protocol):
    """A platform."""

    url: str
    temper: Temper

    async def start(self) -> str:
        """Listen, and return the URL."""
        ...

    async def stop(self) -> None:
        """Close the port."""
        ...

    def problems(self) -> list[str]:
        """Return what was wrong with what it was told, in words."""
        ...


class Temper:
    """How a platform is: each request draws by its number, so that the same run has the same answers."""

    def __init__(self, seed: int, name: str, faults: Mapping[str, Any]) -> None:
        self._moods: list[Mood] = []
        self._key = key(seed, name, "mood")
        self._number = 0
        self._faults = faults

    def take(self, mood: Mood) -> None:
        """Be in a mood besides those that it is in; the last one is asked first."""
        self._moods.insert(0, mood)

    def leave(self, mood: Mood) -> None:
        """Be in that mood no more."""
        self._moods.remove(mood)

    def fault(self) -> Any:
        """Return what is wrong with the answer to the next request; None: nothing."""
        for mood in self._moods:
            self._number += 1
            if uniform(self._key, self._number) < mood.share:
                return self._faults[mood.what]
        return None


NGSI_LD: Final = {
    "busy": ngsi_ld.Fault(status=503, detail="busy"),
    "refuses": ngsi_ld.Fault(status=403, detail="no"),
    "stalls": ngsi_ld.Fault(delay_s=LONG_S),
}
EVENTS: Final = {
    "busy": event_receiver.Fault(status=503),
    "refuses": event_receiver.Fault(status=403),
    "stalls": event_receiver.Fault(delay_s=LONG_S),
}
MQTT: Final = {
    "busy": mqtt_platform.Fault(reason=QUOTA_EXCEEDED),
    "refuses": mqtt_platform.Fault(reason=mqtt_platform.PAYLOAD_INVALID),
    "stalls": mqtt_platform.Fault(silent=True),
}


class _Kept(ngsi_ld.Kept):
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

    def __init__(self, seed: int, name: str, told: Told) -> None:
        self.temper = Temper(seed, name, NGSI_LD)
        super().__init__()
        self.kept = _Kept(told)

    @property  # asked once for each request
    def mood(self) -> ngsi_ld.Fault | None:
        """What is wrong with the next answer."""
        self.batches.clear()  # of days
        return self.temper.fault()  # type: ignore[no-any-return]  # of `NGSI_LD`

    @mood.setter
    def mood(self, _: ngsi_ld.Fault | None) -> None:
        pass

    def problems(self) -> list[str]:
        """Return what was wrong with what it was told."""
        return [f"an older value went over a newer one: {words}" for words in self.kept.went_back]


class SenMlBroker(MqttPlatform):
    """A broker of MQTT 5 whose subscriber reads SenML packs."""

    def __init__(self, seed: int, name: str, told: Told) -> None:
        self.temper = Temper(seed, name, MQTT)
        super().__init__()
        self._city = SenMlCity()
        self._told = told
        self._words: list[str] = []

    @property  # asked once for each publication
    def mood(self) -> mqtt_platform.Fault | None:
        """What is wrong with the next answer."""
        return self.temper.fault()  # type: ignore[no-any-return]  # of `MQTT`

    @mood.setter
    def mood(self, _: mqtt_platform.Fault | None) -> None:
        pass

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

    def __init__(self, seed: int, name: str, told: Told) -> None:
        self.temper = Temper(seed, name, EVENTS)
        super().__init__(judge=self._judged)
        self._told = told
        self._words: list[str] = []

    @property  # asked once for each request
    def mood(self) -> event_receiver.Fault | None:
        """What is wrong with the next answer."""
        return self.temper.fault()  # type: ignore[no-any-return]  # of `EVENTS`

    @mood.setter
    def mood(self, _: event_receiver.Fault | None) -> None:
        pass

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


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of platform: what makes one, and what `brygga.toml` says of it besides name and URL."""

    make: Callable[[int, str, Told], City]
    keys: str


KINDS: Final[Mapping[str, Kind]] = {
    "ngsi_ld": Kind(NgsiLdCity, 'format = "ngsi_ld"'),
    "senml": Kind(SenMlBroker, 'format = "senml"'),
    "json": Kind(EventCity, 'format = "json"\noptions = { topic = "/brygga/{dev_eui}/event" }'),
}


def city(kind: str, name: str, seed: int, taken: Callable[[UUID, bool], None], strange: Callable[[str], None]) -> City:
    """Return a platform of a kind; ``taken`` gets the ids of uplinks and whether the same came again, ``strange`` what is none."""
    seen: set[int] = set()  # hashes: of days there are millions

    def told(text: str, part: str) -> None:
        try:
            uplink = UUID(text)
        except ValueError:
            strange(text)
        else:
            what = key(text, part)
            taken(uplink, what in seen)
            seen.add(what)

    return KINDS[kind].make(seed, name, told)


def destinations(cities: Iterable[tuple[str, str, City, bool]]) -> str:
    """Return the destinations' sections of `brygga.toml`: name, kind, platform, and whether its devices have its tag."""
    return "".join(
        f'\n[[destination]]\nname = "{name}"\nurl = "{one.url}"\n{KINDS[kind].keys}\n'
        + (f'tags = ["{tag_of(name)}"]\n' if by_tag else "")
        for name, kind, one, by_tag in cities
    )


def tag_of(platform: str) -> str:
    """Return the tag of the devices that a platform gets."""
    return slug(platform)
