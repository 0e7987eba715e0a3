"""Write docs/decoders/: a page that lists every model of the catalogue and finds it, and a page for each vendor; and the catalogue's index.

scripts/generate_decoders.py            writes them
scripts/generate_decoders.py --check    exits 1 if a page is not what it would write
"""

from __future__ import annotations

import sys
from collections import defaultdict
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from decoders.descriptions import INDEX, index_of  # noqa: E402 - the path comes first
from decoders.registry import Registry  # noqa: E402
from decoders.workshop.pages import index, vendor  # noqa: E402
from decoders.workshop.pages.entry import Entry, gather  # noqa: E402

FOLDER = ROOT / "docs" / "decoders"


def pages() -> dict[Path, str]:
    """Return the text of each page and of the index, by path; raises ValueError with every model that does not load."""
    with closing(Registry.load(entry_points=False)) as registry:
        entries = gather(registry)
    vendors: dict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        vendors[one.description.vendor].append(one)
    made = {FOLDER / f"{name}.html": vendor.render(models) for name, models in vendors.items()}
    listed = index_of([(one.description, one.same_as) for one in entries])
    return {INDEX: listed, FOLDER / "index.html": index.render(entries), **made}


def left_over(wanted: dict[Path, str]) -> list[Path]:
    """Return the pages of vendors that are there no more."""
    return sorted(set(FOLDER.glob("*.html")) - set(wanted))


def main() -> int:
    """Write the pages, or compare them."""
    try:
        wanted = pages()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        return 1 if stale or left_over(wanted) else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in left_over(wanted):
        path.unlink()
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
