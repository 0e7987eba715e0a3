"""docs/guarantees.md holds its own promise: each command is one, each format has its row, each place it points to is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands.command_line import parser
from gateway.formats import catalogue

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
QUOTED = sorted(set(re.findall(r"`([^`]+)`", PAGE)))


def rows(heading: str) -> Iterator[list[str]]:
    """Yield the rows of the table under ``heading``."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    yield from ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:])


@pytest.mark.parametrize("command", [one for one in QUOTED if one.startswith("brygga ")])
def test_each_command_of_the_page_is_one(command: str) -> None:
    words = command.split()[1:]
    lacking = ["DAMAGED"] if words[-1] == "--from" else []
    lacking += ["FILE"] if words[:2] == ["journal", "export"] or words in (["backup"], ["restore"]) else []

    parsed = parser().parse_args([*words, *lacking])

    assert command.removeprefix("brygga ").startswith(parsed.command)


@pytest.mark.parametrize("script", [one for one in QUOTED if one.startswith("scripts/")])
def test_each_script_of_the_page_is_there(script: str) -> None:
    name, *words = script.split()
    program = [f"bench/{words[0]}.py"] if name == "scripts/bench" and words else []
    tests = [word for word in words if word.startswith("tests/")]

    assert [one for one in [name, *program, *tests] if not (ROOT / one).exists()] == []


def test_each_promise_has_a_limit_or_none_and_something_that_checks_it() -> None:
    promises = list(rows("The promises"))

    assert len(promises) > 10
    assert [
        row[0] for row in promises if len(row) != 3 or not row[1] or not re.search(r"`(brygga|scripts)", row[2])
    ] == []


def test_each_format_says_what_a_repetition_does_and_its_order() -> None:
    told = {name.strip("`"): (order, does) for name, order, does, _ in rows("A repetition")}
    orders = {name: "oldest first" if catalogue.is_strict(name, {}) else "live first" for name in catalogue.FORMATS}

    assert {name: order for name, (order, _) in told.items()} == orders
    assert all(does for _, does in told.values())


def test_each_figure_says_how_it_was_measured() -> None:
    assert [row[0] for row in rows("Figures") if not all(row)] == []


def test_each_link_of_the_page_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    headings = {
        "#" + re.sub(r"[^a-z0-9 -]", "", line[3:].lower()).replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("## ")
    }

    lost = [one for one in links if one not in headings and not (ROOT / "docs" / one).resolve().exists()]

    assert lost == []
