"""The words of the pages: the same in both languages, and none that a page asks for is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from decoders import vocabulary
from gateway.commands.show_lanes import CATCHING_UP
from gateway.config.sources import SOURCES
from gateway.errors import Hindrance
from gateway.journal.values import AlarmKind
from gateway.web.files import PAGES
from gateway.web.roles import Role

LANGUAGES = ("sv", "en")
SAID_IN_ENGLISH = ("hindrance.", "refusal.")  # by the agent itself
PLURALS = ("one", "other")  # of both languages, by CLDR
STATES = ("up_to_date", "delivering", "catching_up", "stalled", "refusing", "connection_lost", "no_contact_yet", "waiting", "former", "moved", "stopped")  # fmt: skip


def words(file: str) -> Mapping[str, str]:
    table: Mapping[str, str] = json.loads((PAGES / "words" / f"{file}.json").read_text(encoding="utf-8"))
    return table


def sources() -> Mapping[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in sorted((PAGES / "app").rglob("*.js"))}


def has(table: Mapping[str, str], key: str) -> bool:
    return key in table or all(f"{key}.{plural}" in table for plural in PLURALS)


def test_both_languages_have_the_same_words_with_the_same_blanks() -> None:
    swedish, english = map(words, LANGUAGES)
    blanks = re.compile(r"\{\w+\}")

    assert english.keys() == {key for key in swedish if not key.startswith(SAID_IN_ENGLISH)}
    assert [key for key in english if {*blanks.findall(swedish[key])} != {*blanks.findall(english[key])}] == []
    assert [key for table in (swedish, english) for key, text in table.items() if not text.strip()] == []


def test_every_word_that_a_page_names_is_there() -> None:
    table = words("sv")
    named = re.compile(r"""\bt\(\s*"([^"]+)"|\? "([a-z_]+\.[\w.]+)" : "([a-z_]+\.[\w.]+)\"""")
    empties = re.compile(r"""\bempty\("([^"]+)\"""")

    asked = {key for text in sources().values() for found in named.findall(text) for key in found if key}
    asked |= {
        f"{key}.{part}" for text in sources().values() for key in empties.findall(text) for part in ("title", "words")
    }

    assert len(asked) > 250
    assert sorted(key for key in asked if not has(table, key)) == []


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("state", STATES),
        ("alarm", sorted(AlarmKind)),
        ("source_type", sorted(SOURCES)),
        ("quantity", sorted(vocabulary.QUANTITIES)),
        ("role", sorted({*map(str, Role)} - {"metrics"})),
        ("hearing", ("good", "fair", "weak", "none")),
        ("verdict", ("taken", "refused", "later", "unclear")),
        ("hindrance", sorted(Hindrance)),
        ("lane", ("live", CATCHING_UP.replace(" ", "_"), "strict")),
    ],
)
def test_what_the_agent_names_has_words(group: str, names: tuple[str, ...]) -> None:
    table = words("sv")

    assert [name for name in names if f"{group}.{name}" not in table] == []


def test_every_trouble_says_what_to_do() -> None:
    judge = (PAGES / "app" / "judge.js").read_text(encoding="utf-8")
    troubles = set(re.findall(r"""trouble\("\w+", "(\w+)\"""", judge))
    table = words("sv")

    assert len(troubles) > 10
    assert sorted(one for one in troubles if not (has(table, f"trouble.{one}") and f"trouble.{one}.do" in table)) == []


def test_all_that_a_form_finds_wrong_has_words() -> None:
    pages = sources()
    found = set(re.findall(r"""\bis\("(\w+)\"""", pages[PAGES / "app" / "forms.js"]))
    found |= {what for text in pages.values() for what in re.findall(r"""what: "(\w+)\"""", text)}
    table = words("sv")

    assert len(found) > 8
    assert sorted(what for what in found if not has(table, f"wrong.{what}")) == []


def test_no_page_writes_its_words_itself() -> None:
    """Text between quotes with a capital and a blank is for people, and belongs into the tables."""
    sentence = re.compile(r"""["`][A-ZÅÄÖ][a-zåäö]+ [a-zåäö]{2,}[^"`]*["`]""")

    found = [f"{path.name}: {text}" for path, source in sources().items() for text in sentence.findall(source)]
    assert found == []
