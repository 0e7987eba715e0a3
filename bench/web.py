"""What the dashboard's pages take of a phone and a wire: `python -m bench.web [--devices 5000] [--json]`.

The agent is a `brygga run` of its own with so many devices, each of which has a place and was heard. Lists are asked for over HTTP in each
order and by search, fifty devices a page; then each route of the API (bench/web_routes.py); then each page is opened in Debian's Chromium
with an empty cache: octets over the wire all together, and ms until it is there.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

from bench import figures, radio, web_routes
from bench.agent import AgentProcess, import_devices, running, write_configuration
from bench.fleet import Fleet, datagrams

LIST_LIMIT_MS = 300.0  # of the slowest kind of list, median
WEIGHT_LIMIT = 300_000  # octets over the wire of any page, all together
TIMES = 15
PATIENCE_S = 30.0
HEARD_PER_S = 1000  # uplinks; how quickly they come is not what is measured
WEB = "\n[web]\nport = 0\n"
LISTS: Final = (
    "sort=name",
    "sort=-last_heard_s",
    "sort=rssi_dbm",
    "sort=battery",
    "sort=decoder&offset=4900",
    "search=70b3&sort=dev_eui",
    "search=nobody",
)
PAGES: Final = ("", "devices", "live", "add", "site", "sources", "destinations", "journal", "decoders", "logs", "doctor", "about")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """One page."""

    page: str
    octets: int
    requests: int
    there_ms: float


def main() -> int:
    """Measure, print, and return 1 where a limit is broken."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as folder:
        configuration = write_configuration(Path(folder), WEB)
        fleet = Fleet(options.devices)
        import_devices(configuration, web_routes.placed(fleet.csv()))
        load = radio.Load(datagrams=datagrams(fleet.frames(options.devices)), most_per_s=HEARD_PER_S)
        with running(configuration) as agent:
            radio.send(agent.udp_port, load, lambda: _heard(agent))
            url = f"http://{agent.status()['web']['listening']}/"
            first = str(fleet.members[0].end_device.dev_eui)
            routes = web_routes.asked(url, agent.udp_port, first, f"bench-{options.devices - 1}")
            lists = {one: _list_ms(f"{url}api/v1/devices?limit=50&{one}") for one in LISTS}
            pages = _pages(url, first)
    slowest, heaviest = max(lists.values()), max(one.octets for one in pages)
    told = {
        "machine": figures.machine(),
        "devices": options.devices,
        "list_ms": lists,
        "routes": [asdict(one) for one in routes],
        "pages": [asdict(one) for one in pages],
    }
    if options.json:
        figures.print_json(told)
    else:
        _print(told, lists, routes, pages)
    return int(slowest > LIST_LIMIT_MS or heaviest > WEIGHT_LIMIT or not all(map(web_routes.is_kept, routes)))


def _heard(agent: AgentProcess) -> int:
    return int(agent.status()["network"]["counts"].get("uplinks", 0))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--devices", type=int, default=5000)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _list_ms(url: str) -> float:
    """Return how long a list takes to be answered, median."""
    return round(statistics.median(_answered(url) for _ in range(TIMES)), 1)


def _answered(url: str) -> float:
    began = time.perf_counter()
    with urlopen(url, timeout=PATIENCE_S) as answer:
        answer.read()
    return (time.perf_counter() - began) * 1000


def _pages(url: str, dev_eui: str) -> Sequence[Weighed]:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("apt install chromium: the pages are opened in it")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            return [_weighed(browser, url, route) for route in (*PAGES, f"devices/{dev_eui}")]
        finally:
            browser.close()


def _weighed(browser: Browser, url: str, route: str) -> Weighed:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(f"{url}#/{route}")
    page.wait_for_selector("main h1", timeout=PATIENCE_S * 1000)
    page.wait_for_selector(".waiting:not(.mark)", state="detached", timeout=PATIENCE_S * 1000)
    there_ms = (time.perf_counter() - began) * 1000
    sizes = list(_sizes(page))
    context.close()
    return Weighed(page=route.partition("/")[0] + ("/…" if "/" in route else ""), octets=sum(sizes), requests=len(sizes), there_ms=round(there_ms))  # fmt: skip


def _sizes(page: Page) -> Iterator[int]:
    """Yield the octets of each answer over the wire; of a stream nothing, for it does not end."""
    for one in page.requests():
        if "/live?" not in one.url and one.failure is None and one.url.startswith("http"):
            sizes = one.sizes()
            yield sizes["responseBodySize"] + sizes["responseHeadersSize"]


def _print(
    told: Mapping[str, Any], lists: Mapping[str, float], routes: Sequence[web_routes.Asked], pages: Sequence[Weighed]
) -> None:
    print(figures.machine_line(told["machine"]))
    print(f"{told['devices']} devices\n")
    print(figures.table(("list of fifty", "ms, median"), [(one, f"{ms:.0f}") for one, ms in lists.items()]))
    print(f"\nlimit: {LIST_LIMIT_MS:.0f} ms; the slowest takes {max(lists.values()) / LIST_LIMIT_MS:.2f} of it\n")
    print(f"{web_routes.shown(routes)}\n")
    rows = [
        (one.page or "overview", f"{one.octets / 1000:.0f}", str(one.requests), f"{one.there_ms:.0f}") for one in pages
    ]
    print(figures.table(("page, cold", "kB", "requests", "ms"), rows))
    print(f"\nlimit: {WEIGHT_LIMIT / 1000:.0f} kB")


if __name__ == "__main__":
    raise SystemExit(main())
