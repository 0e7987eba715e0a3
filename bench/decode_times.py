"""How long one decode takes: table, Python and JavaScript on the same payloads, and the bare engine beside them."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench import bare_engine, layouts
from bench.layouts import LAYOUTS, Layout
from bench.uplinks import Uplinks
from bench.workers import worker_pids
from decoders.contract import DecodeError, Payload
from decoders.registry import Registry
from gateway.codecs import Codecs

CONTEXTS = ("fresh", "kept")
BATCHES = (1, 10, 100)
ROUNDS = 20  # of each subject in turn, so that all have the same neighbours

TABLE, CURSOR, STRUCT = "table", "Python with Cursor", "Python with struct"
BARE, BARE_NEW = "bare engine, prepared", "bare engine, new context and call"
CALLS = {TABLE: 100, CURSOR: 100, STRUCT: 100, BARE: 50, BARE_NEW: 5}  # in a round; some ms of each


def through_codecs(context: str, batch: int) -> str:
    """Return what a subject is called that decodes JavaScript as the agent does."""
    return f"JavaScript, {context} context, batch of {batch}"


Times = Mapping[str, Sequence[float]]  # by subject: µs for each decode


@dataclass(frozen=True, slots=True)
class Cost:
    """One subject of one repetition, in µs for each decode."""

    p50: float
    p99: float
    cpu: float  # of this process and its workers

    @classmethod
    def of(cls, times: Sequence[float], cpu_us: float, decodes: int) -> Cost:
        """Return the three; of batches each is one time, divided among its decodes."""
        return cls(statistics.median(times), statistics.quantiles(times, n=100)[98], cpu_us / decodes)


class Disagreement(Exception):
    """The subjects do not say the same of a payload: then there is no figure."""


@contextlib.contextmanager
def ready(folder: Path) -> Iterator[Registry]:
    """Give a registry with every layout in every kind, made in ``folder``; its workers end with the block."""
    for kind in ("table", "cursor", "struct"):
        shutil.copytree(layouts.FOLDER / kind, folder / kind)
    for context in CONTEXTS:
        _with_context(folder / context, context)
    with contextlib.closing(Registry.load([folder], entry_points=False)) as registry:
        yield registry


def _with_context(folder: Path, context: str) -> None:
    shutil.copytree(layouts.FOLDER / "javascript", folder)
    for meta in folder.glob("*.meta.yaml"):
        meta.write_text(f"{meta.read_text(encoding='utf-8')}context: {context}\n", encoding="utf-8")


def check(registry: Registry, layout: Layout) -> None:
    """Raise Disagreement unless all kinds say the same of the layout's payloads."""
    for payload in layout.payloads:
        said = {
            kind: _said(registry, f"{kind}/{layout.name}", payload) for kind in ("table", "cursor", "struct", *CONTEXTS)
        }
        if len({repr(one) for one in said.values()}) != 1:
            raise Disagreement(f"{layout.name}: {payload.data.hex()}: {said}")


def _said(registry: Registry, name: str, payload: Payload) -> Any:
    decoded = registry.get(name).decode(payload)
    fields = sorted((key, float(value)) for key, value in decoded.fields.items())
    readings = sorted((one.quantity, one.channel or "", float(one.value), one.unit) for one in decoded.readings)
    return fields, readings, decoded.warnings


def measure(registry: Registry, layout: Layout) -> Mapping[str, Cost]:
    """Return what each subject costs, once."""
    with asyncio.Runner() as runner:
        codecs, uplinks = Codecs(registry.get), Uplinks()
        works = {**_here(registry, layout), **_awaited(runner, codecs, uplinks, layout)}
        for work in works.values():
            work.run()  # a worker starts, code is met for the first time
        workers, names = worker_pids(), list(works)
        times: dict[str, list[float]] = {name: [] for name in works}
        cpu_us = dict.fromkeys(works, 0.0)
        for number in range(ROUNDS):
            # Another one first in each round: it finds the caches as a worker's turn has left them.
            for name in (*names[number % len(names) :], *names[: number % len(names)]):
                found, used = _used(works[name], workers)
                times[name] += found
                cpu_us[name] += used
    return {name: Cost.of(times[name], cpu_us[name], work.decodes * ROUNDS) for name, work in works.items()}


def _used(work: Work, workers: Sequence[int]) -> tuple[Sequence[float], float]:
    """Return what ``work`` returns, and the µs of CPU that it took here and in the workers."""
    theirs, ours = sum(map(_on_cpu_ns, workers)), time.process_time_ns()
    found = work.run()
    ours = time.process_time_ns() - ours
    return found, (ours + sum(map(_on_cpu_ns, workers)) - theirs) / 1000


def _on_cpu_ns(pid: int) -> int:
    """Return a process's CPU time (sched-stats.rst); what /proc/PID/stat has counts in hundredths of a second."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])


@dataclass(frozen=True, slots=True)
class Work:
    """One subject's part of a round."""

    run: Callable[[], list[float]]  # the µs that its decodes took
    decodes: int


def _here(registry: Registry, layout: Layout) -> Mapping[str, Work]:
    source = layouts.FOLDER.joinpath("javascript", f"{layout.name}.js").read_text(encoding="utf-8")
    payloads, texts = layout.payloads, list(map(bare_engine.asked, layout.payloads))
    calls: Mapping[str, tuple[Callable[[Any], Any], Sequence[Any]]] = {
        TABLE: (registry.get(f"table/{layout.name}").decode, payloads),
        CURSOR: (registry.get(f"cursor/{layout.name}").decode, payloads),
        STRUCT: (registry.get(f"struct/{layout.name}").decode, payloads),
        BARE: (bare_engine.prepared(source), texts),
        BARE_NEW: (partial(_anew, source), texts),
    }
    return {name: Work(_timed(call, given, CALLS[name]), CALLS[name]) for name, (call, given) in calls.items()}


def _anew(source: str, text: str) -> Any:
    return bare_engine.prepared(source)(text)


def _timed(call: Callable[[Any], Any], given: Sequence[Any], calls: int) -> Callable[[], list[float]]:
    def work() -> list[float]:
        times = []
        for number in range(calls):
            one = given[number % len(given)]
            began = time.perf_counter_ns()
            call(one)
            times.append((time.perf_counter_ns() - began) / 1000)
        return times

    return work


def _awaited(runner: asyncio.Runner, codecs: Codecs, uplinks: Uplinks, layout: Layout) -> Mapping[str, Work]:
    return {
        through_codecs(context, size): _batched(runner, codecs, uplinks, f"{context}/{layout.name}", layout, size)
        for context in CONTEXTS
        for size in BATCHES
    }


def _batched(runner: asyncio.Runner, codecs: Codecs, uplinks: Uplinks, decoder: str, layout: Layout, size: int) -> Work:
    payloads, batches = layout.payloads, max(10 // size, 1)

    async def timed() -> float:
        batch = [uplinks.of(payloads[place % len(payloads)], decoder) for place in range(size)]
        began = time.perf_counter_ns()
        outcomes = await codecs.decode(batch)
        took = time.perf_counter_ns() - began
        for one in outcomes:
            if isinstance(one, DecodeError):
                raise Disagreement(f"{decoder}: {one}")
        return took / size / 1000

    async def all_timed() -> list[float]:
        return [await timed() for _ in range(batches)]

    return Work(lambda: runner.run(all_timed()), batches * size)


def all_costs(repetitions: int, folder: Path) -> Mapping[str, Sequence[Mapping[str, Cost]]]:
    """Return the costs of each layout, by its name, repetition for repetition."""
    with ready(folder) as registry:
        for layout in LAYOUTS:
            check(registry, layout)
        rounds = [{layout.name: measure(registry, layout) for layout in LAYOUTS} for _ in range(repetitions)]
    return {layout.name: [one[layout.name] for one in rounds] for layout in LAYOUTS}
