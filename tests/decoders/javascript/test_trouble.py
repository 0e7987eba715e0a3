"""What overruns cost is bounded: a codec that hangs with many devices rests whole, a batch has a budget, a load is tried once."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from decoders.contract import DecodeError, DecodeReason, NotNow, Payload
from decoders.javascript import decoder, source
from decoders.javascript.crew import Crew, Overrun, Seat, Waiting
from decoders.javascript.patience import PROBE_EVERY
from decoders.javascript.process import Message, WorkerEnded, WorkerProcess
from decoders.javascript.source import Source
from decoders.registry import DecoderNotNow, Registry
from tests.decoders.javascript.conftest import CODECS, Load

GOOD = source.of_text("function decodeUplink(i) { return { data: { a: 1 } }; }")
ODD = "function decodeUplink(i) { while (i.bytes[0]); return { data: { a: 1 } }; }"
ASKED = {"work": "decode", "bytes": "", "port": 1}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Seats:
    """Stands for the workers: octet 1 overruns and takes its time, all else is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, clock: Clock, takes_s: float) -> None:
        self.asked = 0
        self._clock, self._takes_s = clock, takes_s
        seats = self
        monkeypatch.setattr(Seat, "ask", lambda _seat, _source, message: seats.ask(message))

    def ask(self, message: Message) -> Message:
        self.asked += 1
        if message.get("bytes") == "01":
            self._clock.now += self._takes_s
            raise WorkerEnded("it did not come to an end in time")
        return {"form": "decodeUplink", "result": {"data": {"a": 1}}}


def payload(device: int, octet: int = 1) -> Payload:
    return Payload(bytes([octet]), 1, None, str(device))


def outcomes(crew: Crew, devices: range, octet: int = 1) -> list[str]:
    def one(device: int) -> str:
        try:
            crew.ask(GOOD, {**ASKED, "bytes": f"{octet:02x}"}, str(device))
        except (Overrun, Waiting) as error:
            return type(error).__name__
        return "well"

    return [one(device) for device in devices]


def test_a_codec_that_overran_with_five_devices_in_a_row_rests_but_for_a_probe_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    crew = Crew(clock)
    seats = Seats(monkeypatch, clock, takes_s=0.0)

    first = outcomes(crew, range(99))
    clock.now += PROBE_EVERY
    second = outcomes(crew, range(99, 198))
    clock.now += PROBE_EVERY
    third = outcomes(crew, range(198, 204), octet=0)

    assert first == ["Overrun"] * 5 + ["Waiting"] * 94
    assert second == ["Overrun"] + ["Waiting"] * 98
    assert third == ["well"] * 6
    assert seats.asked == 5 + 1 + 6


def test_a_device_that_is_read_between_them_shows_that_the_codec_is_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    crew = Crew(clock)
    Seats(monkeypatch, clock, takes_s=0.0)

    said = [*outcomes(crew, range(4)), *outcomes(crew, range(100, 101), octet=0), *outcomes(crew, range(4, 8))]

    assert said == ["Overrun"] * 4 + ["well"] + ["Overrun"] * 4


def test_two_who_ask_at_once_do_not_both_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    crew = Crew(clock)
    Seats(monkeypatch, clock, takes_s=0.0)
    outcomes(crew, range(5))
    clock.now += PROBE_EVERY
    meanwhile: list[str] = []

    def while_another_asks(_seat: Seat, _source: Source, _message: Message) -> Message:
        meanwhile.extend(outcomes(crew, range(50, 51)))
        return {}

    monkeypatch.setattr(Seat, "ask", while_another_asks)

    probe = outcomes(crew, range(60, 61), octet=0)

    assert (probe, meanwhile) == (["well"], ["Waiting"])


@pytest.mark.parametrize(("takes_s", "tried"), [(1.3, 2), (0.7, 3), (0.45, 5), (0.1, 5)])
async def test_overruns_of_one_batch_are_few_and_the_rest_of_it_waits(
    takes_s: float, tried: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = Clock()
    crew = Crew(clock)
    codec = decoder.load(tmp_path / "codec.js", "acme/codec", ODD.encode(), crew)
    seats = Seats(monkeypatch, clock, takes_s)

    said = await codec.decode_all([payload(device) for device in range(99)])

    assert [one.reason for one in said if isinstance(one, DecodeError)] == [
        *[DecodeReason.FAILED] * tried,
        *[DecodeReason.WAITING] * (99 - tried),
    ]
    assert seats.asked == tried
    crew.close()


# ── while it is loaded ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Source]:
    """Return the sources that a worker was asked about, real ones."""
    found: list[Source] = []
    ask: Callable[[Seat, Source, Message], Message] = Seat.ask

    def counted(seat: Seat, one: Source, message: Message) -> Message:
        found.append(one)
        return ask(seat, one, message)

    monkeypatch.setattr(Seat, "ask", counted)
    return found


def test_a_text_that_overran_when_it_was_loaded_is_not_loaded_again(crew: Crew, asked: list[Source]) -> None:
    endless = source.of_text("for (;;);")

    for _ in range(3):
        with pytest.raises(Overrun, match="it did not come to an end within 500 ms"):
            crew.look(endless)

    assert asked == [endless]


def test_a_worker_that_is_ended_by_others_while_it_loads_says_nothing_of_the_codec(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = WorkerProcess.ask

    def shot(process: WorkerProcess, message: Message) -> Message:
        monkeypatch.setattr(WorkerProcess, "ask", ask)
        os.kill(process.pid, signal.SIGKILL)
        return ask(process, message)

    monkeypatch.setattr(WorkerProcess, "ask", shot)

    with pytest.raises(NotNow):
        crew.look(GOOD)
    assert crew.look(GOOD)["decode"] == "decodeUplink"


def without_memory(*_: object, **__: object) -> None:
    raise OSError(12, "Cannot allocate memory")


def test_a_machine_without_memory_for_a_moment_breaks_no_decoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "th-1.js").write_bytes((CODECS / "decode-uplink.js").read_bytes())
    registry = Registry.load([tmp_path], entry_points=False)
    with monkeypatch.context() as full:
        full.setattr(subprocess, "Popen", without_memory)
        with pytest.raises(DecoderNotNow, match=r"cannot be started: .*Cannot allocate memory"):
            registry.get("acme/th-1")

    assert registry.get("acme/th-1").decode(Payload(b"\0\xea\x82", 2)).fields["temperature"] == 23.4
    registry.close()


def test_a_payload_is_tried_again_later_when_there_is_no_memory_for_a_worker(
    load: Load, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = load(ODD)
    crew._seats[0].process.end()  # type: ignore[union-attr]  # as a machine without memory ends it
    with monkeypatch.context() as full:
        full.setattr(subprocess, "Popen", without_memory)
        with pytest.raises(DecodeError) as caught:
            codec.decode(payload(1, octet=0))

    assert caught.value.reason is DecodeReason.WAITING
    assert codec.decode(payload(1, octet=0)).fields == {"a": 1}
