"""docs/cities/: what the code says of today, for every city and every kind of platform."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from gateway.cities.catalogue import Catalogue

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def pages() -> dict[Path, str]:
    made: dict[Path, str] = runpy.run_path(str(ROOT / "scripts" / "generate_cities.py"))["pages"]()
    return made


def test_the_pages_are_generated_from_the_code_of_today(pages: dict[Path, str]) -> None:
    there = {path: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "cities").rglob("*.md")}

    assert there == pages, "run scripts/generate.py"


def test_every_city_and_every_kind_of_platform_has_a_page_in_both_languages(pages: dict[Path, str]) -> None:
    catalogue = Catalogue.load()
    folder = ROOT / "docs" / "cities"

    own = [folder / f"{slug}.md" for slug in catalogue.profiles]
    own += [folder / "platforms" / f"{name}.md" for name in catalogue.kinds]
    assert set(pages) == {*own, folder / "README.md"}
    for path in own:
        assert "### What to ask the city for\n\n1. " in pages[path]
        assert "### Vad kommunen behöver svara på\n\n1. " in pages[path]
        assert "```http\n" in pages[path]


def test_links_between_pages_lead_somewhere(pages: dict[Path, str]) -> None:
    for path, text in pages.items():
        for part in text.split("](")[1:]:
            target = part.partition(")")[0]
            assert target.startswith(("http", "#")) or (path.parent / target).resolve() in pages, (path, target)
