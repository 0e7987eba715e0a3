"""Plain JSON events of our own: all of an uplink in one object (event.py has its words), or each observation alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, get_args

from gateway.formats import Conversation
from gateway.formats.event import Table, certainty, dumps, head, observation, observations, plain, radio
from gateway.formats.naming import known_as
from gateway.formats.parts import Arrays, Said, request_about, standing_alone
from gateway.formats.patience import UNKNOWN_PLATFORM
from gateway.formats.rounds import Rounds
from gateway.formats.template import language
from gateway.formats.template.values import Scope
from gateway.model import Item, Json, Observation, Request

Part = Literal["observations", "fields", "radio"]
PARTS: Final[Mapping[str, Callable[[Item], Json]]] = {
    "observations": observations,
    "fields": lambda item: plain(item.decoded.fields),
    "radio": radio,
}


class JsonEvent(Arrays):
    """Plain JSON: id, device, time, observations, raw fields and radio of an uplink in one object."""

    def __init__(
        self,
        *,
        topic: str = "brygga/{dev_eui}/event",
        per: Literal["uplink", "observation"] = "uplink",
        parts: Sequence[Part] = ("observations", "fields", "radio"),
        batch: int = 1,
        ids: Mapping[str, str] | None = None,
    ) -> None:
        """Take where events go and what is in them; ValueError says what is wrong.

        ``topic``: an MQTT topic, or the path behind the URL where it begins with /; it may hold what a template's may.
        ``per``: one event an uplink, or one an observation. ``batch``: from 2 on so many events of one topic go together
        as an array. ``ids``: what the platform calls a device, by DevEUI: the event's device.id and {device}.
        """
        if per not in {"uplink", "observation"}:
            raise ValueError(f"per: {per!r} is neither 'uplink' nor 'observation'")
        if isinstance(parts, str) or not set(parts) <= set(get_args(Part)):
            raise ValueError(f"parts: {parts!r} is no list of {', '.join(map(repr, get_args(Part)))}")
        if per == "uplink" and "observations" not in parts:
            raise ValueError("parts: without 'observations' nothing of what was measured is told")
        if batch < 1:
            raise ValueError(f"batch: {batch} is less than 1")
        super().__init__(batch)
        self._single, self._parts = per == "observation", tuple(parts)
        self._topic = language.read("topic", language.target, topic, per_observation=self._single)
        self._ids = known_as(ids)

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Send all events side by side; what is told again has the same ids and the same octets."""
        return Rounds(batch, memory, self, patience=UNKNOWN_PLATFORM).talk()

    def say(self, item: Item) -> Said:
        """Return the events of ``item``."""
        name = self._ids.get(item.device.dev_eui) or item.device.name or item.device.dev_eui
        requests: list[Request] = []
        refusals: list[str] = []
        for one in self._told(item):
            try:
                target = self._topic.fill(Scope(item, name, one))
            except language.Missing as missing:
                refusals.append(f"topic: {missing.words}")
            else:
                requests.append(request_about(item, target, dumps(self._event(item, name, one))))
        return standing_alone(item, requests, refused=refusals)

    def _told(self, item: Item) -> Sequence[Observation | None]:
        if self._single:
            return item.observations
        return (None,) if item.observations else ()

    def _event(self, item: Item, name: str, one: Observation | None) -> Table:
        if one is None:
            return head(item, name) | {part: PARTS[part](item) for part in self._parts}
        said = {"uplink": str(item.uplink.id), "device": head(item, name)["device"], **observation(one, item)}
        rest: Table = {part: PARTS[part](item) for part in self._parts if part != "observations"}
        return {**said, **certainty(item.uplink.heard_at), **rest}
