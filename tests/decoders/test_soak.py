"""The short form of `python -m bench.hostile`: random payloads and hostile codecs, and nothing breaks or grows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from bench.hostile import LEAK, of_catalogue, of_javascript
from bench.hostile_devices import HOSTILE, Fleet, disturbed, ready
from bench.noise import payloads, soak
from decoders.contract import Decoded, Payload
from decoders.javascript.process import engine
from decoders.python_file import Facts, PythonDecoder

WITH_ENGINE = pytest.mark.skipif(engine() is None, reason="32-bit Arm has no wheel of the engine")
SEED = 20261125
EACH = 100  # payloads of each decoder of the catalogue
JAVASCRIPT = 700  # payloads of all JavaScript codecs together
ROUNDS = 2  # of all hostile codecs


def test_random_payloads_break_no_decoder_of_the_catalogue_and_fill_no_memory() -> None:
    soaked = of_catalogue(EACH, SEED)

    assert soaked.seen.findings == []
    assert soaked.seen.decoded > soaked.seen.payloads / 10
    assert soaked.growth.octets <= LEAK


@WITH_ENGINE
def test_random_payloads_end_no_worker_and_fill_no_memory() -> None:
    soaked = of_javascript(JAVASCRIPT, SEED)

    assert soaked.seen.findings == []
    assert soaked.worker is not None
    assert soaked.growth.octets <= LEAK
    assert soaked.worker.octets <= LEAK


@WITH_ENGINE
async def test_honest_devices_are_decoded_while_hostile_codecs_run(tmp_path: Path) -> None:
    with ready(tmp_path) as rig:
        trial = await disturbed(rig, Fleet(), ROUNDS * len(HOSTILE), 0)

    assert trial.wrong == []
    assert trial.honest_s
    ended = Counter(outcome.partition(":")[0] for outcome in trial.hostile.elements())
    assert ended == {f"hostile/{name}": ROUNDS for name in HOSTILE}
    assert trial.most_workers <= 2


def test_the_same_seed_gives_the_same_payloads_and_another_seed_others() -> None:
    drawn = [list(islice(payloads([], Random(seed)), 50)) for seed in (1, 1, 2)]

    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_a_decoder_that_breaks_its_promise_is_a_finding() -> None:
    soaked = soak([(python(lambda payload: Decoded((), {"share": 1 // (payload.data[0] % 2)})), [])], 40, 10, SEED)

    assert any("ZeroDivisionError" in finding for finding in soaked.seen.findings)


def test_memory_that_a_decoder_keeps_is_seen() -> None:
    kept: list[bytes] = []

    def decode(payload: Payload) -> Decoded:
        kept.append(payload.data[:1] * 2**20)
        return Decoded(())

    soaked = soak([(python(decode), [])], 60, 10, SEED)

    assert soaked.growth.octets > LEAK


def python(function: Callable[[Payload], Decoded]) -> PythonDecoder:
    return PythonDecoder(name="acme/th", revision="1", function=function, facts=Facts())
