"""The harness that compares stores (`scripts/bench peers`): it finds a loss where there is one, and none in our journal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bench import peers
from bench.keepers import Program, Task

SOME = Task(messages=300)
FORGETFUL = """
import sys, time
what, _, *rest = sys.argv[1:]
if what == "keep":
    print(*range(1, int(rest[0]) + 1), "through", sep="\\n", flush=True)
    time.sleep(60)
else:
    print(*range(1, 101), sep="\\n")
"""


@pytest.fixture
def journal() -> Iterator[Program]:
    with closing(Program([sys.executable, "-m", "bench.keepers.journal"])) as keeper:
        yield keeper


def test_what_our_journal_has_accepted_is_there_after_kill_9(journal: Program, tmp_path: Path) -> None:
    found = peers.killed_after_burst(journal, tmp_path, SOME)

    assert found == peers.Loss(accepted=300, lost=0)


def test_a_store_that_has_less_than_it_accepted_is_found_out(tmp_path: Path) -> None:
    program = tmp_path / "forgetful.py"
    program.write_text(FORGETFUL, encoding="utf-8")

    with closing(Program([sys.executable, str(program)])) as keeper:
        found = peers.killed_after_burst(keeper, tmp_path, SOME)

    assert found == peers.Loss(accepted=300, lost=200)


def test_a_loss_of_ours_is_a_failure_and_a_peer_s_is_not() -> None:
    found = {"harm": {peers.OURS: [peers.Loss(accepted=3, lost=1)], "a peer": [peers.Loss(accepted=9, lost=9)]}}

    assert peers.lost_by_us(found) == 1
