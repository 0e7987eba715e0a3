"""One suite over all formats: what a platform can answer, it may; what a format must keep, it keeps."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decoders.contract import Reading
from gateway.formats import Format
from gateway.formats.catalogue import FORMATS
from gateway.model import Answer, Item, Json, Receipt, Request, Verdict
from gateway.transports.http_answer import verdict
from gateway.transports.reasons import NAMES, puback
from tests.formats.every_format import MADE
from tests.formats.items import converse, item
from tests.formats.matrix.backlog import DEVICES, ROUND, backlog
from tests.formats.telling import NOW

FEW: Final = backlog(ROUND, until=NOW.utc, every=timedelta(seconds=1))
MIXED: Final = [
    *FEW[:5],
    item(row=900, device=DEVICES[0], heard_at=FEW[5].uplink.heard_at.utc),
    *FEW[40:45],
    *FEW[-2:],
]  # one of them holds nothing
every_format = pytest.mark.parametrize("name", MADE)

# ── what a platform can answer ──

text = st.text(max_size=12)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(allow_nan=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
KEYS: Final = (
    "success",
    "errors",
    "entityId",
    "error",
    "description",
    "status",
    "type",
    "title",
    "detail",
    "message",
    "notUpdated",
    "attributeName",
    "value",
    "@iot.id",
    "@iot.selfLink",
    "@iot.nextLink",
    "parameters",
    "phenomenonTime",
    "resultTime",
    "unitOfMeasurement",
    "properties",
)
shaped = st.dictionaries(st.sampled_from(KEYS), json_values | st.lists(json_values, max_size=3), max_size=5)
bodies = st.one_of(
    st.binary(max_size=40),
    json_values.map(lambda value: json.dumps(value).encode()),
    shaped.map(lambda value: json.dumps(value).encode()),
    st.lists(shaped | st.just("error"), max_size=4).map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 100_000, b'{"value":', b"\xff\xfe", b"null", b'{"a":1e999}', b'"\\ud800"']),
)
headers = st.dictionaries(st.sampled_from(["Location", "Retry-After", "Content-Type"]), text, max_size=2)
waits = st.none() | st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def http_answers(draw: st.DrawFn) -> Answer:
    status = draw(st.integers(200, 599) | st.sampled_from([200, 201, 204, 207, 400, 401, 404, 409, 413, 422, 429, 500]))
    return Answer(
        verdict=verdict(status),
        status=status,
        detail=draw(text),
        body=draw(bodies),
        headers=draw(headers),
        retry_after=draw(waits),
    )


broken = st.sampled_from([Verdict.UNCLEAR, Verdict.LATER]).map(lambda one: Answer(verdict=one, status=0))
answers: st.SearchStrategy[Answer] = st.one_of(http_answers(), st.sampled_from(sorted(NAMES)).map(puback), broken)


@every_format
@settings(max_examples=40)
@given(data=st.data())
def test_no_answer_raises_and_every_row_ends_once(name: str, data: st.DataObject) -> None:
    platform = MADE[name]()

    first = said_by(platform, {}, lambda _: data.draw(answers))
    receipt = said_by(platform, after({}, first), lambda _: data.draw(answers))

    ends = [receipt.accepted, receipt.refused.keys(), receipt.undecided.keys()]
    assert sum(map(len, ends)) == len(frozenset().union(*ends)) == len(MIXED)
    assert all([*receipt.refused.values(), *receipt.undecided.values()])
    json.dumps(dict(receipt.memory), allow_nan=False)


def said_by(platform: Format, memory: Mapping[str, Json], answer: Callable[[Request], Answer]) -> Receipt:
    _, receipt = converse(platform, MIXED, answer, memory)
    return receipt


def after(memory: Mapping[str, Json], receipt: Receipt) -> dict[str, Json]:
    """Return the memory as the journal has it: what is None is forgotten."""
    return {key: value for key, value in {**memory, **receipt.memory}.items() if value is not None}


@every_format
@pytest.mark.parametrize(
    "status", [200, 201, 204, 207, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 502, 503]
)
def test_an_answer_without_a_body_ends_every_row(name: str, status: int) -> None:
    receipt = said_by(MADE[name](), {}, lambda _: Answer(verdict=verdict(status), status=status))

    assert receipt.accepted | receipt.refused.keys() | receipt.undecided.keys() == {one.row for one in MIXED}


@every_format
@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_nothing_is_lost_for_what_is_not_about_the_message(name: str, status: int) -> None:
    receipt = said_by(MADE[name](), {}, lambda _: Answer(verdict=Verdict.LATER, status=status, detail="not now"))

    assert receipt.refused == {}
    assert receipt.undecided


# ── what a format keeps ──


@dataclass
class Server:
    """A platform that takes all: also one whose entities have to be made, and are then there."""

    made: Counter[str] = field(default_factory=Counter)
    number: int = 0

    def __call__(self, request: Request) -> Answer:
        self.number += 1
        if request.method == "GET":
            return Answer(verdict=Verdict.TAKEN, status=200, body=b'{"value":[]}')
        if request.target.endswith("/CreateObservations"):
            count = sum(len(group["dataArray"]) for group in json.loads(request.body))
            return Answer(verdict=Verdict.TAKEN, status=201, body=json.dumps(["link"] * count).encode())
        location = {"Location": f"http://x/v1.1/Things({self.number})"}
        return Answer(verdict=Verdict.TAKEN, status=201, headers=location, body=b"[]")


@every_format
def test_the_memory_grows_with_devices_and_quantities_and_not_with_uplinks(name: str) -> None:
    platform, server = MADE[name](), Server()
    told: Json = {}
    sizes = []

    for rounds in range(3):
        batch = [replaced(one, rounds) for one in backlog(8 * ROUND, until=NOW.utc, every=timedelta(milliseconds=500))]
        for start in range(0, len(batch), 100):
            _, receipt = converse(platform, batch[start : start + 100], server, told)
            told = after(told, receipt)
        sizes.append(len(told))

    assert sizes[-1] <= sizes[0] + 4 * 8  # a device that moves may have as many places, and no more


def replaced(one: Item, rounds: int) -> Item:
    """Return the same uplink as another row, later."""
    later = timedelta(seconds=600 * rounds)
    heard_at = replace(one.uplink.heard_at, utc=one.uplink.heard_at.utc + later)
    observations = tuple(replace(each, observed_at=each.observed_at + later) for each in one.observations)
    return replace(
        one,
        row=type(one.row)(one.row + 10_000 * rounds),
        uplink=replace(one.uplink, heard_at=heard_at),
        observations=observations,
    )


@every_format
def test_the_same_rows_and_memory_give_the_same_octets(name: str) -> None:
    first, _ = converse(MADE[name](), FEW, Server())
    second, _ = converse(MADE[name](), FEW, Server())

    assert first == second


@every_format
def test_every_quantity_is_said_or_counted_as_inexpressible(name: str) -> None:
    for one in FEW:
        waves, receipt = converse(MADE[name](), [one], Server())

        asked = [request for wave in waves for request in wave if request.method != "GET" and request.body]
        assert receipt.refused == {}
        assert bool(asked) or sum(receipt.inexpressible.values()) == len(one.observations), one.observations
        assert set(receipt.inexpressible) <= {each.quantity for each in one.observations}


@every_format
def test_what_is_told_again_goes_out_as_it_was(name: str) -> None:
    platform = MADE[name]()
    batch: Sequence[Item] = FEW[:20]
    unclear = Answer(verdict=Verdict.UNCLEAR, status=0, detail="no answer")

    first, receipt = converse(platform, batch, unclear)
    again, _ = converse(platform, batch, Server(), after({}, receipt))

    told = {essence(request) for wave in first for request in wave}
    retold = {essence(request) for wave in again for request in wave}
    assert told & retold or "sensorthings" in name or "in arrays" in name  # those ask first, or send it alone


def essence(request: Request) -> tuple[str, str, bytes]:
    return request.method, request.target, request.body


@every_format
def test_texts_that_no_vendor_should_send_go_out_whole_or_are_named(name: str) -> None:
    hostile = ["a/b+c#d", 'quote"and\\', "\x00", "å" * 300, "\ud800", "<script>", "%2F", "{device}", "' or 1 eq 1"]
    batch = [
        item(Reading("air_temperature", 20 + row, "Cel", channel=channel), row=row, device=DEVICES[row % 8])
        for row, channel in enumerate(hostile, start=1)
    ]

    _, receipt = converse(MADE[name](), batch, Server())

    assert receipt.accepted | receipt.refused.keys() == {one.row for one in batch}


def test_every_format_of_the_catalogue_is_in_this_suite() -> None:
    assert {name.split(",")[0] for name in MADE} == set(FORMATS)
