"""What each question of the dashboard takes with a whole fleet: ms, octets over the wire, and how long the radio waits meanwhile.

How long the radio waits is how long the longest PULL_ACK takes while an answer is made: PULL_DATA go to the agent's UDP port all the time,
and its event loop answers them between all else.
"""

from __future__ import annotations

import csv
import io
import socket
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.request import Request, urlopen

from bench import figures
from bench.fleet import GATEWAY
from gateway.sources.gwmp import PullData

TIMES: Final = 9
PATIENCE_S: Final = 60.0
PING_S: Final = 0.004  # between two pings
REST_S: Final = 0.05  # between two questions

ANSWER_LIMIT_MS: Final = 300.0  # of each route, median
WAIT_LIMIT_MS: Final = 100.0  # of the radio meanwhile, median of the longest: what an answer to a device may take, too
SEARCH_LIMIT_MS: Final = 500.0  # of the first search for a decoder, which reads the catalogue's index
SEARCH: Final = "decoders?search=elsys"
STREETS: Final = 71  # devices beside each other in the plan of the site
ORIGIN: Final = (57.7, 11.97)
STEP: Final = (0.0011, 0.0013)  # degrees between two of them

ROUTES: Final = (
    "session",
    "status",
    "devices?limit=50",
    "devices?limit=500",
    "devices?limit=50&sort=battery",
    "devices/{dev_eui}",
    "devices/{name}",
    "devices/{dev_eui}/history?hours=168",
    "downlinks",
    "downlinks?device={dev_eui}",
    "sources",
    "destinations",
    "dead-letters",
    SEARCH,
    "decoders?search=temperature&limit=1000",
    "site",
    "doctor",
    "logs",
    "openapi.json",
    "/metrics",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One route: medians of several questions."""

    route: str
    first_ms: float  # the first time that it was asked
    ms: float
    octets: int  # over the wire, compressed where the listener does that
    waited_ms: float  # by the radio


def placed(devices_csv: str) -> str:
    """Return a devices file with a place for each device."""
    head, *rows = csv.reader(io.StringIO(devices_csv))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow((*head, "latitude", "longitude"))
    for number, row in enumerate(rows):
        east, north = number % STREETS, number // STREETS
        writer.writerow((*row, f"{ORIGIN[0] + north * STEP[0]:.6f}", f"{ORIGIN[1] + east * STEP[1]:.6f}"))
    return text.getvalue()


def is_kept(one: Asked) -> bool:
    """Tell whether a route keeps all that is asked of it."""
    first = one.first_ms < SEARCH_LIMIT_MS or one.route != SEARCH
    return one.ms < ANSWER_LIMIT_MS and one.waited_ms < WAIT_LIMIT_MS and first


def shown(found: Sequence[Asked]) -> str:
    """Return the table, each time with its share of the limit."""
    rows = [
        (
            one.route,
            f"{one.first_ms:.0f}",
            f"{one.ms:.0f}",
            f"{one.ms / ANSWER_LIMIT_MS:.2f}",
            f"{one.octets / 1000:.1f}",
            f"{one.waited_ms:.0f}",
            f"{one.waited_ms / WAIT_LIMIT_MS:.2f}",
        )
        for one in found
    ]
    heads = ("route", "first, ms", "median, ms", "of its limit", "kB", "radio waits, ms", "of its limit")
    limits = f"limits: {ANSWER_LIMIT_MS:.0f} ms, and {WAIT_LIMIT_MS:.0f} ms for the radio; the first search {SEARCH_LIMIT_MS:.0f} ms"
    return f"{figures.table(heads, rows)}\n\n{limits}"


def asked(url: str, udp_port: int, dev_eui: str, name: str) -> Sequence[Asked]:
    """Ask each route of ROUTES of the agent at ``url``; of a device by its EUI and by its name."""
    with _pinging(udp_port) as pings:
        return [_asked(url, route, route.format(dev_eui=dev_eui, name=name), pings) for route in ROUTES]


def _asked(url: str, route: str, path: str, pings: Pings) -> Asked:
    times, waited, octets = list[float](), list[float](), 0
    for _ in range(TIMES + 1):
        time.sleep(REST_S)
        began = time.perf_counter()
        octets = ask(url + (path.removeprefix("/") if path.startswith("/") else f"api/v1/{path}"))
        times.append((time.perf_counter() - began) * 1000)
        waited.append(pings.longest_ms(began))
    return Asked(
        route=route,
        first_ms=round(times[0], 1),
        ms=round(statistics.median(times[1:]), 1),
        octets=octets,
        waited_ms=round(statistics.median(waited[1:]), 1),
    )


def ask(url: str) -> int:
    """Return how many octets an answer has as it is sent to a browser."""
    with urlopen(Request(url, headers={"Accept-Encoding": "gzip"}), timeout=PATIENCE_S) as answer:
        return len(answer.read())


class Pings:
    """How long PULL_ACKs took."""

    def __init__(self) -> None:
        self._took: list[tuple[float, float]] = []  # when it was answered, s; how long it took, s

    def note(self, began: float, ended: float) -> None:
        """Keep one."""
        self._took.append((ended, ended - began))

    def longest_ms(self, since: float) -> float:
        """Return the longest of those that were answered since then, and of the next one: it may have waited all the while."""
        time.sleep(PING_S * 2)
        return max((took for ended, took in [*self._took] if ended >= since), default=0.0) * 1000


@contextmanager
def _pinging(port: int) -> Iterator[Pings]:
    """Ping as a packet forwarder does, but all the time."""
    pings, end = Pings(), threading.Event()
    thread = threading.Thread(target=_ping, args=(port, pings, end), name="pings")
    thread.start()
    try:
        yield pings
    finally:
        end.set()
        thread.join()


def _ping(port: int, pings: Pings, end: threading.Event) -> None:
    octets = PullData(2, 0, GATEWAY).to_bytes()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forwarder:
        forwarder.settimeout(PATIENCE_S)
        forwarder.connect(("127.0.0.1", port))
        while not end.wait(PING_S):
            began = time.perf_counter()
            forwarder.send(octets)
            forwarder.recv(64)
            pings.note(began, time.perf_counter())
