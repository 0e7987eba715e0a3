"""Metrics as Prometheus reads them: its text format 0.0.4, and OpenMetrics 1.0 for who asks for it.

Written here in sixty lines: prometheus_client would cost the agent 3 MB for them, and keeps numbers of its own beside the status.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final

from gateway.observe.metric import Kind, Metric, View

OPEN_METRICS: Final = "application/openmetrics-text"


class Form(Enum):
    """The two forms, by their media type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPEN = f"{OPEN_METRICS}; version=1.0.0; charset=utf-8"


def form_of(accept: str) -> Form:
    """Return the form that an Accept header prefers (RFC 9110, 12.5.1): OpenMetrics only where it is named, and not after plain text."""
    weights = dict.fromkeys((OPEN_METRICS, "text/plain"), 0.0)
    for part in accept.split(","):
        kind, *parameters = (one.strip().lower() for one in part.split(";"))
        if kind in weights:
            weights[kind] = max(weights[kind], _weight(parameters))
    return Form.OPEN if weights[OPEN_METRICS] > 0 and weights[OPEN_METRICS] >= weights["text/plain"] else Form.TEXT


def _weight(parameters: Iterable[str]) -> float:
    for one in parameters:
        name, _, value = one.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def exposed(metrics: Sequence[Metric], view: View, form: Form) -> str:
    """Return all samples of ``metrics``; one that has none is left out."""
    end = "# EOF\n" if form is Form.OPEN else ""
    return "".join(f"{line}\n" for metric in metrics for line in _family(metric, view, form)) + end


def _family(metric: Metric, view: View, form: Form) -> Iterator[str]:
    samples = [*_samples(metric, view)]
    if not samples:
        return
    is_open = form is Form.OPEN
    name = metric.name if is_open else metric.sample
    yield f"# HELP {name} {_escaped(metric.help, quotes=is_open)}"
    yield f"# TYPE {name} {metric.kind if is_open or metric.kind is not Kind.INFO else Kind.GAUGE}"
    if is_open and metric.unit:
        yield f"# UNIT {name} {metric.unit}"
    yield from samples


def _samples(metric: Metric, view: View) -> Iterator[str]:
    for values, number in metric.find(view):
        if number is not None:
            pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(metric.labels, values, strict=True))
            yield f"{metric.sample}{{{pairs}}} {_shown(number)}" if pairs else f"{metric.sample} {_shown(number)}"


def _shown(number: float) -> str:
    if not math.isfinite(number):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(number, "NaN")
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def _escaped(text: str, *, quotes: bool = True) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace('"', '\\"') if quotes else escaped
