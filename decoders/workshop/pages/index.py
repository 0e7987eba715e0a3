"""The page that lists every model, and finds it by maker, model and what it measures, in English and Swedish."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from decoders.vocabulary.words import with_unit, words
from decoders.workshop.finding import SWEDISH, text_of
from decoders.workshop.pages.entry import Entry, house
from decoders.workshop.pages.frame import asset, page
from decoders.workshop.pages.markup import Child, Markup, element, joined

LEAD = (
    "The sensors that Brygga, the agent on a LoRaWAN gateway, reads by itself: what each of them measures, how its payload is laid out, and "
    "how we know."
)
HINT = "Maker, model or what it measures, in English or Swedish: elsys, EM300, soil, jord, vattenmätare."
KEYS = " The key / comes here, Esc empties it."
KINDS = {"python": "Python", "javascript": "JavaScript"}
COLUMNS = ("Maker", "Model", "Measures", "Decoder", "FPort", "Licence", "Proved by")


def render(entries: Sequence[Entry]) -> str:
    """Return the whole page."""
    rows = joined(*map(_row, entries), by="\n")
    head = element("tr", *(element("th", name, scope="col") for name in COLUMNS))
    models = element(
        "table",
        element("caption", "All models", class_="unseen"),
        element("thead", head),
        element("tbody", rows),
        id="models",
    )
    return page(
        "Decoders of Brygga",
        element("a", "To the list", href="#models", class_="skip"),
        element("header", element("h1", "Decoders"), element("p", LEAD), _numbers(entries)),
        element("main", _search(entries), models, element("p", "Nothing fits.", id="none", hidden=True)),
        _foot(),
        script=asset("search.js").replace('"WORDS"', json.dumps(_words(entries), ensure_ascii=False, sort_keys=True)),
    )


def _numbers(entries: Sequence[Entry]) -> Markup:
    makers = len({one.maker for one in entries})
    vectors, foreign = sum(one.vectors for one in entries), sum(one.foreign for one in entries)
    said = (
        f"{len(entries)} models of {makers} makers, proved by {vectors} payloads. What {foreign} of them mean is said by others: "
        "published examples, or the vendor’s own decoder; the rest is built from the drawn formats."
    )
    return element("p", said, class_="quiet")


def _search(entries: Sequence[Entry]) -> Markup:
    """Return the form, which the script shows: without it the list is whole, and a browser's own search finds."""
    makers = {one.maker for one in entries}
    quantities = {words(stated.quantity) for one in entries for stated in one.stated}
    field = element(
        "input",
        id="find",
        type="search",
        autocomplete="off",
        spellcheck="false",
        aria_describedby="hint",
        placeholder="soil moisture",
    )
    return element(
        "form",
        element("p", element("label", "Find", for_="find"), field, class_="find"),
        _choice("maker", "Maker", makers),
        _choice("quantity", "Measures", quantities),
        element("p", HINT, element("span", KEYS, class_="keys"), id="hint", class_="quiet"),
        element("p", id="count", role="status"),
        hidden=True,
        role="search",
        id="search",
    )


def _choice(name: str, label: str, values: set[str]) -> Markup:
    options = [
        element("option", "all", value=""),
        *(element("option", one) for one in sorted(values, key=str.casefold)),
    ]
    return element("p", element("label", label, for_=name), element("select", *options, id=name))


def _row(one: Entry) -> Markup:
    vendor, _, model = one.name.partition("/")
    link = element("a", one.model, href=f"{vendor}.html#{model}")
    what = element("small", one.what) if one.what else None
    cells: list[Child] = [
        joined(*(element("span", with_unit(stated.quantity)) for stated in one.stated), by=" "),
        KINDS.get(one.description.kind, one.description.kind),
        ", ".join(map(str, one.description.ports)) or "any",
        one.description.licence,
        proved(one),
    ]
    head = element("th", link, what, scope="row")
    return element("tr", element("td", one.maker), head, *(element("td", cell) for cell in cells))


def proved(one: Entry) -> str:
    """Return in few words how many payloads prove a model, and who made them."""
    houses = sorted({house(source) for source in one.proofs}, key=str.casefold)
    return f"{one.vectors}: {', '.join(houses)}" if houses else f"as {one.same_as}"


def _words(entries: Sequence[Entry]) -> Mapping[str, Mapping[str, str]]:
    """Return what the search knows besides the text of the page: Swedish words, and more words for each quantity."""
    quantities = sorted({stated.quantity for one in entries for stated in one.stated})
    return {
        "swedish": dict(sorted(SWEDISH.items())),
        "quantities": {words(one): text_of(one).casefold() for one in quantities},
    }


def _foot() -> Markup:
    guide = element("a", "a table, a Python function or the vendor’s own JavaScript", href="../decoders.md")
    own = element("code", "brygga decoder import FOLDER")
    return element(
        "footer",
        element(
            "p", "A model that is not here is a file: ", guide, ". What others published is brought in by ", own, "."
        ),
        element("p", "Generated by ", element("code", "scripts/generate_decoders.py"), "; a test compares."),
    )
