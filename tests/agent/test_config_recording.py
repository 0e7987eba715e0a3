"""`type = "recording"` in the configuration: what is read, and what is wrong with it in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model import TimeQuality
from gateway.sources.settings import RecordingSettings
from tests.agent.brygga_toml import loaded, problems

RECORDING = '[[source]]\nname = "old"\ntype = "recording"\nfile = "monday.jsonl"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "monday.jsonl").write_text("{}", encoding="utf-8")
    return tmp_path


def settings(folder: Path, more: str) -> RecordingSettings:
    (source,) = loaded(folder, RECORDING + more).sources
    assert isinstance(source, RecordingSettings)
    return source


def test_a_recording_is_heard_once_at_its_own_pace_as_if_it_were_new(folder: Path) -> None:
    assert settings(folder, "") == RecordingSettings(
        name="old", file=folder / "monday.jsonl", speed=1.0, repeat=False, recorded_time=None, port=1700
    )


@pytest.mark.parametrize(("speed", "expected"), [("10", 10.0), ("0.5", 0.5), ('"fastest"', None)])
def test_it_may_be_faster_or_slower(folder: Path, speed: str, expected: float | None) -> None:
    assert settings(folder, f"speed = {speed}").speed == expected


@pytest.mark.parametrize(("more", "expected"), [("", TimeQuality.SYSTEM), ('time_quality = "gps"', TimeQuality.GPS)])
def test_its_own_times_are_as_good_as_the_configuration_vouches_for(
    folder: Path, more: str, expected: TimeQuality
) -> None:
    assert settings(folder, f'time = "recorded"\n{more}').recorded_time is expected


def test_dates_that_will_not_be_believed_are_warned_of(folder: Path) -> None:
    unwise, wise = (loaded(folder, f'{RECORDING}time = "recorded"\n{more}') for more in ("", 'time_quality = "ntp"'))

    assert any(
        "source[0].time_quality: system is less than clock.trust asks for (ntp)" in one for one in unwise.warnings
    )
    assert not any("time_quality" in one for one in wise.warnings)


WRONG = [
    ("speed = 0", 'speed: 0 where a number above 0, or "fastest" is expected'),
    ('speed = "fast"', """speed: 'fast' where a number above 0, or "fastest" is expected"""),
    ("port = 0", "port: 0 where a whole number from 1 to 65535 is expected"),
    ('time = "then"', """time: 'then' where "now" or "recorded" is expected"""),
    (
        'speed = "fastest"\nrepeat = true',
        'repeat: with speed = "fastest" it would take a processor for ever; speed = 100 is fast, too',
    ),
    (
        'time_quality = "ntp"',
        'time_quality: tells of recorded times, and time is "now"; time = "recorded" takes them',
    ),
]


@pytest.mark.parametrize(("more", "words"), WRONG)
def test_what_cannot_be_is_told_with_what_would_be_right(folder: Path, more: str, words: str) -> None:
    assert problems(folder, RECORDING + more) == (f"brygga.toml: source[0].{words}",)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, RECORDING)

    assert problem == (
        f"brygga.toml: source[0].file: {tmp_path / 'monday.jsonl'}: cannot be read: No such file or directory"
    )
