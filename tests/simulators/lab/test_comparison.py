from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest

from gateway.commands.cli import main
from gateway.model import Json
from simulators.lab.fingerprint import code
from tests.simulators.lab.told import of_twelve_minutes

LOST = "lost between journal and platform"
DISCREPANCY = {
    "id": "5d2e3fd4-9b0f-5d0a-8a57-111111111111",
    "device": "climate-3",
    "fleet": "climate",
    "f_cnt": 4,
    "fate": LOST,
    "story": "said at 60.000 s; on disk at 61.000 s; never at region",
    "breaks": True,
}

Change = Callable[[Json], object]


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[str]]:
    """Return what writes two reports of the town, changed, and returns their names."""

    def written(change_b: Change, change_a: Change = lambda _: None) -> list[str]:
        names = []
        for name, change in (("a.json", change_a), ("b.json", change_b)):
            told = deepcopy(of_twelve_minutes())
            change(told)
            (tmp_path / name).write_text(json.dumps(told), encoding="utf-8")
            names.append(str(tmp_path / name))
        return names

    return written


def compared(files: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, Json]:
    """Return the exit code and what was told to programs."""
    exit_code = main(["lab", "compare", *files, "--json"])
    return exit_code, json.loads(capsys.readouterr().out)


def figures(told: Json) -> Json:
    return {(one["of"], one["what"]): (one["a"], one["b"], one["change"]) for one in told["figures"]}


def _nothing(_: Json) -> None:
    pass


def _loses(told: Json) -> None:
    told["uplinks"]["fates"][LOST] = 1
    told["uplinks"]["fates"]["delivered"] -= 1
    told["platforms"]["region"]["delivered"] -= 1
    told["discrepancies"].append(DISCREPANCY)


def _breaks(told: Json) -> None:
    told["promises"][0] |= {"kept": False, "found": "1 lost"}


def test_a_report_beside_itself_has_no_change_and_is_no_worse(
    files: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code, told = compared(files(_nothing), capsys)

    assert exit_code == 0
    assert {one["change"] for one in told["figures"]} <= {0, None}
    assert told["warnings"] == told["worse"] == told["only_a"] == told["only_b"] == []
    assert told["same_journal"]


def test_each_figure_of_a_report_stands_beside_the_other_with_its_change(
    files: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    def change(told: Json) -> None:
        told["uplinks"] |= {"sent": 63, "lost_on_air": {"collided": 10}}
        told["platforms"]["orebro"] |= {"duplicates": 2}
        told["platforms"]["orebro"]["latency_s"]["p99"] += 1.5
        told["duty_cycle"]["fullest_device"] += 0.5
        told["machine"]["cpu_seconds"] = 3.0

    of = figures(compared(files(change), capsys)[1])

    sent = of_twelve_minutes()["uplinks"]["sent"]
    assert of["uplinks", "sent"] == (sent, 63, 63 - sent)
    assert of["lost on air", "collided"] == (0, 10, 10)
    assert of["city orebro", "duplicates"][2] == 2
    assert of["city orebro", "latency p99"][2] == pytest.approx(1.5)
    assert of["city region", "latency p99"][2] == 0
    assert of["duty cycle", "fullest hour of a device"][2] == pytest.approx(0.5)
    assert of["machine", "work"] == (1.0, 3.0, 2.0)


def test_a_city_that_only_one_has_is_told_without_a_change(
    files: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    names = files(lambda told: told["platforms"].pop("region"))

    of = figures(compared(names, capsys)[1])

    assert of["city region", "delivered"] == (of_twelve_minutes()["platforms"]["region"]["delivered"], None, None)


@pytest.mark.parametrize(
    ("change_a", "change_b", "worse"),
    [
        (_nothing, _breaks, ["B breaks a promise that A keeps: lost at most 0: 1 lost"]),
        (_breaks, _breaks, []),
        (_breaks, _nothing, []),
        (_nothing, _loses, ["B loses more uplinks after they were heard: 1, A 0"]),
        (_loses, _nothing, []),
        (_loses, _loses, []),
    ],
)
def test_b_is_worse_where_it_breaks_what_a_keeps_or_loses_more(
    change_a: Change,
    change_b: Change,
    worse: list[str],
    files: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    exit_code, told = compared(files(change_b, change_a), capsys)

    assert told["worse"] == worse
    assert exit_code == bool(worse)


def test_a_promise_that_a_did_not_make_and_b_breaks_is_worse(
    files: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    promise = {"promise": "at most 0 uplinks twice", "found": "3", "kept": False}

    exit_code, told = compared(files(lambda one: one["promises"].append(promise)), capsys)

    assert exit_code == 1
    assert told["worse"] == ["B breaks a promise that A does not make: at most 0 uplinks twice: 3"]


def test_discrepancies_are_told_by_id_where_only_one_has_them(
    files: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = {**DISCREPANCY, "fate": "lost between gateway and agent", "breaks": False}
    common = {**DISCREPANCY, "id": "common"}

    def change_a(told: Json) -> None:
        told["discrepancies"] += [common, elsewhere]

    def change_b(told: Json) -> None:
        told["discrepancies"] += [DISCREPANCY, common]

    _, told = compared(files(change_b, change_a), capsys)

    assert (told["only_a"], told["only_b"]) == ([elsewhere], [DISCREPANCY])


@pytest.mark.parametrize(
    ("key", "value", "warning"),
    [
        ("name", "water-meters", "different scenarios: A <b>town</b> & more and water-meters"),
        ("seed", 7, "different seeds: 1 and 7"),
        ("lasts_s", 60.0, "different lengths, in seconds: 720.0 and 60.0"),
        ("whole", False, "B was ended early, after 720 of 720 s"),
    ],
)
def test_what_makes_two_runs_different_ones_is_warned_of(
    key: str,
    value: Json,
    warning: str,
    files: Callable[..., list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, told = compared(files(lambda one: one["scenario"].update({key: value})), capsys)

    assert told["warnings"] == [warning]


def test_people_see_both_setups_changes_and_promises_within_80_columns(
    files: Callable[..., list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(told: Json) -> None:
        _loses(told)
        _breaks(told)
        told["scenario"] |= {"seed": 7, "name": "[red]a very long name of a scenario that nobody would write"}
        told["uplinks"]["sent"] = 1_234_567
        told["machine"]["code"] = "0.1.0 5f1c09aa7be2"
        told["discrepancies"] += [{**DISCREPANCY, "id": str(number)} for number in range(20)]
        told["platforms"]["a platform whose name has no end at all"] = told["platforms"]["orebro"]

    monkeypatch.setenv("COLUMNS", "80")
    names = files(change)

    exit_code = main(["lab", "compare", *names])

    text = capsys.readouterr().out
    words = " ".join(text.split())
    assert exit_code == 1
    assert max(map(len, text.splitlines())) <= 80
    for expected in (
        "[red]a very long name of a scenario that nobody would write, seed 7",
        "code 0.1.0 5f1c09aa7be2",
        "warning: different seeds: 1 and 7",
        "1,234,567 +1,234,514",
        "only in B: 21 that are not where they should be",
        "and 13 more; --json has all of them",
        "lost at most 0: A kept, 0 lost; B BROKEN, 1 lost",
        "B breaks a promise that A keeps: lost at most 0: 1 lost",
        "lost after they were heard 0 1 +1",
    ):
        assert expected in words
    assert "B loses more uplinks" not in words  # of another seed that is fate


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "b.json: no report of the lab: Invalid JSON"),
        (b"\xff\xfe", "b.json: no report of the lab: Invalid JSON"),
        (b"[1, 2]", "b.json: no report of the lab: Input should be an object"),
        (b'{"uplinks": 3}', "b.json: no report of the lab: version: Field required"),
        (b'{"version": 99}', "b.json: a report of version 99, and this brygga reads version 1"),
        (b'{"version": 1}', "b.json: no report of the lab: scenario: Field required"),
        (b"[" * 100_000, "b.json: no report of the lab: Invalid JSON"),
    ],
)
def test_a_file_that_is_no_report_is_told_what_would_be_right(
    octets: bytes, words: str, files: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    names = files(_nothing)
    Path(names[1]).write_bytes(octets)

    exit_code = main(["lab", "compare", *names])

    assert exit_code == 78
    error = " ".join(capsys.readouterr().err.split())
    assert words in error
    assert "brygga lab run SCENARIO --report FILE writes one" in error or "run its scenario again" in error


def test_a_value_that_is_wrong_is_named_with_its_place(
    files: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    names = files(lambda told: told["platforms"]["orebro"].update(delivered="many"))

    assert main(["lab", "compare", *names]) == 78
    assert "platforms.orebro.delivered: Input should be a valid integer" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = str(tmp_path / "nowhere.json")

    assert main(["lab", "compare", nowhere, nowhere]) == 78
    assert "nowhere.json: cannot be read: No such file or directory" in capsys.readouterr().err


def test_a_report_from_before_it_named_its_code_can_still_be_compared(
    files: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code, told = compared(files(_nothing, lambda one: one["machine"].pop("code")), capsys)

    assert (exit_code, told["a"]["code"]) == (0, "not said")


def test_code_is_named_by_its_version_and_by_what_is_in_it() -> None:
    version, digest = code().split()

    assert version == "0.1.0"
    assert len(bytes.fromhex(digest)) == 6


def test_fleets_and_gateways_are_compared_too_and_what_one_has_not_is_no_figure(
    files: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    def change(told: Json) -> None:
        told["fleets"]["climate"]["heard"] -= 3
        told["fleets"]["doors"] = told["fleets"].pop("meters")
        told["gateways"]["tower"]["downlinks"] += 5

    exit_code, told = compared(files(change), capsys)

    found = figures(told)
    sent = of_twelve_minutes()["fleets"]["climate"]["sent"]
    assert exit_code == 0
    assert found["fleet climate", "heard of those sent"][2] == pytest.approx(-3 / sent)
    assert found["fleet climate", "sent"][2] == 0
    assert found["fleet meters", "sent"][1] is None
    assert found["fleet doors", "sent"][0] is None
    assert found["gateway tower", "downlinks"][2] == 5
