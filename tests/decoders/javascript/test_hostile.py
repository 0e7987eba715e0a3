"""Codecs that loop, swallow memory, recurse or try to leave: each costs its own device, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copy

import pytest

from decoders.contract import Decoded, DecodeError, DecodeReason
from decoders.registry import Registry
from gateway.codecs import Codecs, Outcome
from gateway.model import Device, Eui64, Uplink
from tests.decoders.javascript.conftest import CODECS, HOSTILE
from tests.journal.samples import uplink

GOOD, BAD = Eui64("70b3d57ed0000001"), Eui64("70b3d57ed0000002")
MILD = bytes.fromhex("00EA 82")

ENDLESS = "it did not come to an end within 100 ms"
STUCK = "it did not come to an end in time"
FULL = "it wanted more than 16 MB"
NOT_SAID = "what the codec returns is "

# How each of them ends.
ENDS = {
    "endless-loop": ENDLESS,
    "endless-loop-that-catches": ENDLESS,
    "allocation-bomb": FULL,
    "string-doubling": "InternalError: string too long",
    "deep-recursion": "RangeError: Maximum call stack size exceeded",
    "catastrophic-regex": ENDLESS,
    "typed-array-sort-loop": STUCK,
    "native-index-of": ENDLESS,
    "output-bomb": f"{NOT_SAID}longer than 500000 characters",
    "long-list": f"{NOT_SAID}more than 50000 values",
    "deep-output": f"{NOT_SAID}nested in itself, or deeper than 32 levels",
    "cyclic-output": f"{NOT_SAID}nested in itself, or deeper than 32 levels",
    "getter-loop": ENDLESS,
    "proxy-loop": ENDLESS,
    "to-json-loop": f"{NOT_SAID}nested in itself, or deeper than 32 levels",
    "throws-a-loop": ENDLESS,
    "bigint-squaring": "RangeError: BigInt is too large to allocate",
    "exit-by-std": "ReferenceError: std is not defined",
    "exit-by-quit": "ReferenceError: quit is not defined",
    "exit-by-process": "TypeError: not a function",
    "reads-a-file": "require('fs'): a codec has buffer, crypto, util and assert here, and nothing else",
    "sleeps": "TypeError: cannot block in this thread",
}


@dataclass(frozen=True, slots=True)
class Rig:
    registry: Registry
    codecs: Codecs
    folder: Path

    def install(self, path: Path, name: str) -> None:
        copy(path, self.folder / "acme" / f"{name}.js")
        self.registry.look_again()
        self.codecs.forget()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    (tmp_path / "acme").mkdir()
    registry = Registry.load([tmp_path], entry_points=False)
    yield Rig(registry, Codecs(registry.get), tmp_path)
    registry.close()


def heard(f_cnt: int, dev_eui: Eui64, decoder: str) -> tuple[Uplink, Device]:
    return uplink(f_cnt, dev_eui, MILD), Device(dev_eui=dev_eui, decoder=f"acme/{decoder}")


def temperatures(outcomes: list[Outcome]) -> list[object]:
    return [one.fields.get("temperature") if isinstance(one, Decoded) else str(one) for one in outcomes]


def test_every_hostile_script_has_its_end() -> None:
    assert {path.stem for path in HOSTILE.glob("*.js")} == set(ENDS)


@pytest.mark.parametrize("script", sorted(ENDS))
async def test_a_hostile_codec_costs_its_own_device_and_the_others_go_on(script: str, rig: Rig) -> None:
    rig.install(CODECS / "decode-uplink.js", "good")
    rig.install(HOSTILE / f"{script}.js", "bad")
    batch = [
        heard(1, GOOD, "good"),
        heard(1, BAD, "bad"),
        heard(2, GOOD, "good"),
        heard(2, BAD, "bad"),
        heard(3, GOOD, "good"),
    ]

    outcomes = list(await rig.codecs.decode(batch))

    assert temperatures(outcomes[::2]) == [23.4, 23.4, 23.4]
    for outcome in outcomes[1::2]:
        assert isinstance(outcome, DecodeError)
        assert outcome.reason in {DecodeReason.FAILED, DecodeReason.MALFORMED}
        assert outcome.detail.startswith(ENDS[script])
    assert rig.codecs.failures.total() == 2


async def test_a_codec_that_hangs_on_one_payload_reads_the_others_of_the_same_batch(rig: Rig, tmp_path: Path) -> None:
    codec = tmp_path / "codec.js"
    codec.write_text(
        "function decodeUplink(i) { if (i.bytes[0]) { var a = new Float64Array(1 << 20); for (;;) a.sort(); }"
        " return { data: { temperature: 1 } }; }"
    )
    rig.install(codec, "odd")
    batch = [(uplink(f_cnt, GOOD, bytes([f_cnt == 1])), Device(dev_eui=GOOD, decoder="acme/odd")) for f_cnt in range(4)]

    outcomes = list(await rig.codecs.decode(batch))

    assert temperatures(outcomes) == [1, f"failed: {STUCK}", 1, 1]


async def test_a_device_that_overruns_three_times_in_a_row_waits_and_others_of_its_model_do_not(
    rig: Rig, tmp_path: Path
) -> None:
    codec = tmp_path / "codec.js"
    codec.write_text(
        "function decodeUplink(i) { while (i.bytes[0]); return { data: { temperature: 1 } }; }", encoding="utf-8"
    )
    rig.install(codec, "odd")
    odd = Device(dev_eui=BAD, decoder="acme/odd")
    good = Device(dev_eui=GOOD, decoder="acme/odd")
    batch = [(uplink(f_cnt, BAD, b"\1"), odd) for f_cnt in range(5)]

    outcomes = [*await rig.codecs.decode(batch), *await rig.codecs.decode([(uplink(9, GOOD, b"\0"), good)])]

    assert temperatures(outcomes[:3]) == [f"failed: {ENDLESS}"] * 3
    assert all("the next is tried in" in str(one) for one in outcomes[3:5])
    assert temperatures(outcomes[5:]) == [1]
