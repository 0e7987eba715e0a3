"""A packet forwarder that goes as fast as it is answered: no datagram is dropped, so what is counted is what was sent."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread

from bench.fleet import GATEWAY
from gateway.sources.gwmp import PullData

UNACKNOWLEDGED = 32  # datagrams; a receive buffer of the kernel's smallest size holds them
UNDELIVERED = 3000  # uplinks between radio and city, at most; the source takes 4096, and drops what is more
LOOK_EVERY_S = 0.05  # a status costs the agent half a millisecond: one per cent
STALLED_S = 30.0

Delivered = Callable[[], int]


class Watch:
    """How many uplinks the city has, asked for in a thread of its own, lest the radio wait for the answer."""

    def __init__(self, delivered: Delivered) -> None:
        self._delivered = delivered
        self._stop = Event()
        self._error: BaseException | None = None
        self.count = 0
        self.changed_at = time.perf_counter()
        self._thread = Thread(target=self._look, name="watch")
        self._thread.start()

    def check(self) -> None:
        """Raise what went wrong, or TimeoutError when nothing has been delivered for long."""
        if self._error is not None:
            raise self._error
        if time.perf_counter() - self.changed_at > STALLED_S:
            raise TimeoutError(f"{self.count} uplinks delivered, then nothing for {STALLED_S:g} s")

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _look(self) -> None:
        try:
            while not self._stop.wait(LOOK_EVERY_S):
                count = self._delivered()
                if count != self.count:
                    self.count, self.changed_at = count, time.perf_counter()
        except BaseException as error:  # noqa: BLE001 - raised by check() in the thread that waits
            self._error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent, and how much of it may be under way."""

    datagrams: Sequence[bytes]
    per_datagram: int = 1
    undelivered: int = UNDELIVERED
    most_per_s: float = float("inf")  # datagrams


def send(port: int, load: Load, delivered: Delivered) -> float:
    """Send all, paced by acknowledgements and deliveries; return the seconds from the first to the last delivery."""
    uplinks = len(load.datagrams) * load.per_datagram
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as radio:
        radio.connect(("127.0.0.1", port))
        radio.setblocking(False)
        radio.send(PullData(2, 0, GATEWAY).to_bytes())
        _await_answers(radio, 1)
        began = time.perf_counter()
        watch = Watch(delivered)
        try:
            _send_all(radio, load, watch)
            while watch.count < uplinks:
                watch.check()
                time.sleep(LOOK_EVERY_S)
            return watch.changed_at - began
        finally:
            watch.stop()


def _send_all(radio: socket.socket, load: Load, watch: Watch) -> None:
    acknowledged, began = 0, time.perf_counter()
    for number, datagram in enumerate(load.datagrams):
        time.sleep(max(0.0, began + number / load.most_per_s - time.perf_counter()))
        while number - acknowledged >= UNACKNOWLEDGED:
            acknowledged += _await_answers(radio, 1)
        while number * load.per_datagram - watch.count >= load.undelivered:
            watch.check()
            time.sleep(LOOK_EVERY_S / 5)
        radio.send(datagram)
    while acknowledged < len(load.datagrams):
        acknowledged += _await_answers(radio, 1)


def _await_answers(radio: socket.socket, least: int) -> int:
    """Return how many answers have come, waiting for ``least``."""
    count = 0
    while count < least:
        if not select.select([radio], [], [], STALLED_S)[0]:
            raise TimeoutError(f"no PUSH_ACK for {STALLED_S:g} s")
        count += _read_all(radio)
    return count


def _read_all(radio: socket.socket) -> int:
    count = 0
    while True:
        try:
            radio.recv(64)
        except BlockingIOError:
            return count
        count += 1
