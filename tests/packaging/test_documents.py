"""The documents in the package: whoever reads them on the box comes from each page to each other."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.fake_box import ROOT

LIMIT_S = 60.0
MADE_BY_THE_BUILD = {"changelog.gz"}  # scripts/deb writes it beside them
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
ROOM_KB = 1500  # of 98 MB: what the docs may take on a card


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doc")
    subprocess.run([sys.executable, ROOT / "scripts/debian/documents.py", folder], check=True, timeout=LIMIT_S)
    return folder


def links(page: Path) -> Iterator[str]:
    """Yield where a page leads within the package."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for found in LINK.finditer(text):
        target = found[1] or found[2]
        if not re.match(r"[a-z]+:", target):
            yield target


def places(page: Path) -> set[str]:
    """Return the names by which a page's headings are linked."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def dead(packed: Path) -> list[str]:
    """Return the links that lead nowhere, each with its page."""
    found = []
    for page in packed.rglob("*.md"):
        for link in links(page):
            name, _, place = link.partition("#")
            target = page.parent / name if name else page
            if name in MADE_BY_THE_BUILD and page.parent == packed:
                continue
            if not target.exists() or (place and place not in places(target)):
                found.append(f"{page.relative_to(packed)}: {link}")
    return found


def test_every_link_leads_somewhere_within_the_package(packed: Path) -> None:
    assert dead(packed) == []


def test_a_link_to_what_is_not_there_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("[gone](gone.md), [no place](#none), [there](page.md)", encoding="utf-8")

    assert dead(tmp_path) == ["page.md: gone.md", "page.md: #none"]


@pytest.mark.parametrize(
    "name",
    [
        "docs/installer/en/README.md",
        "docs/installer/sv/README.md",
        "docs/sources/README.md",
        "docs/doctor.md",
        "systemd/README.md",
    ],
)
def test_what_an_installer_reads_is_packed(packed: Path, name: str) -> None:
    assert (packed / name).is_file()


@pytest.mark.parametrize("unit", sorted(path.name for path in (ROOT / "systemd").glob("brygga*.*")))
def test_a_unit_names_a_document_that_is_packed(packed: Path, unit: str) -> None:
    named = re.findall(
        r"^Documentation=file:///usr/share/doc/brygga/(.*)$", (ROOT / "systemd" / unit).read_text(), re.MULTILINE
    )

    assert named
    assert [one for one in named if not (packed / one).is_file()] == []


def test_what_is_not_packed_is_not_linked(packed: Path) -> None:
    text = (packed / "README.md").read_text(encoding="utf-8")

    assert "docs/architecture.md draws the house" in text
    assert not (packed / "docs/decisions").exists()


def test_the_documents_are_small(packed: Path) -> None:
    assert sum(one.stat().st_size for one in packed.rglob("*") if one.is_file()) < ROOM_KB * 1024
