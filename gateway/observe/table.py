"""The table of all metrics, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.observe.box_metrics import BOX, JOURNAL
from gateway.observe.metric import Metric
from gateway.observe.radio_metrics import DEVICES, DOWN, NETWORK, SOURCES
from gateway.observe.telling_metrics import TELLING

CHAPTERS: Final = {
    "The box": BOX,
    "The journal": JOURNAL,
    "Sources": SOURCES,
    "The network": NETWORK,
    "Downlinks": DOWN,
    "Destinations": TELLING,
    "Devices": DEVICES,
}
METRICS: Final = tuple(metric for chapter in CHAPTERS.values() for metric in chapter)


def chosen(*, devices: bool) -> Sequence[Metric]:
    """Return those that are told; ``devices``: those of single devices, too."""
    return [one for one in METRICS if devices or not one.on_wish]
