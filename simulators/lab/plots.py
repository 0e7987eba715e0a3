"""A report's plots, as SVG that stands in a page as it is: drawn by matplotlib, the same octets for the same report."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from gateway.model import Json
from simulators.lab.summary import span

WIDE: Final = (9.0, 3.2)  # inches
SQUARE: Final = (9.0, 7.0)
HOUR_S: Final = 3600.0
STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "brygga",  # else its ids are drawn anew each time
    "svg.fonttype": "none",  # text stays text: small, and found by who searches the page
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
COLOURS: Final = ("#1b6ca8", "#d1495b", "#2e933c", "#edae49", "#66447b", "#30638e", "#8d6a3f", "#5f5f5f")
MOST_DRAWN: Final = 1500  # devices: a map of more is an image in the SVG, else it would be megabytes of paths
WEAKEST_DB, STRONGEST_DB = -20.0, 10.0  # of the map's colours: what SF12 needs, and what is more than enough

Told = Mapping[str, Json]
Draw = Callable[[Axes, Told], None]


def plots(told: Told) -> Iterator[tuple[str, str]]:
    """Yield each plot of a report that has something to show: its title and its SVG."""
    with mpl.rc_context(STYLE):
        for title, size, has, draw in PLOTS:
            if has(told):
                with _drawn(size) as (axes, pages):
                    draw(axes, told)
                yield title, pages[0]


@contextmanager
def _drawn(size: tuple[float, float]) -> Iterator[tuple[Axes, list[str]]]:
    figure, pages = Figure(figsize=size, layout="constrained"), list[str]()
    yield figure.subplots(), pages
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    svg = file.getvalue()
    pages.append(re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'width="100%"', svg[svg.index("<svg") :], count=1))


# ── the day ──


def _course(axes: Axes, told: Told) -> None:
    """Draw what was said, heard and delivered in each step, with the troubles behind it."""
    steps = told["steps"]
    hours = [number * steps["seconds"] / HOUR_S for number in range(len(steps["said"]))]
    for colour, name in zip(COLOURS, ("said", "heard", "delivered"), strict=False):
        axes.step(hours, steps[name], where="post", label=name, color=colour, linewidth=1.2)
    _shade(axes, told)
    axes.set_ylabel(f"uplinks in {span(steps['seconds'])}")
    _over_hours(axes)


def _waiting(axes: Axes, told: Told) -> None:
    steps = told["steps"]
    hours = [(number + 1) * steps["seconds"] / HOUR_S for number in range(len(steps["waiting"]))]
    axes.fill_between(hours, steps["waiting"], step="pre", color=COLOURS[3], alpha=0.7, label="waiting")
    _shade(axes, told)
    axes.set_ylabel("deliveries that wait")
    _over_hours(axes)


def _shade(axes: Axes, told: Told) -> None:
    """Mark the troubles; those that last all day would hide the others."""
    passed_s = told["scenario"]["passed_s"]
    for one in told["incidents"]:
        if one["to_s"] - one["from_s"] < passed_s / 2:
            axes.axvspan(one["from_s"] / HOUR_S, one["to_s"] / HOUR_S, color="#000000", alpha=0.08, linewidth=0)
            axes.annotate(
                one["what"],
                (one["from_s"] / HOUR_S, 1.0),
                xycoords=("data", "axes fraction"),
                rotation=90,
                va="top",
                ha="right",
                fontsize=6,
            )


def _over_hours(axes: Axes) -> None:
    axes.set_xlabel("hours from the beginning")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=3)


# ── how fast, how lost ──


def _latency(axes: Axes, told: Told) -> None:
    for colour, (name, one) in zip(COLOURS, told["platforms"].items(), strict=False):
        if one["latency_curve"]:
            seconds, shares = zip(*one["latency_curve"], strict=True)
            axes.plot(seconds, [100 * share for share in shares], label=name, color=colour)
    axes.set_xscale("log")
    axes.set_xlabel("seconds from the air to the platform")
    axes.set_ylabel("% of what was delivered")
    axes.legend(loc="lower right", frameon=False)


def _losses(axes: Axes, told: Told) -> None:
    """Draw of each fleet how many uplinks nobody heard, by cause."""
    fleets = [*told["fleets"]]
    causes = sorted({cause for one in told["fleets"].values() for cause in one["lost_on_air"]})
    left = [0.0] * len(fleets)
    for colour, cause in zip(COLOURS, causes, strict=False):
        shares = [_share_lost(told["fleets"][name], cause) for name in fleets]
        axes.barh(fleets, shares, left=left, label=cause.replace("_", " "), color=colour)
        left = [one + more for one, more in zip(left, shares, strict=True)]
    axes.invert_yaxis()
    axes.set_xlabel("% of the fleet's uplinks that no gateway heard")
    axes.legend(loc="lower right", frameon=False)


def _share_lost(fleet: Told, cause: str) -> float:
    return 100 * fleet["lost_on_air"].get(cause, 0) / fleet["sent"] if fleet["sent"] else 0.0


def _rates(axes: Axes, told: Told) -> None:
    fleets = [*told["fleets"]]
    left = [0] * len(fleets)
    for number, colour in enumerate(COLOURS[:6]):
        counts = [told["fleets"][name]["data_rates"].get(f"DR{number}", 0) for name in fleets]
        axes.barh(fleets, counts, left=left, label=f"DR{number}", color=colour)
        left = [one + more for one, more in zip(left, counts, strict=True)]
    axes.invert_yaxis()
    axes.set_xlabel("devices at the end")
    axes.legend(loc="lower right", frameon=False, ncols=3)


# ── the map ──


def _map(axes: Axes, told: Told) -> None:
    """Draw gateways, devices, and each device's best way, coloured by its SNR at full power."""
    places, gateways = told["map"]["devices"]["rows"], told["map"]["gateways"]
    is_image = len(places) > MOST_DRAWN
    reached = [one for one in places if one[3] is not None]
    ways = LineCollection(
        [[(one[1], one[2]), (gateways[one[3]]["east_m"], gateways[one[3]]["north_m"])] for one in reached],
        cmap="RdYlGn",
        linewidths=0.4,
        alpha=0.6,
        rasterized=is_image,
    )
    ways.set_array([one[4] for one in reached])
    ways.set_clim(WEAKEST_DB, STRONGEST_DB)
    axes.add_collection(ways)
    for colour, (number, name) in zip(COLOURS, enumerate(told["fleets"]), strict=False):
        own = [one for one in places if one[0] == number]
        where = [one[1] for one in own], [one[2] for one in own]
        axes.scatter(*where, s=7, color=colour, label=name, linewidths=0, rasterized=is_image)
    for one in gateways:
        axes.plot(one["east_m"], one["north_m"], marker="^", color="black", markersize=9)
        axes.annotate(one["name"], (one["east_m"], one["north_m"]), xytext=(5, 5), textcoords="offset points")
    axes.set_aspect("equal")
    axes.set_xlabel("metres to the east")
    axes.set_ylabel("metres to the north")
    axes.figure.colorbar(ways, ax=axes, label="SNR in dB of the best way, at full power", shrink=0.7)
    axes.legend(loc="upper left", frameon=False, markerscale=2)


def _always(_: Told) -> bool:
    return True


def _has_losses(told: Told) -> bool:
    return bool(told["uplinks"]["lost_on_air"])


def _has_deliveries(told: Told) -> bool:
    return any(one["latency_curve"] for one in told["platforms"].values())


PLOTS: Final[Sequence[tuple[str, tuple[float, float], Callable[[Told], bool], Draw]]] = (
    ("The course of it", WIDE, _always, _course),
    ("What waited", WIDE, _has_deliveries, _waiting),
    ("From the air to the platform", WIDE, _has_deliveries, _latency),
    ("What nobody heard", WIDE, _has_losses, _losses),
    ("Data rates", WIDE, _always, _rates),
    ("The map", SQUARE, _always, _map),
)
