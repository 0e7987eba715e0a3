"""mosquitto's bridge as a keeper: a broker on the box that takes messages for one elsewhere, which is away.

A message is accepted when the broker on the box has sent its PUBACK. What is there is what reaches the other broker when both are
started again.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from bench.keepers import Task
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.ports import free_tcp_port

WINDOW: Final = 100
OCTETS: Final = 400
LIMIT_S: Final = 30.0
SILENCE_S: Final = 3.0  # after which no more is expected
MOST_QUEUED: Final = 1_000_000
DEFAULTS: Final = ("max_queued_messages 1000",)
NO_LIMIT: Final = (f"max_queued_messages {MOST_QUEUED}",)
EACH_5_S: Final = (*NO_LIMIT, "autosave_interval 5")
EACH_CHANGE: Final = (*NO_LIMIT, "autosave_on_changes true", "autosave_interval 1")


class Bridge:
    """A broker with persistence and a bridge; ``lines`` of its configuration say how it saves."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._away = free_tcp_port()
        self._runner = asyncio.Runner()
        self._broker: Mosquitto | None = None
        self._client: Client | None = None
        self._accepted: list[int] = []
        self._task = Task(messages=0)
        self._stopping = threading.Event()
        self._offering: threading.Thread | None = None

    def start(self, folder: Path, task: Task) -> None:
        """Start the broker, and a client that publishes at QoS 1."""
        self._broker, self._task, self._accepted = self._box(folder), task, []
        self._runner.run(self._broker.start())
        self._stopping.clear()
        self._offering = threading.Thread(target=self._offer, args=(self._broker.port,), name="offering")
        self._offering.start()

    @property
    def pid(self) -> int:
        """The process of the broker on the box."""
        return self._running().pid

    def accepted(self) -> int:
        """Return how many PUBACKs came."""
        return len(self._accepted)

    def is_through(self) -> bool:
        """Tell whether all were published and acknowledged, or the client gave up."""
        return self._offering is None or not self._offering.is_alive()

    def end(self, number: signal.Signals) -> frozenset[int]:
        """Stop or kill the broker."""
        broker = self._running()
        self._runner.run(broker.kill() if number == signal.SIGKILL else broker.stop())
        self._stopping.set()
        if self._offering is not None:
            self._offering.join()
        return frozenset(self._accepted)

    def count(self, folder: Path) -> frozenset[int]:
        """Let the other broker return, and collect what reaches it."""
        came = set[int]()
        other = Mosquitto(folder.with_name(f"{folder.name}-city"), port=self._away)
        box = self._box(folder)
        self._runner.run(other.start())
        client = Client(CallbackAPIVersion.VERSION2)
        client.on_message = lambda _client, _data, message: came.add(int(message.payload.split()[0]))
        subscribed = threading.Event()
        client.on_subscribe = lambda *_: subscribed.set()
        client.connect("127.0.0.1", self._away)
        client.subscribe("#", qos=1)
        client.loop_start()
        try:
            if not subscribed.wait(LIMIT_S):
                raise TimeoutError("mosquitto does not answer")
            self._runner.run(box.start())
            _await_silence(came)
        finally:
            client.disconnect()
            client.loop_stop()
            for broker in (box, other):
                self._runner.run(broker.stop())
        return frozenset(came)

    def close(self) -> None:
        """Kill the broker where it still runs."""
        if self._broker is not None and self._broker.running:
            self.end(signal.SIGKILL)
        self._runner.close()

    def _running(self) -> Mosquitto:
        if self._broker is None:
            raise RuntimeError("start() comes first")
        return self._broker

    def _box(self, folder: Path) -> Mosquitto:
        bridge = [
            "persistence true", f"persistence_location {folder}/", *self._lines,
            "connection city", f"address 127.0.0.1:{self._away}", "topic # out 1", "cleansession false",
            "try_private false", "restart_timeout 1", "notifications false",
        ]  # fmt: skip
        return Mosquitto(folder, MosquittoSettings(more=bridge))

    def _offer(self, port: int) -> None:
        """Publish all, no more than a window unacknowledged; end early when the broker is gone."""
        window = threading.Semaphore(WINDOW)
        client = Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)

        def acknowledged(_client: Client, _data: object, mid: int, *_: object) -> None:
            self._accepted.append(mid)  # paho counts packet identifiers from 1 on, as we do messages, up to 65,535
            window.release()

        client.on_publish = acknowledged
        client.max_inflight_messages_set(WINDOW)
        client.connect("127.0.0.1", port)
        client.loop_start()
        began = time.monotonic()
        try:
            for number in range(1, self._task.messages + 1):
                if self._task.per_s:
                    self._stopping.wait(max(0.0, began + number / self._task.per_s - time.monotonic()))
                if not _acquired(window, self._stopping):
                    return
                sent = client.publish("up", str(number).ljust(OCTETS), qos=1)
                assert sent.mid == number
            for _ in range(WINDOW):
                if not _acquired(window, self._stopping):
                    return
        finally:
            client.disconnect()
            client.loop_stop()


def _acquired(window: threading.Semaphore, stopping: threading.Event) -> bool:
    """Wait for a place in the window; False when there is no use in it."""
    deadline = time.monotonic() + LIMIT_S
    while not stopping.is_set() and time.monotonic() < deadline:
        if window.acquire(timeout=0.1):
            return True
    return False


def _await_silence(came: Collection[int]) -> None:
    """Return when nothing has come for a while."""
    count, since = -1, time.monotonic()
    while time.monotonic() - since < SILENCE_S:
        if len(came) != count:
            count, since = len(came), time.monotonic()
        time.sleep(0.05)
