"""A tab of Debian's Chromium, and what went wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Request

AXE: Final = Path(__file__).parents[2] / "oracles" / "node_modules" / "axe-core" / "axe.min.js"
LIMIT_MS: Final = 20_000
WIDTHS: Final = {390: 844, 1440: 900}
LOOK: Final = """axe.run().then(found => found.violations.map(
    one => `${one.id}: ${one.nodes.map(node => `${node.target.join(' ')} ${node.failureSummary}`).join('; ')}`))"""
FOCUSED: Final = """(() => { const one = document.activeElement; const name = one.getAttribute('aria-label')
    ?? [...(one.labels ?? [])].map(label => label.textContent).join(' '); return (name || one.textContent).trim(); })()"""


@dataclass
class Tab:
    """One page with everything that it has asked for and complained of."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def note(self, request: Request) -> None:
        """Remember what was asked for."""
        self.requests.append(request)

    def open(self, route: str = "") -> None:
        """Go to a route and wait until its page is there."""
        self.page.goto(f"{self.url}#/{route}")
        self.settled()

    def settled(self) -> None:
        self.page.wait_for_selector("main h1", timeout=LIMIT_MS)
        self.page.wait_for_selector(".waiting:not(.mark)", state="detached", timeout=LIMIT_MS)

    def axe(self) -> Any:
        """Return what is not accessible, by axe-core."""
        return self.page.evaluate(f"{AXE.read_text(encoding='utf-8')};{LOOK}")

    @property
    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return width

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(one.url).hostname or "" for one in self.requests if not one.url.startswith(("data:", "blob:"))}

    @property
    def weight(self) -> int:
        """Return how many octets of answers came over the wire, without streams that are still open."""
        whole = (one for one in self.requests if "/live?" not in one.url and one.url.startswith("http"))
        sizes = (one.sizes() for one in whole if one.failure is None)
        return sum(one["responseBodySize"] + one["responseHeadersSize"] for one in sizes)

    def tab_to(self, words: str, *, most: int = 80) -> None:
        """Press Tab until what has the focus is called ``words``."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(FOCUSED).startswith(words):
                return
        raise AssertionError(f"{most} times Tab, and never on {words!r}; now on {self.page.evaluate(FOCUSED)!r}")


@contextmanager
def tab(browser: Browser, url: str, *, width: int = 1440, language: str = "sv", scheme: str = "light") -> Iterator[Tab]:
    """Open a tab with an empty cache."""
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        locale={"sv": "sv-SE", "en": "en-GB"}[language],
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(LIMIT_MS)
    try:
        one = Tab(context.new_page(), url)
        one.page.on("console", lambda said: one.complaints.append(said.text) if said.type == "error" else None)
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("request", one.note)
        yield one
    finally:
        context.close()
