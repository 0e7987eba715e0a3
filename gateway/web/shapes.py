"""The shapes of answers, in the words of JSON Schema (2020-12), which OpenAPI 3.1 speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Shape = Mapping[str, Any]

TEXT: Final[Shape] = {"type": "string"}
WHOLE: Final[Shape] = {"type": "integer"}
NUMBER: Final[Shape] = {"type": "number"}
TRUTH: Final[Shape] = {"type": "boolean"}
ANYTHING: Final[Shape] = {}
TABLE: Final[Shape] = {"type": "object", "additionalProperties": True}
COUNTS: Final[Shape] = {"type": "object", "additionalProperties": {"type": "integer"}}
TIME: Final[Shape] = {"type": "string", "format": "date-time"}


def maybe(shape: Shape) -> Shape:
    """Return what is ``shape`` or null."""
    return {"anyOf": [shape, {"type": "null"}]}


def each(shape: Shape) -> Shape:
    """Return a list of ``shape``."""
    return {"type": "array", "items": shape}


def by_name(shape: Shape) -> Shape:
    """Return an object whose values are ``shape``."""
    return {"type": "object", "additionalProperties": shape}


def whole(**fields: Shape) -> Shape:
    """Return an object that has all of ``fields`` and no others."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def at_least(**fields: Shape) -> Shape:
    """Return an object that has all of ``fields``, and others that may come and go between versions."""
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": True}


def tuple_of(*shapes: Shape) -> Shape:
    """Return a list of just these."""
    return {"type": "array", "prefixItems": list(shapes), "minItems": len(shapes), "maxItems": len(shapes)}


def told(shape: Shape, words: str) -> Shape:
    """Return ``shape`` with its meaning."""
    return {**shape, "description": words}


PROBLEMS: Final = whole(problems=told(each(TEXT), "what is wrong, where, and what would be right; a line each"))

WHO: Final = whole(
    role=told(maybe({"enum": ["metrics", "view", "operate", "admin"]}), "null: nobody is logged in"),
    csrf=told(maybe(TEXT), "goes into `X-CSRF-Token` with all that is not GET; null with a token, and without a login"),
    gateway=told(maybe(TEXT), "the gateway's name; null without a login"),
    version=told(maybe(TEXT), "Brygga's; null without a login"),
    needs_password=told(TRUTH, "whether this box has a password"),
)

BY_MINUTE: Final[Shape] = {"type": "array", "items": WHOLE, "minItems": 60, "maxItems": 60}
MINUTES: Final = whole(
    heard=told(
        BY_MINUTE,
        "frames, or a network server's uplinks, in each of the last sixty minutes, the oldest first; the last one runs",
    ),
    broken=told(BY_MINUTE, "packets with a wrong CRC, as far as gateways tell of them"),
)

STATUS: Final = at_least(
    agent=at_least(name=TEXT, version=TEXT, running=TRUTH),
    journal=at_least(rows=WHOLE, alarms=each(at_least(kind=TEXT, since=TIME, words=TEXT, until_seen=TRUTH))),
    destinations=by_name(at_least(waiting=WHOLE, held=COUNTS, configured=TRUTH)),
    sources=told(
        each(at_least(name=TEXT, type=TEXT, minutes=MINUTES)),
        "each of its `gateways`, where it has any, has `lately`: `minutes`, `heard` and `broken` of the last ten minutes, and of the hour",
    ),
    clock=at_least(utc=TIME, quality=TEXT, trusted=TRUTH, words=TEXT),
    network=at_least(devices=WHOLE, sessions=WHOLE, counts=COUNTS, refused=COUNTS),
    since_s=NUMBER,
    web=at_least(listening=maybe(TEXT), refused=COUNTS),
)

LISTED_DEVICE: Final = whole(
    dev_eui=TEXT,
    name=TEXT,
    decoder=told(maybe(TEXT), "vendor/model; null: its uplinks are kept undecoded"),
    activation=TEXT,
    tags=each(TEXT),
    last_heard_s=told(maybe(NUMBER), "seconds since its last frame; null: not heard, as far back as was looked"),
    rssi_dbm=maybe(NUMBER),
    snr_db=maybe(NUMBER),
    battery=told(maybe(NUMBER), "per cent, as the device tells; null: it does not tell"),
    battery_v=told(maybe(NUMBER), "volts, as the device tells; null: it does not tell"),
    external_power=told(TRUTH, "it says that it has no need of its battery"),
)
DEVICES: Final = whole(
    total=told(WHOLE, "how many fit search and tag"),
    registered=told(WHOLE, "how many there are"),
    devices=each(LISTED_DEVICE),
    tags=told(COUNTS, "all tags, with how many devices have them"),
)

ADDED: Final = at_least(
    added=WHOLE, changed=WHOLE, unchanged=WHOLE, warnings=each(TEXT), dev_eui=TEXT, activation=TEXT, decoder=TEXT
)
REMOVED: Final = whole(removed=WHOLE, unknown=each(TEXT))
LABEL: Final = whole(
    cells=told(by_name(TEXT), "columns of a devices file, as `POST devices` takes them"),
    problems=told(each(TEXT), "what cannot be read of it; then there are no cells"),
    remarks=told(each(TEXT), "what a person should know: keys that it does not say"),
    is_known=told(TRUTH, "a device with this DevEUI is registered; adding changes it"),
    proposed=told(
        maybe(at_least(maker=TEXT, decoders=each(TEXT), why=TEXT)),
        "decoders that it may need, by its maker, the likeliest first",
    ),
)

DOWNLINK: Final = at_least(id=WHOLE, dev_eui=TEXT, f_port=WHOLE, payload=TEXT, state=TEXT, words=TEXT)
DROPPED: Final = whole(dropped=WHOLE, unknown=each(WHOLE))

DEVICE: Final = at_least(
    dev_eui=TEXT,
    name=TEXT,
    decoder=maybe(TEXT),
    activation=TEXT,
    tags=each(TEXT),
    running=TRUTH,
    last_heard_s=maybe(NUMBER),
    last_heard=maybe(TIME),
    sessions=each(TABLE),
    events=each(at_least(at=TIME, what=TEXT)),
    radio=maybe(TABLE),
    status=maybe(TABLE),
    gateways=each(TABLE),
    frames=each(at_least(heard_at=TIME, f_cnt=WHOLE, f_port=WHOLE, payload=TEXT)),
    refused=each(TABLE),
    downlinks=each(DOWNLINK),
)

HISTORY: Final = whole(
    series=each(
        whole(
            quantity=TEXT,
            unit=TEXT,
            channel=maybe(TEXT),
            points=told(
                each(tuple_of(NUMBER, {"type": ["number", "boolean"]})), "[seconds since 1970, value], the oldest first"
            ),
        )
    ),
    radio=told(
        each(tuple_of(NUMBER, maybe(NUMBER), maybe(NUMBER), maybe(WHOLE))),
        "[seconds since 1970, RSSI in dBm, SNR in dB, spreading factor], the oldest first",
    ),
    undecoded=told(WHOLE, "uplinks of which no decoder could make readings"),
    is_all=told(TRUTH, "false: it looked only so far back, and the first point is where it ended"),
    since=told(TIME, "from when on all there is was looked at"),
)

READING: Final = whole(
    quantity=TEXT,
    value={"type": ["number", "boolean"]},
    unit=TEXT,
    channel=maybe(TEXT),
    at=maybe(TIME),
    plausibility=TEXT,
)
TRIED: Final = {
    "anyOf": [
        at_least(readings=each(READING), fields=TABLE, warnings=each(TEXT)),
        whole(error=told(TEXT, "why it cannot be read")),
    ]
}
DECODERS: Final = whole(
    total=WHOLE,
    decoders=each(
        at_least(name=TEXT, title=TEXT, vendor=TEXT, kind=TEXT, source=TEXT, licence=TEXT, quantities=each(TEXT))
    ),
)

SOURCES: Final = whole(running=TRUTH, sources=each(at_least(name=TEXT, type=TEXT, status=maybe(TABLE))))
DESTINATION: Final = at_least(waiting=WHOLE, oldest_s=maybe(NUMBER), held=COUNTS, configured=TRUTH)
ANSWERED: Final = whole(
    at=TIME,
    method=TEXT,
    target=TEXT,
    requests=told(WHOLE, "that went together; this is the one that went worst, or the last"),
    verdict={"enum": ["taken", "refused", "later", "unclear"]},
    status=WHOLE,
    detail=TEXT,
    sent=told(TEXT, "the beginning of what was sent, without secrets"),
    answered=told(TEXT, "the beginning of what came back"),
)
ONE_DESTINATION: Final = at_least(
    name=TEXT,
    waiting=WHOLE,
    held=COUNTS,
    configured=TRUTH,
    answers=told(each(ANSWERED), "of the platform, the newest first; since the start"),
)
DEAD_LETTER: Final = at_least(
    id=WHOLE, destination=TEXT, kind=TEXT, reason=TEXT, held_at=TIME, uplink=TEXT, dev_eui=TEXT, payload=TEXT
)
COUNT: Final = whole(count=WHOLE)

PLACE: Final[dict[str, Shape]] = {
    "x_m": told(NUMBER, "metres east of the middle"),
    "y_m": told(NUMBER, "metres north of the middle"),
}
SITE: Final = whole(
    middle=maybe(whole(latitude=NUMBER, longitude=NUMBER)),
    gateways=each(whole(gateway=TEXT, **PLACE, latitude=NUMBER, longitude=NUMBER)),
    devices=each(
        whole(
            dev_eui=TEXT,
            name=TEXT,
            **PLACE,
            last_heard_s=maybe(NUMBER),
            rssi_dbm=maybe(NUMBER),
            snr_db=maybe(NUMBER),
        )
    ),
    without_place=told(WHOLE, "registered devices that no place is known of"),
)

FINDINGS: Final = each(
    whole(
        check=TEXT,
        standing={"enum": ["wrong", "unwise", "unknown", "well"]},
        seen=TEXT,
        means=told(TEXT, "what the ill means, in English"),
        do=told(TEXT, "what to do, in English; empty where all is well"),
        about=told(TEXT, "which source, destination or file; empty: the box"),
        ill=told(TEXT, "what is wrong, by a name that stays; `unseen.…` where it could not be looked at"),
        keys=told({"type": "object", "additionalProperties": TEXT}, "what fills `do`, for one in another language"),
    )
)
LINES: Final = whole(
    lines=each(whole(at=TIME, level=TEXT, name=TEXT, text=TEXT)),
    dropped=told(WHOLE, "older lines that memory has no more"),
)
