"""The wizard in Swedish: its summary, the trial of a city and the notes about the file have no English sentence of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from gateway.commands import init_dialogue
from gateway.commands.init_sentences import both
from gateway.commands.init_terminal import Terminal
from gateway.commands.init_trial import say_step, try_out
from gateway.config import load
from gateway.model import Instant, TimeQuality
from gateway.setup.dialogue import Dialogue
from gateway.trial.advice import kinds
from gateway.trial.steps import Step, clock_steps
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from tests.setup.roots import known
from tests.setup.test_dialogue import answered

CITY = """
[gateway]
name = "mast"
data = "data"
[clock]
trust = "system"
[[destination]]
name = "lund"
url = "{url}"
{how}
"""


@pytest.fixture
async def city() -> AsyncIterator[NgsiLdReceiver]:
    receiver = NgsiLdReceiver()
    yield receiver
    await receiver.stop()


def test_the_summary_says_answers_of_ours_in_swedish(capsys: pytest.CaptureFixture[str]) -> None:
    swedish = replace(known(), language="sv")

    init_dialogue.summary(Terminal("sv"), answered(Dialogue(swedish), radio="none", dashboard="off"))

    said = capsys.readouterr().out
    assert "radio: ingen\n" in said
    assert "webbsida: ingen\n" in said


async def test_the_steps_of_a_trial_that_goes_well_are_swedish(
    tmp_path: Path, city: NgsiLdReceiver, capsys: pytest.CaptureFixture[str]
) -> None:
    await city.start()
    path = tmp_path / "brygga.toml"
    path.write_text(CITY.format(url=city.url, how='format = "ngsi_ld"'), encoding="utf-8")

    await try_out(Terminal("sv"), load(path), "lund")

    lines = capsys.readouterr().out.splitlines()[2:]
    assert [one.split(":")[0] for one in lines] == [
        " ok namn", " ok förbindelse", " ok klocka", " ok inloggning", " ok leverans", " ok återläsning",
    ]  # fmt: skip
    assert lines[0] == " ok namn: 127.0.0.1 är 127.0.0.1"
    assert lines[1].endswith("svarar, utan kryptering")
    assert "plattformen tog emot mätvärdet" in lines[4]
    assert lines[5].startswith(" ok återläsning: det finns där: ")


@pytest.mark.parametrize("kind", kinds())
def test_what_helps_is_told_in_swedish(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    say_step(Terminal("sv"), Step(f"delivery ({kind})", False, "its own words", "in English", kind))

    said = capsys.readouterr().out
    assert said.startswith(f" !! leverans ({kind}): its own words\n    ")
    assert "in English" not in said


def test_the_note_about_a_city_without_a_profile_is_swedish(tmp_path: Path) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text(CITY.format(url="http://127.0.0.1:1", how='city = "nowhere"'), encoding="utf-8")

    (note,) = (one for one in load(path).warnings if "nowhere" in one)

    assert both(note).en == note
    assert both(note).sv.startswith("brygga.toml: destination[0].city: ingen har skickat in en profil för 'nowhere'")


@pytest.mark.parametrize(("hours", "words"), [(-3, "3 timmar efter"), (0.5, "30 minuter före")])
def test_a_clock_that_is_wrong_is_told_in_swedish(hours: float, words: str) -> None:
    now = Instant(datetime(2026, 5, 1, 12, tzinfo=UTC), 1.0, "boot", TimeQuality.SYSTEM)
    theirs = {"Date": format_datetime(now.utc - timedelta(hours=hours), usegmt=True)}

    untrusted, apart = clock_steps(now, TimeQuality.NTP, theirs)

    assert both(untrusted.words).sv == "boxens klocka är inte ntp ännu: mätvärden väntar på den"
    assert both(apart.words).sv == f"boxens klocka går {words} plattformens"


def test_a_platforms_own_words_stay_as_they_are() -> None:
    assert both("418 I'm a teapot: brewing").sv == "418 I'm a teapot: brewing"
