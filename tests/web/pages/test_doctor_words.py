"""The doctor's words, which page and command share: every check and ill has Swedish ones, and their commands are those of the table."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import pytest

from gateway.commands.command_line import COMMANDS
from gateway.commands.doctor_words import FOLDER, words_in
from gateway.doctor import Finding, Standing
from gateway.doctor.finding import UNSEEN, Ill
from gateway.doctor.table import CHECKS
from gateway.doctor.trials import Trial, judge
from gateway.trial.advice import advice, kinds
from gateway.trial.steps import Step

LONGEST: Final = 140  # characters: a phone's screen has them in four lines
REPORT: Final = {"report.looking", "report.well", "report.all_well", "report.nothing"}
BLANK: Final = re.compile(r"\{\w+\}")
PROGRAMS: Final = (
    "apt", "date", "df", "dmesg", "free", "getent", "grep", "head", "hwclock", "iotop", "ip", "journalctl", "ls", "nc", "nmcli", "openssl", "pip",
    "ps", "resolvectl", "sudo", "systemctl", "sysctl", "tail", "timedatectl", "top", "usermod", "vcgencmd",
)  # fmt: skip
PLAIN: Final = re.compile(
    r"[a-zåäö]+([-'][a-zåäö]+)*|[A-ZÅÄÖ/]+(-[a-zåäö]+)?|[A-ZÅÄÖ][a-zåäö]+|e\.g|t\.ex", re.ASCII
)  # words and placeholders
OURS: Final = re.compile(rf"\bbrygga (?:{'|'.join(sorted((one.words for one in COMMANDS), key=len, reverse=True))})\b")


def table(language: str) -> Mapping[str, str]:
    words: Mapping[str, str] = json.loads((FOLDER / f"doctor-{language}.json").read_text(encoding="utf-8"))
    return words


def ills() -> Iterator[tuple[str, Ill]]:
    """Yield every ill with its key in the tables."""
    yield from ((f"{check.id}.{ill.name}", ill) for check in CHECKS for ill in check.ills)
    yield from ((ill.name, ill) for ill in UNSEEN)


def typed(words: str) -> Counter[str]:
    """Return what of a text is typed or stands in a file: commands of ours, programs, options, paths, keys, blanks."""
    found = Counter(OURS.findall(words))
    for one in OURS.sub(" ", words).split():
        word = one.strip("();,:?.")
        if word in PROGRAMS or not PLAIN.fullmatch(word):
            found[word] += 1
    return found - Counter([""])


def test_swedish_has_words_for_every_check_and_ill_and_english_for_every_check() -> None:
    checks = {f"check.{one.id}" for one in CHECKS}
    standings = {f"finding.{one}" for one in Standing}
    named = {f"{group}.{key}" for key, _ in ills() for group in ("ill", "do")}

    assert table("en").keys() == checks | standings | REPORT
    steps = {f"step.{kind.replace(' ', '_')}" for kind in kinds()}
    assert table("sv").keys() == checks | standings | REPORT | named | steps


def test_what_swedes_are_told_to_do_fits_on_a_phone() -> None:
    assert [key for key, words in table("sv").items() if len(words) > LONGEST or not words.strip()] == []


@pytest.mark.parametrize(("key", "ill"), [*ills()], ids=[key for key, _ in ills()])
def test_what_swedes_are_told_to_type_is_what_the_table_says(key: str, ill: Ill) -> None:
    words = table("sv")[f"do.{key}"]

    assert typed(words) == typed(ill.do)
    assert {*BLANK.findall(words)} == {*BLANK.findall(ill.do)}


def test_a_command_an_option_and_a_key_are_seen_among_words() -> None:
    words = "look at it: sudo df -h {folder}; brygga dead-letters list tells, e.g. [journal] limit below 3 (ext4)."

    assert typed(words) == Counter(
        ["sudo", "df", "-h", "{folder}", "brygga dead-letters list", "[journal]", "3", "ext4"]
    )


def test_a_finding_is_told_in_swedish_with_what_was_found() -> None:
    found = Finding(
        check="disk.inodes",
        standing=Standing.WRONG,
        seen="2 of 9",
        do="df -i /d; …",
        ill="inodes",
        keys={"folder": "/d"},
    )
    swedish = words_in("sv")

    assert swedish.means(found) == "Disken kan inte ta fler filer, fast den har plats"
    assert swedish.do(found) == "df -i /d; ta bort många små filer"


def test_what_helps_against_a_step_that_went_wrong_is_told_in_swedish() -> None:
    step = Step("delivery (credentials)", False, "401", *reversed(advice("401")))
    (seen,) = judge([Trial(about="lund", steps=[step])])
    assert seen.ill is not None
    found = Finding(check="destinations.test", standing=Standing.WRONG, seen="", ill="failed", keys=dict(seen.keys))  # type: ignore[arg-type]  # texts

    assert words_in("sv").do(found).startswith("användare, lösenord eller token är fel")
    assert "password or token is wrong" in words_in("en").do(replace(found, do=step.advice))


def test_any_check_may_say_in_swedish_that_it_could_not_be_looked_at() -> None:
    found = Finding(check="clock.keeper", standing=Standing.UNKNOWN, seen="took longer than 12 s", ill="unseen.slow")

    assert words_in("sv").means(found) == "Det tog för lång tid att se efter"


def test_what_has_no_words_yet_is_said_as_the_doctor_says_it() -> None:
    found = Finding(check="moon.phase", standing=Standing.UNWISE, seen="full", do="wait a week", ill="full")

    assert words_in("sv").do(found) == "wait a week"
    assert words_in("sv").means(found) == ""
