"""The search of the list finds what `brygga decoder search` finds; run by the engine that runs vendors' codecs."""

from __future__ import annotations

import json

import pytest

from decoders.registry import Description, Registry
from decoders.vocabulary import QUANTITIES
from decoders.workshop.finding import SWEDISH, search
from decoders.workshop.finding import text_of as said
from decoders.workshop.pages.entry import entry
from decoders.workshop.pages.frame import asset
from decoders.workshop.pages.index import render

quickjs = pytest.importorskip("quickjs", reason="32-bit Arm has no wheel of the engine")
NAMES = (
    "elsys/ers-co2",
    "decentlab/dl-ctd10",
    "talkpool/oy1210",
    "milesight/em300-th",
    "nwave/nps310sm",
    "quandify/cubicmeter",
)
ROWS = """
function found(query) {
  return ROWS.filter(([, text]) => fits(query, folded(text))).map(([name]) => name).sort();
}
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load(entry_points=False)


@pytest.fixture(scope="module")
def found(registry: Registry) -> object:
    entries = [entry(registry, name) for name in NAMES]
    script = render(entries).partition("<script>")[2].partition("</script>")[0]
    rows = [[one.name, text_of(registry.describe(one.name))] for one in entries]
    context = quickjs.Context()
    context.eval(f"{script}\nconst ROWS = {json.dumps(rows)};\n{ROWS}")
    return context


def text_of(one: Description) -> str:
    """Return what a row says and what the page adds to it."""
    return " ".join([one.name, one.title, *map(said, one.quantities)])


@pytest.mark.parametrize(
    "query",
    [
        "elsys",
        "EM300-TH",
        "em300th",
        "water",
        "vattenmätare",
        "parkering",
        "temperatur fukt",
        "elsys koldioxid",
        "nothing-like-it",
        "el",
    ],
)
def test_the_page_finds_what_the_command_finds(found: object, registry: Registry, query: str) -> None:
    among = [registry.describe(name) for name in NAMES]
    wanted = sorted(match.description.name for match in search(query.split(), among))

    assert json.loads(found.eval(f"JSON.stringify(found({json.dumps(query)}))")) == wanted  # type: ignore[attr-defined]


def test_a_swedish_word_finds_while_it_is_being_typed(found: object) -> None:
    assert "nwave/nps310sm" in found.eval('found("parker").join()')  # type: ignore[attr-defined]


def test_a_mistyped_word_is_mended(found: object) -> None:
    assert found.eval('mended("temprature", ["water", "temperature"])') == "temperature"  # type: ignore[attr-defined]
    assert found.eval('mended("elsys", ["water", "temperature"])') == "elsys"  # type: ignore[attr-defined]


def test_swedish_words_stand_for_something_of_the_vocabulary_or_the_catalogue(registry: Registry) -> None:
    titles = [registry.describe(name).title for name in registry.names()]
    texts = " ".join([*titles, *map(said, QUANTITIES)]).casefold()

    assert [word for word, meant in SWEDISH.items() if meant not in texts] == []


def test_the_script_holds_the_words_and_no_more_than_it_is_said(found: object) -> None:
    assert json.loads(found.eval("JSON.stringify(WORDS.swedish)")) == SWEDISH  # type: ignore[attr-defined]
    assert "document" in asset("search.js")
