"""`brygga demo`: the whole path in one process, judged to the uplink."""

from __future__ import annotations

import asyncio
import io
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from gateway.errors import ConfigError
from gateway.model import Json
from simulators.demo import demo, play
from simulators.demo.stage import NORTH, SOUTH, stage
from simulators.demo.story import Script
from simulators.platforms.ngsi_ld import Fault, Kept, NgsiLdReceiver

LIMIT_S = 120.0
COMMAND = (sys.executable, "-m", "gateway", "demo")
QUICK = Script(
    outage_s=1.0, join_s=0.1, well_s=1.0, after_s=0.1, pace_s=0.5, drain_limit_s=1.0, settle_limit_s=1.0
)  # its judge waits a second only for what never comes


def numbers(summary: str) -> dict[str, list[int]]:
    """Return the rows of the summary by their first words."""
    rows = re.findall(r"^ ?(\S[a-z -]+?) {2,}(\d+.*)$", summary, re.MULTILINE)
    return {name: [int(number) for number in re.findall(r"\d+", rest)] for name, rest in rows}


def test_the_demo_ends_by_itself_with_nothing_lost() -> None:
    ended = subprocess.run(
        [*COMMAND, "--once", "--outage", "3"], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )

    found = numbers(ended.stdout)
    (heard, _) = found["heard by a gateway"]
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"0 lost: each of the {heard} uplinks" in " ".join(ended.stdout.split())
    assert found["sent by the sensors"][0] >= heard > 30
    assert found["committed to disk"][0] >= heard
    for city in ("north-city", "south-city"):
        delivered, lost, _repeated = found[f"delivered to {city}"]
        assert delivered >= heard
        assert lost == 0
        assert re.search(rf"{city} away for \d s, waiting [1-9]", ended.stdout)  # the backlog was there to be seen


async def test_its_dashboard_names_the_two_cities_and_its_screen_shows_what_is_on_disk(tmp_path: Path) -> None:
    async with stage(tmp_path, NgsiLdReceiver(), seed=1, pace_s=0.2) as everything:
        async with asyncio.timeout(LIMIT_S):
            while not everything.screen.latest:  # noqa: ASYNC110 - a sensor joins and speaks
                await asyncio.sleep(0.05)

        shown = {one.uplink.id for one in everything.screen.latest.values()}
        assert shown <= everything.screen.committed
        assert {*everything.agent.journal.destinations()} == {NORTH, SOUTH}


class Forgetful(Kept):
    """What a platform keeps that says yes to everything: all but the first uplink it was told."""

    forgotten = ""

    def take(self, tenant: str, entity: Mapping[str, Json], *, replaces: bool = False) -> bool:
        source: str = entity.get("source", {}).get("value", "")
        if "#" in source:  # of an uplink, and not of the gateway's own state
            self.forgotten = self.forgotten or source
        return source != self.forgotten and super().take(tenant, entity, replaces=replaces)


def test_an_uplink_that_a_city_says_it_took_and_has_not_fails_the_demo_by_its_id() -> None:
    south, kept = NgsiLdReceiver(), Forgetful()
    south.kept = kept
    console = Console(width=200, file=io.StringIO(), record=True, force_terminal=False)

    code = play(QUICK, console, south)

    said = console.export_text()
    assert code == 1
    assert re.search(rf"^1 heard and not at south-city: {kept.forgotten.rpartition('#')[2]}$", said, re.MULTILINE)
    assert "\n1 lost\n" in said
    assert "not at north-city" not in said


def test_a_city_that_stays_away_is_named_with_the_reason() -> None:
    console = Console(width=200, file=io.StringIO(), record=True, force_terminal=False)
    south = NgsiLdReceiver()
    south.mood = Fault(status=503, detail="closed for repairs")

    code = play(QUICK, console, south)

    assert code == 1
    assert re.search(r"^south-city stayed away: .*503.*closed for repairs", console.export_text(), re.MULTILINE)


@contextmanager
def running_demo() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_ctrl_c_ends_it_with_the_summary() -> None:
    with running_demo() as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, complaint = process.communicate(timeout=LIMIT_S)

    assert (first, complaint) == ("0:00  The sensors join and begin to speak\n", "")
    assert "sent by the sensors" in rest
    assert process.returncode in {0, 1}  # 1 where it was so early that nothing was heard


def test_the_demo_says_which_package_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.demo.find_spec", lambda _: None)

    with pytest.raises(ConfigError, match=r"pip install 'brygga\[demo\]'"):
        demo(once=True, outage_s=1.0)


@pytest.mark.parametrize("outage_s", [0.0, -1.0])
def test_an_outage_takes_time(outage_s: float) -> None:
    with pytest.raises(ConfigError, match="--outage"):
        demo(once=True, outage_s=outage_s)
