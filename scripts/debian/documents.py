"""Lay out the package's documents: what an installer, an operator and a vendor read, as it lies in the tree, so that its links lead somewhere.

scripts/debian/documents.py FOLDER

Begins with what is named in BEGIN and takes along what is linked, but for what LEFT_OUT names: there a link becomes its words. A link that leads
nowhere in the tree is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
BEGIN: Final = (
    "README.md",
    "systemd/README.md",
    "systemd/examples/*",
    "docs/installer/*/*",
    "examples/*",
)  # * takes folders in, too
LEFT_OUT: Final = (
    "docs/decisions/*",  # whoever reads why has the code beside it
    "docs/architecture.md",
    "docs/testing.md",
    "CONTRIBUTING.md",
    "bench/*",
    "docs/decoders/*.html",  # 1.5 MB; `brygga decoder search` has them on the box
    "docs/demo.svg",
    "docs/screenshots/*-en.png",  # 0.4 MB: the phone's pictures are smaller and show the same
)
RENAMED: Final = {"CHANGELOG.md": "changelog.gz"}  # as Debian wants it
LINK: Final = re.compile(r"(?P<picture>!?)\[(?P<words>[^\]\n]*)\]\((?P<target>[^)\s]+)\)")
ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9+.-]*:|#")


def chosen() -> Iterator[Path]:
    """Yield every file of the package, from the tree's root, once."""
    there = [
        path.relative_to(ROOT) for top in ("README.md", "systemd", "docs", "examples") for path in _files(ROOT / top)
    ]
    waiting = [path for path in there if any(fnmatchcase(str(path), one) for one in BEGIN)]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        yield path
        linked = {one for one in _linked(path) if not _is_left_out(one) and str(one) not in RENAMED}
        waiting.extend(sorted(linked - seen))
        seen |= linked


def _files(place: Path) -> Iterator[Path]:
    yield from [place] if place.is_file() else sorted(one for one in place.rglob("*") if one.is_file())


def _linked(path: Path) -> Iterator[Path]:
    if path.suffix == ".md":
        yield from (
            _led_to(path, one["target"]) for one in LINK.finditer(_prose(path)) if not ELSEWHERE.match(one["target"])
        )


def _prose(path: Path) -> str:
    """Return a page without what stands in it to be typed or shown."""
    return re.sub(r"^```.*?^```", "", (ROOT / path).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _led_to(page: Path, target: str) -> Path:
    """Return the file that a page's link leads to, from the tree's root."""
    path = Path(os.path.normpath(page.parent / target.partition("#")[0]))
    if not (ROOT / path).is_file():
        raise SystemExit(f"{page}: the link to {target} leads nowhere: {path} is no file of the tree")
    return path


def _is_left_out(path: Path) -> bool:
    return any(fnmatchcase(str(path), one) for one in LEFT_OUT)


def page(path: Path) -> str:
    """Return a page as it is packed: what leads out of the package has become its words."""

    def written(found: re.Match[str]) -> str:
        if ELSEWHERE.match(found["target"]):
            return found[0]
        led_to = _led_to(path, found["target"])
        if _is_left_out(led_to):
            return f"({found['words']})" if found["picture"] else found["words"]
        if new := RENAMED.get(str(led_to)):
            return f"[{found['words']}]({os.path.relpath(new, path.parent)})"
        return found[0]

    parts = re.split(r"(^```.*?^```)", (ROOT / path).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return "".join(part if part.startswith("```") else LINK.sub(written, part) for part in parts)


def main() -> int:
    """Write all of it below the folder that the first argument names."""
    folder = Path(sys.argv[1])
    for path in chosen():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            target.write_text(page(path), encoding="utf-8")
        else:
            shutil.copy(ROOT / path, target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
