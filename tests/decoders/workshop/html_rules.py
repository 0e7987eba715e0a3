"""What HTML pages must keep: elements closed in order, in places where they may be, ids once, nothing from elsewhere."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

EMPTY = {"br", "hr", "input", "link", "meta", "wbr"}
WITHIN = {
    "li": {"ul"}, "tr": {"thead", "tbody"}, "td": {"tr"}, "th": {"tr"}, "dt": {"dl"}, "dd": {"dl"}, "option": {"select"},
    "caption": {"table"}, "thead": {"table"}, "tbody": {"table"}, "head": {"html"}, "body": {"html"}, "title": {"head"},
}  # fmt: skip
HOLDS = {
    "ul": {"li"},
    "tr": {"td", "th"},
    "dl": {"dt", "dd"},
    "table": {"caption", "thead", "tbody"},
    "select": {"option"},
}
WORDS_ONLY = {"p", "h1", "h2", "h3", "dt", "small", "a", "span", "code", "b", "label", "button", "caption", "pre"}
BLOCKS = {
    "p",
    "ul",
    "dl",
    "div",
    "table",
    "section",
    "h1",
    "h2",
    "h3",
    "pre",
    "form",
    "header",
    "main",
    "nav",
    "footer",
}
LOADED = {"src", "srcset", "poster", "data", "action", "background"}


class Page(HTMLParser):
    """A page that has been read, and what is wrong with it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = [] if text.startswith("<!doctype html>\n<html") else ["no doctype"]
        self.links: list[str] = []
        self.ids: Counter[str] = Counter()
        self.points: list[str] = []  # ids that labels and descriptions mean
        self.loaded: list[str] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.problems += [f"<{name}> is not closed" for name in self._open]
        self.problems += [f"id {name} stands {times} times" for name, times in self.ids.items() if times > 1]
        self.problems += [f"nothing has the id {name}" for name in self.points if name not in self.ids]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check_place(tag)
        for name, times in Counter(name for name, _ in attrs).items():
            if times > 1:
                self.problems.append(f"<{tag}> has {name} {times} times")
        given = {name: value or "" for name, value in attrs}
        self.ids.update([given["id"]] if "id" in given else [])
        self.links += [given["href"]] if tag == "a" else []
        self.points += [given[key] for key in ("for", "aria-describedby") if key in given]
        self.loaded += [f"{tag} {name}" for name in given if name in LOADED or tag == "link"]
        if tag not in EMPTY:
            self._open.append(tag)

    def _check_place(self, tag: str) -> None:
        parent = self._open[-1] if self._open else ""
        if tag in WITHIN and parent not in WITHIN[tag]:
            self.problems.append(f"line {self.getpos()[0]}: <{tag}> in <{parent}>")
        if parent in HOLDS and tag not in HOLDS[parent]:
            self.problems.append(f"line {self.getpos()[0]}: <{parent}> holds <{tag}>")
        outer = WORDS_ONLY.intersection(self._open)
        if (tag in BLOCKS and outer) or (tag == "a" and "a" in self._open):
            self.problems.append(f"line {self.getpos()[0]}: <{tag}> in {sorted(outer)}")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"line {self.getpos()[0]}: </{tag}> closes something else")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in {"style", "script"}:
            self.loaded += re.findall(r"@import|url\(|https?:|fetch|XMLHttpRequest|import\(", data)
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        """Return what people read."""
        return " ".join(" ".join(self.texts).split())


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, #rgb or #rrggbb (WCAG 2.2, relative luminance)."""
    light, dark = sorted(map(_luminance, (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
