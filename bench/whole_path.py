"""Uplinks a second through the whole path, and how that stands to its limits: `python -m bench.whole_path [--json]`.

UDP in, PUSH_ACK, journal commit, decoding, SenML, PUBACK from a real mosquitto on the loopback interface: the agent is a
`brygga run` of its own, the frames are made before the clock starts. In the same run, with the same messages and rows:
plain paho-mqtt, and plain SQLite.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import figures, radio
from bench.agent import import_devices, running, write_configuration
from bench.collector import Collector
from bench.figures import Spread, ratios
from bench.fleet import Fleet, datagrams
from bench.floors import Message, PlainPaho, Rate, plain_sqlite
from simulators.platforms.mosquitto import Mosquitto

TARGET = 1 / 4  # of plain paho-mqtt

DESTINATION = """
[[destination]]
name = "city"
url = "mqtt://127.0.0.1:{port}"
format = "senml"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is sent."""

    uplinks: int
    devices: int
    per_datagram: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """One run through the path and past its limits."""

    whole_path: float  # uplinks a second
    agent_cpu_us: float  # for each uplink, all threads
    sqlite_cpu_us: float  # of it in the threads that SQLite runs in
    agent_peak_rss: int  # bytes
    plain_paho: float  # messages a second, properties as the agent sends them
    plain_paho_cpu_us: float
    plain_paho_bare: float  # topic and body only
    plain_sqlite: float  # rows a second
    octets: float  # of a message's body
    repeated: int  # messages that came more than once


class Incomplete(Exception):
    """Say that not every uplink arrived: then there is no figure."""


def measure(options: Options, program: Sequence[str] = ("-m", "gateway")) -> Repetition:
    """Run once."""
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name, _mosquitto(Path(name)) as broker:
        folder = Path(name)
        collector = Collector(broker)
        fleet = Fleet(options.devices)
        configuration = write_configuration(folder, DESTINATION.format(port=broker))
        import_devices(configuration, fleet.csv())
        load = radio.Load(
            datagrams=datagrams(fleet.frames(options.uplinks), options.per_datagram), per_datagram=options.per_datagram
        )
        with running(configuration, program) as agent:
            before = agent.usage()
            took = radio.send(
                agent.udp_port,
                load,
                lambda: int(agent.status()["destinations"]["city"]["counts"].get("delivered", 0)),
            )
            after = agent.usage()
        messages = collector.collect()
        unique = _complete(messages, options.uplinks)
        bare, dressed = _plain_paho(broker, unique)
        cpu_s = after.cpu_s - before.cpu_s
        return Repetition(
            whole_path=options.uplinks / took,
            agent_cpu_us=cpu_s / options.uplinks * 1e6,
            sqlite_cpu_us=(cpu_s - after.loop_cpu_s + before.loop_cpu_s) / options.uplinks * 1e6,
            agent_peak_rss=after.peak_rss_bytes,
            plain_paho=dressed.per_s,
            plain_paho_cpu_us=dressed.cpu_us,
            plain_paho_bare=bare.per_s,
            plain_sqlite=plain_sqlite(folder, agent.records()),
            octets=sum(len(message.body) for message in unique) / len(unique),
            repeated=len(messages) - len(unique),
        )


@contextmanager
def _mosquitto(folder: Path) -> Iterator[int]:
    """Run mosquitto for the block; give its port."""
    with asyncio.Runner() as runner:
        broker = Mosquitto(folder / "mosquitto")
        runner.run(broker.start())
        try:
            yield broker.port
        finally:
            runner.run(broker.stop())


def _complete(messages: Sequence[Message], uplinks: int) -> list[Message]:
    """Return the first message of each uplink; Incomplete when one has none."""
    first: dict[str, Message] = {}
    for message in messages:
        first.setdefault(dict(message.user_properties)["uplink"], message)
    if len(first) != uplinks:
        raise Incomplete(f"{len(first)} of {uplinks} uplinks arrived")
    return list(first.values())


def _plain_paho(port: int, messages: Sequence[Message]) -> tuple[Rate, Rate]:
    plain = PlainPaho(port)
    try:
        return plain.publish(messages, properties=False), plain.publish(messages, properties=True)
    finally:
        plain.close()


# ── what is said of it ──

WORDS = {
    "whole_path": "whole path, uplinks/s",
    "plain_paho": "plain paho-mqtt, messages/s",
    "plain_paho_bare": "plain paho-mqtt, no properties, messages/s",
    "plain_sqlite": "plain sqlite3, rows/s",
    "agent_cpu_us": "agent's CPU, µs for each uplink",
    "sqlite_cpu_us": "of it in SQLite's threads",
    "plain_paho_cpu_us": "plain paho-mqtt's CPU, µs for each message",
    "octets": "a message's body, octets",
}


LIMITS = ("plain_paho", "plain_paho_bare", "plain_sqlite")


def spreads(runs: Sequence[Repetition]) -> Mapping[str, Spread]:
    """Return each figure over all repetitions."""
    return {name: Spread.of(getattr(run, name) for run in runs) for name in WORDS}


def shown(found: Mapping[str, Spread]) -> str:
    """Return the tables and the verdict."""
    rows = [(words, *found[name].cells()) for name, words in WORDS.items()]
    against = {name: ratios(found["whole_path"], found[name]) for name in LIMITS}
    rows += [(f"whole path / {WORDS[name].rsplit(',', 1)[0]}", *ratio.cells()) for name, ratio in against.items()]
    ratio = against["plain_paho"].median
    verdict = f"target: {TARGET:g} of plain paho-mqtt; {'reached' if ratio >= TARGET else 'MISSED'} with {ratio:.2f}"
    return f"{figures.table(('', 'median', 'min', 'max'), rows)}\n\n{verdict}"


def shown_profile(profile: Mapping[str, Any]) -> str:
    """Return where the event loop's thread was seen."""
    rows = [(room, f"{share:.1%}") for room, share in profile["rooms"].items()]
    functions = [(function, f"{share:.1%}") for function, share in list(profile["functions"].items())[:25]]
    return f"{figures.table(('room', 'samples'), rows)}\n\n{figures.table(('function', 'samples'), functions)}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.whole_path", description=__doc__)
    parser.add_argument("--uplinks", type=int, default=20_000)
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--per-datagram", type=int, default=1, help="packets in each PUSH_DATA (1)")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="one run more, with a sampler in the agent")
    parser.add_argument("--json", action="store_true", help="for programs")
    arguments = parser.parse_args()
    options = Options(uplinks=arguments.uplinks, devices=arguments.devices, per_datagram=arguments.per_datagram)
    facts = figures.machine()
    runs = [measure(options) for _ in range(arguments.repetitions)]
    profile = sampled(options) if arguments.profile else None
    if arguments.json:
        figures.print_json(
            {"machine": facts, "options": asdict(options), "runs": list(map(asdict, runs)), "profile": profile}
        )
        return
    print(f"{figures.machine_line(facts)}\n{options.uplinks} uplinks of {options.devices} devices; all arrived\n")
    print(shown(spreads(runs)))
    if profile is not None:
        print(f"\n{shown_profile(profile)}")


def sampled(options: Options) -> Mapping[str, Any]:
    """Run once with the sampler, and return what it saw."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        measure(options, ("-m", "bench.sampled", out.name))
        profile: Mapping[str, Any] = json.loads(Path(out.name).read_text(encoding="utf-8"))
    return profile


if __name__ == "__main__":
    main()
