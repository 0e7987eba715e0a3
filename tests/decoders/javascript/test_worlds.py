"""Worlds that are kept for devices: bounded by their octets, and what is lost of them is said."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from decoders.contract import DecodeError, Payload
from decoders.javascript import worker
from decoders.javascript.answers import MEMORY_LOST
from decoders.javascript.crew import Crew
from decoders.javascript.decoder import JavaScriptDecoder
from tests.decoders.javascript.conftest import Load

COUNTS = "var n = 0; function decodeUplink(i) { n++; while (i.bytes[0] == 9); return { data: { n } }; }"
HOARDS = (
    "var hoard = []; function decodeUplink() { for (; hoard.length < 12; ) hoard.push(new Uint8Array(1 << 20).fill(1));"
    " return { data: { n: hoard.length } }; }"
)
OF_DEVICE = "context: device"


def count(codec: JavaScriptDecoder, device: str, octet: int = 1) -> tuple[object, tuple[str, ...]]:
    found = codec.decode(Payload(bytes([octet]), 1, None, device))
    return found.fields["n"], found.warnings


def test_more_devices_than_a_street_has_are_remembered(load: Load, crew: Crew) -> None:
    codec = load(COUNTS, OF_DEVICE)
    devices = [str(number) for number in range(100)]

    counts = [[count(codec, device) for device in devices] for _ in range(2)]

    assert counts == [[(1, ())] * 100, [(2, ())] * 100]
    assert crew.lost == 0


def test_worlds_make_room_for_others_and_their_loss_is_told(load: Load, crew: Crew) -> None:
    codec = load(HOARDS, OF_DEVICE)

    first = [count(codec, str(number)) for number in range(12)]
    again = [count(codec, "11"), count(codec, "0"), count(codec, "0")]

    assert first == [(12, ())] * 12
    assert again == [(12, ()), (12, (MEMORY_LOST,)), (12, ())]
    assert crew.lost == 1
    assert psutil.Process(*crew.pids).memory_info().rss < worker.CONTEXTS + 2 * worker.MEMORY + 24 * 2**20


def test_a_device_that_overruns_moves_alone(load: Load, crew: Crew) -> None:
    codec = load(COUNTS, OF_DEVICE)
    before = [count(codec, device)[0] for device in "aab"]
    with pytest.raises(DecodeError, match="within 100 ms"):
        count(codec, "b", octet=9)

    after = [count(codec, "b"), count(codec, "a")]

    assert before == [1, 2, 1]
    assert after == [(1, (MEMORY_LOST,)), (3, ())]
    assert len(crew.pids) == 2


def test_what_goes_with_its_worker_is_told(load: Load, crew: Crew) -> None:
    codec = load(COUNTS, OF_DEVICE)
    count(codec, "a")
    os.kill(crew.pids[0], signal.SIGKILL)
    psutil.Process(crew.pids[0]).wait(10)

    assert count(codec, "a") == (1, (MEMORY_LOST,))
    assert count(codec, "never heard before") == (1, ())


def test_a_world_without_state_is_not_missed(load: Load, crew: Crew) -> None:
    codec = load(COUNTS, "context: kept")
    count(codec, "a")
    os.kill(crew.pids[0], signal.SIGKILL)
    psutil.Process(crew.pids[0]).wait(10)

    assert count(codec, "a") == (1, ())
