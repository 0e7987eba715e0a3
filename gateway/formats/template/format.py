"""Templates as a format: one message an uplink, or one an observation, filled in and sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, get_args

from gateway.formats import Conversation
from gateway.formats.naming import known_as
from gateway.formats.parts import OneByOne, Said, request_about, standing_alone
from gateway.formats.patience import UNKNOWN_PLATFORM
from gateway.formats.rounds import Rounds
from gateway.formats.template import language
from gateway.formats.template.examples import EXAMPLES
from gateway.formats.template.values import EVERYTHING_RAW, FIELDS, TIMES, TIMES_SAID, VALUES, Scope, chosen
from gateway.model import Item, Json, Observation, Request

Per = Literal["uplink", "observation"]
Late = Literal["send", "refuse"]
MEDIA_TYPE: Final = re.compile(r"[\w.+-]+/[\w.+-]+(;[\x20-\x7e]*)?")
BODY: Final = (
    '{"id":{id},"device":{dev_eui},"time":{time},'
    '"observations":[{each}{"quantity":{quantity},"channel":{channel},"value":{value},"unit":{unit},"time":{time}}{end}]}'
)


class Template(OneByOne):
    """Topic, URL and body as a person writes them, for a platform that nobody has met; checked at start with an example."""

    def __init__(
        self,
        *,
        topic: str = "brygga/{dev_eui}",
        body: str = BODY,
        content_type: str = "application/json",
        per: Per = "uplink",
        method: Literal["POST", "PUT", "PATCH"] = "POST",
        late: Late | None = None,
        ids: Mapping[str, str] | None = None,
    ) -> None:
        """Take what goes out and where; ValueError says what is wrong with it and what would be right.

        ``topic``: an MQTT topic, or the path behind the URL where it begins with /. ``per``: one message an uplink, or
        one an observation. ``late``: "refuse" keeps a reading that is older than one delivered of the same device as a dead
        letter; needed where the body says no time. ``ids``: what the platform calls a device, by DevEUI: {device}.
        """
        _check(per=per, method=method, late=late, content_type=content_type)
        self._single = per == "observation"
        self._topic = language.read("topic", language.target, topic, per_observation=self._single)
        self._body = language.read("body", language.body, body, content_type, per_observation=self._single)
        self._content_type, self._method = content_type, method
        self._ids = known_as(ids)
        paths = [*self._topic.paths(), *self._body.paths()]
        self._names = frozenset(name for name, _ in paths)
        self._says_all = self._single or any(each for _, each in paths) or not self._names.isdisjoint(EVERYTHING_RAW)
        self._dated = frozenset(name.removeprefix(TIMES) for name in self._names if name.startswith(TIMES))
        self._values = tuple(sorted(name.removeprefix(VALUES) for name in self._names if name.startswith(VALUES)))
        self._late: Late = late or "send"
        self._check_words(late)

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Send the messages side by side, or each device's one after the other; what is told again has the same words."""
        return Rounds(batch, memory, self, late=self._late, patience=UNKNOWN_PLATFORM).talk()

    def say(self, item: Item) -> Said:
        """Return the messages of ``item``, and what has no place in the template."""
        expressible = self._expressible(item)
        unsaid = [one.quantity for one in item.observations if one not in expressible]
        if len(unsaid) == len(item.observations):
            return Said((), unsaid)
        refusals: list[str] = []
        requests = list(self._requests(item, refusals))
        return standing_alone(item, requests, inexpressible=unsaid, refused=refusals)

    def _expressible(self, item: Item) -> Sequence[Observation]:
        if self._says_all:
            return item.observations
        scope = self._scope(item)
        return [one for name in self._values if (one := chosen(scope, name)) is not None]

    def _requests(self, item: Item, refusals: list[str]) -> Iterator[Request]:
        for observation in item.observations if self._single else (None,):
            try:
                yield self._request(self._scope(item, observation))
            except language.Missing as missing:
                refusals.append(f"topic: {missing.words}")

    def _request(self, scope: Scope) -> Request:
        return request_about(
            scope.item,
            self._topic.fill(scope),
            self._body.fill(scope).encode("utf-8", "replace"),
            content_type=self._content_type,
            method=self._method,
        )

    def _scope(self, item: Item, observation: Observation | None = None) -> Scope:
        device = item.device
        name = self._ids.get(device.dev_eui) or device.name or device.dev_eui
        return Scope(item, name, observation, self._dated)

    # ── at start ──

    def _check_words(self, late: Late | None) -> None:
        body = frozenset(name for name, _ in self._body.paths())
        if self._single and body.isdisjoint({"value", "value.number"}):
            raise ValueError("body: says no {value}")
        if not (self._says_all or self._values or any(name.startswith(FIELDS) for name in body)):
            raise ValueError(
                "body: says nothing of what was measured; {each}…{value}…{end} or {values.air_temperature} does"
            )
        if late is None and body.isdisjoint(TIMES_SAID) and not self._dated:
            raise ValueError(
                "body: says no {time}, and what waited here would look new there; add it, or choose late = 'refuse' or 'send'"
            )
        if language.is_json(self._content_type):
            for example in EXAMPLES:
                self._check_example(example)

    def _check_example(self, item: Item) -> None:
        for observation in item.observations if self._single else (None,):
            text = self._body.fill(self._scope(item, observation))
            try:
                json.loads(text)
            except ValueError as error:
                raise ValueError(f"body: gives no JSON for an example: {error}: {text[:200]}") from error


def _check(*, per: str, method: str, late: str | None, content_type: str) -> None:
    if per not in get_args(Per):
        raise ValueError(f"per: {per!r} is neither 'uplink' nor 'observation'")
    if method not in {"POST", "PUT", "PATCH"}:
        raise ValueError(f"method: {method!r} is none of 'POST', 'PUT', 'PATCH'")
    if late not in {None, *get_args(Late)}:
        raise ValueError(f"late: {late!r} is neither 'send' nor 'refuse'")
    if MEDIA_TYPE.fullmatch(content_type) is None:
        raise ValueError(f"content_type: {content_type!r} is no media type; 'application/json' is one")
