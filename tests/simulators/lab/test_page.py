from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from simulators.lab.page import NoPlots, page
from tests.simulators.lab.told import of_twelve_minutes, page_of_twelve_minutes

VOID = {"meta", "br"}


class Nesting(HTMLParser):
    """Note elements that are not closed, and all that a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{tag} {value}" for name, value in attrs if name in {"src", "href"} and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_a_page_is_whole_and_fetches_nothing() -> None:
    nesting = Nesting()

    nesting.feed(page_of_twelve_minutes())

    assert nesting.open == nesting.wrong == []
    assert "script" not in {one.split()[0] for one in nesting.fetched}
    assert [one for one in nesting.fetched if "http" in one] == []


def test_its_plots_are_sound_svg_with_text_that_can_be_searched() -> None:
    text = page_of_twelve_minutes()

    plots = re.findall(r"<figure>(<svg.*?</svg>)\s*</figure>", text, re.DOTALL)

    assert len(plots) >= 5
    for one in plots:
        ET.fromstring(one)
    assert any(">tower</text>" in re.sub(r"\s", "", one) for one in plots)


def test_names_of_a_scenario_are_text_and_no_markup() -> None:
    text = page_of_twelve_minutes()

    assert "A &lt;b&gt;town&lt;/b&gt; &amp; more" in text
    assert "<b>town" not in text


def test_the_same_report_gives_the_same_page() -> None:
    assert page(of_twelve_minutes()) == page_of_twelve_minutes()


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "simulators.lab.plots", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(NoPlots, match=re.escape("pip install 'brygga[lab]'")):
        page(of_twelve_minutes())
