"""The pages' modules without a browser: what a module calls it has imported or made, and what it imports it uses.

A name that is missing shows in a browser only where somebody presses the button that needs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

import pytest

from gateway.web.files import PAGES

MODULES: Final = sorted((PAGES / "app").rglob("*.js"))
PASSED_OVER: Final = re.compile(
    r"//.*|/\*[\s\S]*?\*/|\"(?:[^\"\\\n]|\\.)*\"|/\^(?:[^/\\\n]|\\.)+/"
)  # comments, texts, patterns
IMPORTED: Final = re.compile(r"import (?:\* as (\w+)|\{([^}]*)\})")
MADE: Final = (
    re.compile(r"\b(?:const|let|function|async function)\s+(\w+)"),
    re.compile(r"(?:const|let) [\[{]([^=]*?)[\]}] ="),
    re.compile(r"\(([^()]*)\)\s*(?:=>|\{)"),
    re.compile(r"(\w+)\s*=>"),
)
LANGUAGES_OWN: Final = {
    "if", "for", "while", "switch", "return", "catch", "import", "function", "await", "async", "of", "typeof", "void", "new", "super", "constructor",
}  # fmt: skip
BROWSERS: Final = {
    "fetch", "setTimeout", "clearTimeout", "setInterval", "getComputedStyle", "matchMedia", "requestAnimationFrame", "queueMicrotask",
    "createImageBitmap", "decodeURIComponent", "encodeURIComponent",
}  # fmt: skip


def code(path: Path) -> str:
    return PASSED_OVER.sub("", path.read_text(encoding="utf-8"))


def imported(text: str) -> Iterator[str]:
    for whole, names in IMPORTED.findall(text):
        yield from [whole] if whole else (one.split(" as ")[-1].strip() for one in names.split(",") if one.strip())


def made(text: str) -> AbstractSet[str]:
    return {name for pattern in MADE for found in pattern.findall(text) for name in re.findall(r"\w+", found)}


@pytest.mark.parametrize("path", MODULES, ids=lambda one: str(one.relative_to(PAGES)))
def test_what_a_module_calls_it_has_imported_or_made(path: Path) -> None:
    text = code(path)

    called = set(re.findall(r"(?<![.\w$'`])([a-z_$]\w*)\(", text))
    assert called - {*imported(text)} - made(text) - LANGUAGES_OWN - BROWSERS == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda one: str(one.relative_to(PAGES)))
def test_what_a_module_imports_it_uses(path: Path) -> None:
    text = code(path)

    uses = re.findall(r"\w+", IMPORTED.sub("", text))
    assert [name for name in imported(text) if name not in uses] == []


def test_a_call_of_what_nobody_made_is_found() -> None:
    text = 'import { t } from "./words.js";\nconst f = (a) => t(a) + known(a);'

    called = set(re.findall(r"(?<![.\w$'`])([a-z_$]\w*)\(", text))
    assert called - {*imported(text)} - made(text) == {"known"}
