"""What a SensorThings server reads of what is published to it: an Observation, to the topic of a Datastream (OGC 18-088, section 14.2).

The real one says nothing about what it cannot read. Here the PUBACK does, so that a dry run shows what would be lost.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from simulators.platforms.mqtt import Received
from simulators.platforms.mqtt_platform import read_object
from simulators.platforms.sensorthings_rules import MORE

TOPIC: Final = re.compile(r"v1\.[01]/Datastreams\((\d+|'[^']+')\)/Observations")
MEMBERS: Final = frozenset({"result", "FeatureOfInterest", *MORE["Observations"]})
TIMES: Final = ("phenomenonTime", "resultTime")


def check(received: Received) -> str:
    """Return why nothing would come of a message, "" where an Observation would."""
    if TOPIC.fullmatch(received.topic) is None:
        return f"{received.topic} is no Datastream's: v1.1/Datastreams(5)/Observations is right"
    said = read_object(received.payload)
    if said is None or "result" not in said:
        return f"{received.topic}: no Observation: an object with a result is expected"
    if strange := sorted(said.keys() - MEMBERS):
        return f"{received.topic}: an Observation has no member {strange[0]!r}"
    return next(
        (f"{received.topic}: {name}: {said[name]!r} is no time" for name in TIMES if not _is_time(said.get(name))), ""
    )


def _is_time(value: object) -> bool:
    if value is None:
        return True
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False
