"""The table of routes: what may be asked over HTTP, by whom, and what the desk is asked for it."""

from __future__ import annotations

from typing import Final

from gateway.web import shapes
from gateway.web.fields import Field, Kind
from gateway.web.live import KINDS
from gateway.web.roles import Role
from gateway.web.route import Route, Special
from gateway.web.routes_of_devices import DEVICE_ROUTES

SEARCH: Final = Field(name="search", words="words that have to be in it", usual="", most=200)


def _limit(usual: int, most: int) -> Field:
    return Field(name="limit", words="at most so many", kind=Kind.WHOLE, least=1, most=most, usual=usual)


SESSION_ROUTES: Final = (
    Route(
        method="POST",
        path="session",
        role=None,
        brief="log in; the session is in the cookie `brygga_session`",
        special=Special.LOG_IN,
        body=(Field(name="password", words="as `brygga web password` was told it", is_needed=True, example="…"),),
        said=shapes.WHO,
    ),
    Route(
        method="DELETE",
        path="session",
        role=Role.METRICS,
        brief="log out; with `others` log out everybody else, too",
        special=Special.LOG_OUT,
        query=(Field(name="others", words="all sessions end: role admin", kind=Kind.TRUTH, usual=False),),
        said=shapes.whole(ended=shapes.WHOLE),
    ),
    Route(
        method="GET",
        path="session",
        role=None,
        brief="who is asking",
        special=Special.WHO,
        said=shapes.WHO,
    ),
)

BOX_ROUTES: Final = (
    Route(
        method="GET",
        path="status",
        role=Role.VIEW,
        brief="how it goes, as `brygga status --json`",
        ask=lambda _: {"do": "status"},
        said=shapes.STATUS,
    ),
    Route(
        method="GET",
        path="sources",
        role=Role.VIEW,
        brief="the sources, and how each stands",
        ask=lambda _: {"do": "source.list"},
        said=shapes.SOURCES,
    ),
    Route(
        method="GET",
        path="destinations",
        role=Role.VIEW,
        brief="the destinations by name, and how each stands",
        ask=lambda _: {"do": "answers.list"},
        said=shapes.by_name(shapes.DESTINATION),
    ),
    Route(
        method="GET",
        path="destinations/{name}",
        role=Role.VIEW,
        brief="one destination, and the last answers of its platform",
        places=(Field(name="name", words="as it is called in the configuration", most=200, example="lund"),),
        ask=lambda said: {"do": "answers.of", "name": said["name"]},
        said=shapes.ONE_DESTINATION,
    ),
    Route(
        method="GET",
        path="dead-letters",
        role=Role.VIEW,
        brief="what is held back, oldest first",
        query=(
            Field(name="destination", words="only those of this destination", most=200),
            Field(name="kind", words="only those of this kind", choices=("refused", "undecoded", "undated")),
            _limit(100, 1000),
        ),
        ask=lambda said: {"do": "dead_letters.list", **said},
        said=shapes.each(shapes.DEAD_LETTER),
    ),
    Route(
        method="POST",
        path="dead-letters/retry",
        role=Role.OPERATE,
        brief="try them again: those named, or all that the others leave",
        body=(
            Field(name="ids", words="of dead letters", kind=Kind.WHOLES, example=[1042]),
            Field(name="destination", words="only those of this destination", most=200),
            Field(name="kind", words="only those of this kind", choices=("refused", "undecoded", "undated")),
        ),
        ask=lambda said: {"do": "dead_letters.retry", **said},
        said=shapes.COUNT,
    ),
    Route(
        method="GET",
        path="decoders",
        role=Role.VIEW,
        brief="decoders, as `brygga decoder search`",
        query=(SEARCH, _limit(50, 1000)),
        ask=lambda said: {"do": "decoder.search", **said},
        said=shapes.DECODERS,
    ),
    Route(
        method="POST",
        path="decoders/try",
        role=Role.VIEW,
        brief="what a decoder makes of a payload",
        body=(
            Field(name="decoder", words="vendor/model", is_needed=True, most=200, example="elsys/ers"),
            Field(name="f_port", words="FPort", kind=Kind.WHOLE, least=1, most=255, is_needed=True, example=5),
            Field(name="payload", words="in hex or base64", is_needed=True, example="0100e2022904"),
            Field(name="encoding", words="of the payload", choices=("hex", "base64"), usual="hex"),
        ),
        ask=lambda said: {"do": "decoder.try", **said},
        said=shapes.TRIED,
    ),
    Route(
        method="GET",
        path="site",
        role=Role.VIEW,
        brief="gateways and devices with a place, in metres around the middle",
        ask=lambda _: {"do": "overview.site"},
        said=shapes.SITE,
    ),
    Route(
        method="GET",
        path="doctor",
        role=Role.VIEW,
        brief="findings, as `brygga doctor --json`; takes some seconds",
        ask=lambda _: {"do": "doctor"},
        said=shapes.FINDINGS,
    ),
    Route(
        method="POST",
        path="doctor/bundle",
        role=Role.ADMIN,
        brief="the support file, without secrets",
        body=(),
        ask=lambda _: {"do": "doctor.bundle"},
        said={"type": "string", "format": "binary"},
        kind="application/zip",
        file="brygga-support.zip",
    ),
    Route(
        method="GET",
        path="logs",
        role=Role.VIEW,
        brief="the last lines of the log, the newest first, from memory",
        query=(
            Field(
                name="level",
                words="these and worse ones",
                choices=("debug", "info", "warning", "error"),
                usual="info",
            ),
            _limit(200, 1000),
        ),
        ask=lambda said: {"do": "log.lines", **said},
        said=shapes.LINES,
    ),
    Route(
        method="POST",
        path="reload",
        role=Role.ADMIN,
        brief="read the configuration again, as `brygga reload`",
        body=(),
        ask=lambda _: {"do": "reload"},
        said=shapes.TABLE,
    ),
    Route(
        method="GET",
        path="live",
        role=Role.VIEW,
        brief="what happens as it happens; `missed` tells a slow reader how many events it has not got",
        special=Special.LIVE,
        query=(
            Field(name="kinds", words=f"of {', '.join(KINDS)}, with commas between", usual=",".join(KINDS), most=100),
        ),
        said={"type": "string"},
        kind="text/event-stream",
    ),
    Route(
        method="GET",
        path="openapi.json",
        role=Role.VIEW,
        brief="this description",
        special=Special.DESCRIPTION,
        said=shapes.TABLE,
    ),
)

METRICS_ROUTE: Final = Route(
    method="GET",
    path="metrics",
    prefix="/",
    role=Role.METRICS,
    brief="what Prometheus fetches, in its text format or OpenMetrics; docs/reference/metrics.md has the table",
    special=Special.METRICS,
    said={"type": "string"},
    kind="text/plain",
)

ROUTES: Final = (*SESSION_ROUTES, *DEVICE_ROUTES, *BOX_ROUTES, METRICS_ROUTE)
