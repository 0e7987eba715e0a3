"""The bench of hearing beside checkpoints counts every uplink, and tells those that met a checkpoint from the others."""

from __future__ import annotations

from pathlib import Path

from bench.checkpoints import added_ms, is_kept
from bench.hearing_delays import Watch, _found, measure


async def test_every_uplink_is_timed(tmp_path: Path) -> None:
    found = await measure(tmp_path, 0.2, 200.0)

    assert found.uplinks == 40
    assert 0 < found.p50_ms <= found.p99_ms <= found.p999_ms <= found.longest_ms


def test_what_a_checkpoint_adds_is_told_from_what_a_commit_takes() -> None:
    watch = Watch(spans=[(1.0, 1.1)])
    apart, beside = [(2.0 + number, 2.03 + number) for number in range(98)], [(0.99, 1.05), (1.05, 1.2)]

    found = _found(watch, [*apart, *beside])

    assert found.beside == 2
    assert round(found.p50_ms) == 30
    assert round(added_ms(found)) == 120
    assert (found.slow, found.slow_beside) == (1, 1)
    assert not is_kept(found)
