"""Write all of docs/reference/ that is made from the code: each scripts/generate_*.py renders a PAGE, or several pages.

scripts/generate.py            writes the pages
scripts/generate.py --check    names those that are not what it would write, and exits 1 if there are any
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each page's path and what it is to hold."""
    for script in sorted(SCRIPTS.glob("generate_*.py")):
        names = runpy.run_path(str(script))
        if "pages" in names:
            yield from names["pages"]().items()
        else:
            yield names["PAGE"], names["render"]()


def main() -> int:
    """Write the pages, or compare them."""
    checking = "--check" in sys.argv[1:]
    stale = [(page, text) for page, text in pages() if not page.exists() or page.read_text(encoding="utf-8") != text]
    for page, text in stale:
        name = page.relative_to(SCRIPTS.parent)
        if checking:
            print(f"{name} is not what the code says: run scripts/generate.py", file=sys.stderr)
        else:
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return 1 if checking and stale else 0


if __name__ == "__main__":
    sys.exit(main())
