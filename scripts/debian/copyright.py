"""Write the package's copyright file: whose work lies in an environment, under which licence, with the licences' texts.

scripts/debian/copyright.py SITE-PACKAGES

The form is Debian's "machine-readable debian/copyright file", version 1.0. A package without any licence is an error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

HEAD: Final = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Brygga
Comment: The package holds Brygga and, in its environment, the Python packages that it needs as their authors published
 them (wheels of PyPI). Compiled parts of theirs hold further libraries; their licences are among the texts.

Files: *
Copyright: The Brygga authors
License: Apache-2.0
 On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0.
"""
ROOT: Final = Path(__file__).resolve().parent.parent.parent
LICENCES: Final = ("LICEN", "COPYING", "NOTICE", "AUTHORS")
APACHE: Final = "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION"
IN_DEBIAN: Final = "On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0."
PACKAGE: Final = "opt/brygga/package"


def stanza(found: Distribution) -> str:
    """Return what is said of one package, with the texts of its licences."""
    texts = [*_texts(found)]
    name, short = found.metadata["Name"], _short(found)
    if not texts and not short:
        raise SystemExit(f"{name}: it names no licence and brings no text; look, and say it here")
    body = "\n".join(f" {line}" if line.strip() else " ." for text in texts for line in text.splitlines())
    return (
        f"Files: {_files(found)}\n"
        f"Copyright: {_said(found, 'author') or _said(found, 'author_email') or f'the authors of {name}'}\n"
        f"License: {name}-{found.version}\n {short or 'as follows'}\n{body}\n"
    )


def _files(found: Distribution) -> str:
    name = found.metadata["Name"].replace("-", "_")
    return f"{PACKAGE}/lib/*/site-packages/{name}*"


def _short(found: Distribution) -> str:
    """Return the licence in one line, as the package itself says it."""
    said = _said(found, "license_expression") or _said(found, "license")
    classes = [one for one in found.metadata.get_all("Classifier") or () if one.startswith("License")]
    return said if said and "\n" not in said else ", ".join(one.rpartition(":: ")[2] for one in classes)


def _said(found: Distribution, field: str) -> str:
    return str(found.metadata.json.get(field, ""))


def _texts(found: Distribution) -> Iterator[str]:
    folder = Path(str(found.locate_file("."))) / f"{_dist_info(found)}"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name.upper().startswith(LICENCES):
            yield _text(path)


def _text(path: Path) -> str:
    text = path.read_text("utf-8", "replace")
    return IN_DEBIAN if APACHE in text else text


def _dist_info(found: Distribution) -> str:
    return str(getattr(found, "_path").name)  # noqa: B009 - importlib.metadata has no public name for it


def vendored(folder: Path) -> Iterator[str]:
    """Yield what others wrote that lies in our own tree, each with its text beside it."""
    for path in sorted(folder.rglob("*LICEN*")):
        text = "\n".join(f" {line}" if line.strip() else " ." for line in _text(path).splitlines())
        place = path.parent.relative_to(folder.parent)
        yield f"Files: {PACKAGE}/lib/*/site-packages/{place}/*\nCopyright: as follows\nLicense: {path.name}\n{text}\n"


def main() -> int:
    """Write the file to standard output."""
    site = Path(sys.argv[1])
    found = sorted(distributions(path=[str(site)]), key=lambda one: one.metadata["Name"].lower())
    ours = [vendor for room in ("gateway", "decoders", "simulators") for vendor in vendored(site / room)]
    print("\n".join([HEAD, *(stanza(one) for one in found if one.metadata["Name"] != "brygga"), *ours]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
