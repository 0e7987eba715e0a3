"""Observations as JSON: alone, or many as a DataArray (OGC 15-078r6, sections 8.2.7 and 12.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from gateway.formats.event import certainty
from gateway.formats.sensorthings.entities import result
from gateway.formats.sensorthings.refs import Ref, as_id
from gateway.model import Json, Observation, Plausibility, TimeQuality, Uplink

COMPONENTS: Final = ("phenomenonTime", "resultTime", "result", "parameters")
FEATURE: Final = "FeatureOfInterest/id"

Cell = tuple[Observation, Uplink, Ref | None]  # what is said, of which uplink, at which feature


def single(observation: Observation, uplink: Uplink, **links: Json) -> bytes:
    """Return the body of one Observation; ``links`` are its navigation properties."""
    said = dict(zip(COMPONENTS, _cells(observation, uplink), strict=True))
    return _json({**said, **links})


def data_array(groups: Sequence[tuple[Ref, Sequence[Cell]]]) -> bytes:
    """Return the body of CreateObservations: the cells of each Datastream; all of a group have a feature, or none."""
    return _json([_group(stream, cells) for stream, cells in groups])


def reference(ref: Ref) -> Mapping[str, Json]:
    """Return how a body names an entity that is there."""
    return {"@iot.id": as_id(ref)}


@lru_cache(maxsize=256)  # the observations of an uplink share their times
def time(at: datetime) -> str:
    """Return a time in UTC with milliseconds and Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _group(stream: Ref, cells: Sequence[Cell]) -> Json:
    placed = cells[0][2] is not None
    rows = [
        [*_cells(observation, uplink), *([] if feature is None else [as_id(feature)])]
        for observation, uplink, feature in cells
    ]
    return {
        "Datastream": reference(stream),
        "components": [*COMPONENTS, FEATURE] if placed else list(COMPONENTS),
        "dataArray@iot.count": len(rows),
        "dataArray": rows,
    }


def _cells(observation: Observation, uplink: Uplink) -> Sequence[Json]:
    return (
        time(observation.observed_at),
        time(uplink.heard_at.utc),
        result(observation),
        _parameters(observation, uplink),
    )


def _parameters(observation: Observation, uplink: Uplink) -> Mapping[str, Json]:
    """Return who the observation is, so that a repetition can be known, and what is to be known of it."""
    said: dict[str, Json] = {"observation": str(observation.id), "uplink": str(observation.uplink_id)}
    if observation.plausibility is Plausibility.IMPLAUSIBLE:
        said["plausibility"] = observation.plausibility.value
    if observation.time_quality < TimeQuality.NTP:
        said |= certainty(uplink.heard_at)
    return said


def _json(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
