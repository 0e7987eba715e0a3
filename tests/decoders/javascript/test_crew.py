"""Workers start when they are needed, are replaced when they die, hold nothing of ours, and end with their registry."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from decoders.contract import DecodeError, Payload
from decoders.javascript import process, source
from decoders.javascript.crew import Crew, Overrun, Waiting
from decoders.javascript.patience import LONGEST_WAIT, Patience
from decoders.registry import Registry
from tests.decoders.javascript.conftest import CODECS, Load

GOOD = source.of_text("function decodeUplink(i) { return { data: { a: 1 } }; }")
LOOP = source.of_text("function decodeUplink(i) { while (i.bytes[0]); return { data: { a: 1 } }; }")
ASKED = {"work": "decode", "bytes": "", "port": 1}
LOOPING = {"work": "decode", "bytes": "01", "port": 1}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid)


def test_no_worker_is_started_before_one_is_needed() -> None:
    crew = Crew()

    assert not crew.pids
    crew.close()


def test_a_closed_crew_leaves_no_process_and_answers_nothing() -> None:
    crew = Crew()
    crew.ask(GOOD, ASKED)
    pids = crew.pids

    crew.close()
    crew.close()

    assert all(map(gone, pids))
    with pytest.raises(Overrun, match="closed"):
        crew.ask(GOOD, ASKED)
    assert not crew.pids


def test_a_crew_that_nobody_has_any_more_leaves_no_process() -> None:
    crew = Crew()
    crew.ask(GOOD, ASKED)
    pids = crew.pids

    del crew

    assert all(map(gone, pids))


def test_a_registry_closes_its_workers(tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "th-1.js").write_bytes((CODECS / "decode-uplink.js").read_bytes())
    before = {*psutil.Process().children()}  # other tests' fork server
    registry = Registry.load([tmp_path], entry_points=False)
    decoder = registry.get("acme/th-1")
    children = {*psutil.Process().children()} - before

    registry.close()

    assert children
    assert all(gone(child.pid) for child in children)
    with pytest.raises(DecodeError, match="closed"):
        decoder.decode(Payload(b"\0\xea\x82", 2))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_worker_that_dies_between_two_payloads_is_replaced(how: signal.Signals, crew: Crew) -> None:
    crew.ask(GOOD, ASKED)
    (first,) = crew.pids
    os.kill(first, how)
    psutil.Process(first).wait(10)

    answer = crew.ask(GOOD, ASKED)

    assert answer["result"] == {"data": {"a": 1}}
    assert crew.pids != [first]


def test_many_restarts_leave_nothing_behind(crew: Crew) -> None:
    ours = psutil.Process()
    others = {*ours.children()}  # other tests' fork server
    crew.ask(GOOD, ASKED)
    before = ours.num_fds()

    for _ in range(30):
        (pid,) = crew.pids
        os.kill(pid, signal.SIGKILL)
        psutil.Process(pid).wait(10)
        crew.ask(GOOD, ASKED)

    assert ours.num_fds() == before
    assert [child.pid for child in {*ours.children()} - others] == crew.pids


def test_a_worker_that_stands_still_is_ended(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    crew.ask(GOOD, ASKED)
    (pid,) = crew.pids
    monkeypatch.setattr(process, "PATIENCE", 0.2)
    os.kill(pid, signal.SIGSTOP)

    with pytest.raises(Overrun, match="did not come to an end in time"):
        crew.ask(GOOD, ASKED)

    assert gone(pid)


def test_a_worker_that_does_not_take_what_it_is_asked_is_ended(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    crew.ask(GOOD, ASKED)
    (pid,) = crew.pids
    monkeypatch.setattr(process, "PATIENCE", 0.2)
    os.kill(pid, signal.SIGSTOP)

    with pytest.raises(Overrun, match="did not come to an end in time"):
        crew.ask(GOOD, {**ASKED, "more": "x" * 2**20})

    assert gone(pid)


def test_a_decoder_that_overran_has_a_worker_apart_for_a_while() -> None:
    clock = Clock()
    crew = Crew(clock)
    crew.ask(GOOD, ASKED)
    (common,) = crew.pids

    with pytest.raises(Overrun):
        crew.ask(LOOP, LOOPING, "odd")
    crew.ask(LOOP, ASKED, "another")
    both = crew.pids
    clock.now += 301
    os.kill(both[1], signal.SIGKILL)
    psutil.Process(both[1]).wait(10)
    crew.ask(LOOP, ASKED, "another")

    assert both[0] == common
    assert len(both) == 2
    assert gone(both[1])  # nobody needed it again
    crew.close()


def test_a_device_waits_twice_as_long_each_time_and_is_forgiven_when_it_goes_well() -> None:
    clock = Clock()
    patience = Patience(clock)
    key = ("codec", "device")
    waits = []
    for _ in range(12):
        patience.overran(key)
        waits.append(patience.device_wait_s(key))
        clock.now += waits[-1]

    patience.went_well(key)
    patience.overran(key)

    assert waits == [0, 0, 60, 120, 240, 480, 960, 1920, *[LONGEST_WAIT] * 4]
    assert patience.device_wait_s(key) == 0
    assert patience.device_wait_s(("codec", "other")) == 0


def test_a_device_that_waits_is_tried_again_when_its_time_has_come() -> None:
    clock = Clock()
    crew = Crew(clock)
    for _ in range(3):
        with pytest.raises(Overrun):
            crew.ask(LOOP, LOOPING, "odd")

    with pytest.raises(Waiting, match="tried in 60 s"):
        crew.ask(LOOP, ASKED, "odd")
    clock.now += 61
    answer = crew.ask(LOOP, ASKED, "odd")

    assert answer["result"] == {"data": {"a": 1}}
    crew.close()


def test_a_world_that_ran_into_a_limit_is_thrown_away(load: Load) -> None:
    text = "var n = 0; function decodeUplink(i) { n++; while (i.bytes[0] == 1); return { data: { n } }; }"
    codec = load(text, "context: device")

    def count(first: int) -> int:
        return int(codec.decode(Payload(bytes([first]), 1, None, "a")).fields["n"])

    before = [count(0), count(0)]
    with pytest.raises(DecodeError):
        count(1)

    assert before == [1, 2]
    assert count(0) == 1


# ── together with an event loop ─────────────────────────────────────────────────────────────────────────────────


async def test_the_loop_goes_on_while_a_codec_hangs(load: Load) -> None:
    codec = load("function decodeUplink() { while (true) {} }")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    outcomes = await codec.decode_all([Payload(b"\1", 1)])
    counting.cancel()

    assert isinstance(outcomes[0], DecodeError)
    assert turns > 100


async def test_closing_ends_a_batch_that_is_under_way(load: Load, crew: Crew) -> None:
    codec = load("function decodeUplink() { while (true) {} }")
    batch = [Payload(b"\1", 1, None, str(number)) for number in range(50)]

    task = asyncio.create_task(codec.decode_all(batch))
    await asyncio.sleep(0)  # it has begun, or begins when there is nobody any more: it is to end either way
    crew.close()
    outcomes = await asyncio.wait_for(task, 5)

    assert all(isinstance(one, DecodeError) for one in outcomes)


def test_workers_answer_two_threads_at_once(crew: Crew) -> None:
    import threading

    found: list[object] = []

    def ask(text: str) -> Callable[[], None]:
        one = source.of_text(f"function decodeUplink(i) {{ return {{ data: {{ v: '{text}' }} }}; }}")
        return lambda: found.extend(crew.ask(one, ASKED)["result"]["data"]["v"] for _ in range(100))

    threads = [threading.Thread(target=ask(name)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(map(str, found)) == ["a"] * 100 + ["b"] * 100
