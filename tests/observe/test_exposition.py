"""The two text forms, read by the readers that Prometheus' own client has."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_open
from prometheus_client.parser import text_string_to_metric_families as read_text

from gateway.observe.exposition import Form, exposed, form_of
from gateway.observe.metric import Found, Kind, Metric, View, number

NASTY = 'a "quoted"\\ name\nof two lines {}'
# what Prometheus 2.42 sends (scrape/scrape.go, acceptHeader)
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


def metric(kind: Kind, find: Callable[[View], Found], labels: tuple[str, ...] = (), unit: str = "") -> Metric:
    return Metric(
        name=f"brygga_thing{f'_{unit}' if unit else ''}",
        kind=kind,
        help='What "it" is \\ and\nmore.',
        where="x",
        find=find,
        labels=labels,
        unit=unit,
    )


@pytest.mark.parametrize("form", Form)
def test_a_label_and_a_help_text_come_through_whatever_they_are(form: Form) -> None:
    one = metric(Kind.GAUGE, lambda _: [((NASTY,), 1.5)], ("name",))

    (family,) = (read_open if form is Form.OPEN else read_text)(exposed([one], {}, form))

    assert family.documentation == one.help
    assert family.samples[0].labels == {"name": NASTY}
    assert family.samples[0].value == 1.5


@pytest.mark.parametrize("value", [0.0, 1.0, 2.0**53, 1e300, 0.1, -3.25, math.inf, -math.inf])
@pytest.mark.parametrize("form", Form)
def test_a_number_is_told_exactly(value: float, form: Form) -> None:
    text = exposed([metric(Kind.GAUGE, lambda _: [((), value)])], {}, form)

    (family,) = (read_open if form is Form.OPEN else read_text)(text)

    assert family.samples[0].value == value


def test_a_counter_is_told_as_each_form_wants_it() -> None:
    one = metric(Kind.COUNTER, number("n"), unit="seconds")

    text, opened = exposed([one], {"n": 3}, Form.TEXT), exposed([one], {"n": 3}, Form.OPEN)

    assert text.splitlines()[1:] == ["# TYPE brygga_thing_seconds_total counter", "brygga_thing_seconds_total 3"]
    assert opened.splitlines()[1:] == [
        "# TYPE brygga_thing_seconds counter",
        "# UNIT brygga_thing_seconds seconds",
        "brygga_thing_seconds_total 3",
        "# EOF",
    ]


def test_what_is_not_known_has_no_lines() -> None:
    one = metric(Kind.GAUGE, number("network", "nothing"))

    assert exposed([one], {"network": {}}, Form.TEXT) == ""
    assert exposed([one], {}, Form.OPEN) == "# EOF\n"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Form.TEXT),
        ("*/*", Form.TEXT),
        ("text/plain", Form.TEXT),
        ("application/openmetrics-text", Form.OPEN),
        (PROMETHEUS, Form.OPEN),
        ("application/openmetrics-text;q=0.2,text/plain;q=0.9", Form.TEXT),
        ("application/openmetrics-text;q=0", Form.TEXT),
        ("application/openmetrics-text;q=much", Form.TEXT),
        (";;,q=", Form.TEXT),
    ],
)
def test_the_form_is_the_one_that_is_asked_for(accept: str, form: Form) -> None:
    assert form_of(accept) is form
