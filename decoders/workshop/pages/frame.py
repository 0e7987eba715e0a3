"""What every page has: its head, and the style that stands in it, for a page is one file."""

from __future__ import annotations

from importlib.resources import files

from decoders.workshop.pages.markup import Child, Markup, element, joined


def page(title: str, *body: Child, script: str | None = None) -> str:
    """Return a whole page, which needs nothing beside it."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("title", title),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("style", Markup(asset("page.css"))),
    )
    end = None if script is None else element("script", Markup(script))
    return f"<!doctype html>\n{element('html', head, element('body', *body, end), lang='en')}\n"


def asset(name: str) -> str:
    """Return a file of this package."""
    return (files(__package__) / name).read_text(encoding="utf-8")


def table(caption: str, columns: list[str], rows: list[list[Child]]) -> Markup:
    """Return a table whose rows have a cell for each column, the first its head; it scrolls where it is too wide."""
    head = element("tr", *(element("th", name, scope="col") for name in columns))
    lines = [joined(element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])) for row in rows]
    body = joined(*(element("tr", line) for line in lines), by="\n")
    made = element("table", element("caption", caption), element("thead", head), element("tbody", body))
    return element("div", made, class_="wide", tabindex="0", role="region", aria_label=caption)
