"""AWS IoT Core: another format's messages in topics that the message broker takes.

Its limits are no broker's Maximum Packet Size, so they are held here: a topic of 256 octets and eight levels, the prefix
of Basic Ingest (``$aws/rules/<rule>/``) not counted, and 128 KiB a message (AWS General Reference, "AWS IoT Core
endpoints and quotas"; the SDKs' client-side checks, aws-c-mqtt, have the same numbers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.formats import Conversation, Identity
from gateway.formats.clouds import LIMIT, Body, body_of, posted
from gateway.formats.naming import known_as
from gateway.formats.template import language
from gateway.formats.template.examples import EXAMPLES
from gateway.formats.template.values import Scope
from gateway.model import Item, Json, Request

LARGEST: Final = 131_072  # octets of a message
LONGEST_TOPIC: Final = 256  # octets
MOST_LEVELS: Final = 8
LONGEST_CLIENT_ID: Final = 128  # octets; also of a thing's name
BASIC_INGEST: Final = re.compile(r"\$aws/rules/[A-Za-z0-9_]+/")
THING: Final = re.compile(r"[a-zA-Z0-9:_-]{0,128}")  # AWS IoT API Reference, CreateThing


class AwsIot:
    """AWS IoT Core: one message an uplink, in a topic of the gateway's own; the gateway is one thing."""

    def __init__(
        self,
        *,
        topic: str = "brygga/{dev_eui}/up",
        thing: str = "",
        body: Body = "json",
        body_options: Mapping[str, Json] | None = None,
        ids: Mapping[str, str] | None = None,
    ) -> None:
        """Take topic, thing and body; ValueError says what is wrong.

        ``topic``: may hold what a template's may; ``$aws/rules/<rule>/…`` goes straight to a rule (Basic Ingest).
        ``thing``: the gateway's name there, and its client id; without it the client id is the configuration's.
        ``body``: whose words, with ``body_options``. ``ids``: what the platform calls a device, by DevEUI: {device}.
        """
        if THING.fullmatch(thing) is None:
            raise ValueError(f"thing: {thing!r} is no name of a thing: up to 128 letters, digits and : _ -")
        if topic.startswith("/"):
            raise ValueError(f"topic: {topic!r} begins with /, and that would be an empty level; AWS counts it as one")
        self._topic = language.read("topic", language.target, topic, per_observation=False)
        self._thing = thing
        self._ids = known_as(ids)
        try:
            _check_topic(self._topic.fill(Scope(EXAMPLES[1], EXAMPLES[1].device.dev_eui)))
        except language.Missing:  # of an example that knows hardly anything; each uplink is checked again
            pass
        except ValueError as error:
            raise ValueError(f"topic: {error}") from error
        self._body = body_of(body, body_options or {})

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Send each uplink as a message of its own; a repetition has the same uplink id."""
        return posted(batch, memory, self._body, self._address)

    def identity(self, host: str) -> Identity:  # noqa: ARG002 - AWS knows a thing by its certificate, at any of its hosts
        """Return how the gateway has to call itself."""
        return Identity(client_id=self._thing or None)

    def _address(self, item: Item, request: Request) -> Request:
        name = self._ids.get(item.device.dev_eui) or item.device.name or item.device.dev_eui
        try:
            topic = self._topic.fill(Scope(item, name))
        except language.Missing as missing:
            raise ValueError(f"topic: {missing.words}") from missing
        _check_topic(topic)
        octets = len(request.body)
        if octets > LARGEST:
            raise ValueError(LIMIT.format(octets=octets, platform="AWS IoT Core", most=LARGEST))
        return replace(request, target=topic)


def _check_topic(topic: str) -> None:
    """Hold a topic against AWS's limits; ValueError says which it breaks."""
    own = BASIC_INGEST.sub("", topic, count=1) if topic.startswith("$") else topic
    if own.startswith("$"):
        raise ValueError(f"{topic!r} is reserved by AWS; $aws/rules/<rule>/… is for messages to a rule")
    octets, levels = len(own.encode()), own.count("/") + 1
    if octets > LONGEST_TOPIC:
        raise ValueError(f"{own[:60]!r}… has {octets} octets; AWS IoT Core takes {LONGEST_TOPIC}")
    if levels > MOST_LEVELS:
        raise ValueError(f"{own!r} has {levels} levels; AWS IoT Core takes {MOST_LEVELS}")
