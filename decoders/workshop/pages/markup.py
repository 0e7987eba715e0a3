"""HTML that is well-formed however hostile its texts are: elements of children, and everything else escaped."""

from __future__ import annotations

import re
from html import escape
from typing import Final

EMPTY: Final = frozenset({"br", "hr", "input", "link", "meta", "wbr"})
URL: Final = re.compile(r"https?://[^\s()<>,;]*[^\s()<>,;.]")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | None
Attribute = str | bool | None


def element(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """Return an element; a child that is no Markup is text, None is nothing; a trailing _ of an attribute's name goes, another is a -."""
    said = "".join(_attribute(key.removesuffix("_").replace("_", "-"), value) for key, value in attributes.items())
    if name in EMPTY:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{joined(*children)}</{name}>")


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    return f" {key}" if value is True else f' {key}="{escape(value)}"'


def joined(*children: Child, by: str = "") -> Markup:
    """Return children one after the other."""
    return Markup(by.join(_of(child) for child in children if child is not None))


def _of(child: str) -> str:
    return child if isinstance(child, Markup) else escape(child, quote=False)


def linked(text: str) -> Markup:
    """Return a text in which the addresses are links."""
    made, place = [], 0
    for found in URL.finditer(text):
        made += [_of(text[place : found.start()]), element("a", found[0], href=found[0])]
        place = found.end()
    return joined(*map(Markup, made), _of(text[place:]) and Markup(_of(text[place:])))


def listed(items: list[Markup]) -> Markup:
    """Return an unordered list."""
    return element("ul", *(element("li", item) for item in items))
