"""How soon an answer leaves: from the close of the gathering to PULL_RESP, under load: `python -m bench.answers [--json]`.

The agent is a process of its own with a real journal. Two hundred uplinks a second come through eight gateways, as fast as one
full concentrator hears them; one in ten asks for an acknowledgement, which is as much as eight transmitters may send at once
(they send one at a time, and some answers wait for another's or find the hour full). Devices are personalised and are
told their channels besides. What is measured ends when the datagram is in the forwarder's hands.
"""

from __future__ import annotations

import argparse
import select
import socket
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bench import figures
from bench.agent import import_devices, running, write_configuration
from bench.fleet import Fleet, rxpk
from gateway.model import Eui64
from gateway.sources.gwmp import PullData, PullResp, PushData, TxAck, parse

GATEWAYS = tuple(Eui64(f"b827ebfffe0b0b{number:02x}") for number in range(8))
DEVICES = 400
UPLINKS_PER_S = 200
CONFIRMED_EVERY = 10
GATHER_S = 0.2  # the agent's default
TIMESTAMP_STEP_US = 1_000_000 // UPLINKS_PER_S
RX1_US = 1_000_000
RX2_ABOVE_MHZ = 869.0
PULL_EVERY_S = 5.0
LAST_ANSWERS_S = 2.5
LIMIT_S = 0.100


@dataclass(frozen=True, slots=True)
class Found:
    """What was seen of one run."""

    uplinks: int
    late_s: Sequence[float]  # from the close of the gathering to each PULL_RESP
    counts: Mapping[str, int]  # of the agent's answers

    @property
    def percentile_99_s(self) -> float:
        """The figure that is limited."""
        return quantiles(self.late_s, n=100)[98]


class Roofs:
    """Eight packet forwarders in one thread; each uplink goes through one of them."""

    def __init__(self, port: int) -> None:
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in GATEWAYS]
        for each in self._sockets:
            each.connect(("127.0.0.1", port))
            each.setblocking(False)
        self._sent_s: dict[int, float] = {}  # by the concentrator's counter
        self._pulled_s = 0.0
        self.late_s: list[float] = []

    def close(self) -> None:
        """Fall silent."""
        for each in self._sockets:
            each.close()

    def send_all(self, frames: Sequence[bytes]) -> None:
        """Send at an even pace, and take the answers meanwhile."""
        self._pull()
        self._listen_until(time.perf_counter() + 0.2)
        began = time.perf_counter()
        for number, frame in enumerate(frames):
            self._listen_until(began + number / UPLINKS_PER_S)
            self._send(number, frame)
        self._listen_until(time.perf_counter() + LAST_ANSWERS_S)

    def _send(self, number: int, frame: bytes) -> None:
        packet = {**rxpk(frame, number), "tmst": number * TIMESTAMP_STEP_US}
        place = number % len(GATEWAYS)
        push = PushData(version=2, token=number & 0xFFFF, gateway=GATEWAYS[place], rxpk=(packet,))
        self._sent_s[number * TIMESTAMP_STEP_US] = time.perf_counter()
        self._sockets[place].send(push.to_bytes())

    def _listen_until(self, moment: float) -> None:
        while True:
            left_s = moment - time.perf_counter()
            readable, _, _ = select.select(self._sockets, [], [], max(0.0, left_s))
            now = time.perf_counter()
            for each in readable:
                self._read(each, now)
            if now - self._pulled_s > PULL_EVERY_S:
                self._pull()
            if now >= moment:
                return

    def _pull(self) -> None:
        self._pulled_s = time.perf_counter()
        for gateway, each in zip(GATEWAYS, self._sockets, strict=True):
            each.send(PullData(2, 0, gateway).to_bytes())

    def _read(self, each: socket.socket, now: float) -> None:
        said = parse(each.recv(0xFFFF))
        if not isinstance(said, PullResp):
            return
        gateway = GATEWAYS[self._sockets.index(each)]
        each.send(TxAck(version=2, token=said.token, gateway=gateway, error=None, warning=None).to_bytes())
        after_rx1 = self._sent_s.get(said.txpk["tmst"] - RX1_US)
        if after_rx1 is not None and said.txpk["freq"] < RX2_ABOVE_MHZ:
            self.late_s.append(now - after_rx1 - GATHER_S)


def frames_of(seconds: float) -> tuple[Fleet, list[bytes]]:
    """Return devices, and what they send in so many seconds."""
    fleet = Fleet(DEVICES)
    count = round(seconds * UPLINKS_PER_S)
    members = fleet.members
    spoken = [
        members[number % DEVICES].end_device.uplink(2, b"\x01", confirmed=_asks(number)) for number in range(count)
    ]
    return fleet, spoken


def _asks(number: int) -> bool:
    """Spread the confirmed ones over all gateways and devices."""
    return (number + number // CONFIRMED_EVERY) % CONFIRMED_EVERY == 0


def measured(seconds: float) -> Found:
    """Run once."""
    fleet, frames = frames_of(seconds)
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as folder:
        configuration = write_configuration(Path(folder), "")
        import_devices(configuration, fleet.csv())
        with running(configuration) as agent:
            roofs = Roofs(agent.udp_port)
            try:
                roofs.send_all(frames)
                network = agent.status()["network"]
            finally:
                roofs.close()
    assert network["counts"]["uplinks"] == len(frames), network
    return Found(len(frames), roofs.late_s, network["answers"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.answers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    facts = figures.machine()
    found = measured(options.seconds)
    percents = quantiles(found.late_s, n=100)
    shown_ms = {"median": percents[49], "99th percentile": percents[98], "latest": max(found.late_s)}
    if options.json:
        figures.print_json(
            {"machine": facts, "uplinks": found.uplinks, "answers": len(found.late_s), "late_s": shown_ms}
        )
        return
    print(
        f"{figures.machine_line(facts)}\n{found.uplinks} uplinks at {UPLINKS_PER_S}/s, {len(found.late_s)} answers in RX1"
    )
    print(", ".join(f"{name}: {count}" for name, count in sorted(found.counts.items())), "\n")
    rows = [(name, figures.shown(late_s * 1000)) for name, late_s in shown_ms.items()]
    print(figures.table((f"ms from the gathering's close to PULL_RESP (limit {LIMIT_S * 1000:.0f})", "found"), rows))


if __name__ == "__main__":
    main()
