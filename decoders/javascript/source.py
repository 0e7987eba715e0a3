"""A vendor's file as text that a script engine takes: byte order marks, NUL characters, modules."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from decoders.javascript import modules

LONGEST: Final = 4 * 2**20  # octets; the largest published codec has some 300,000

MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Source:
    """A script, and its SHA-256 by which workers remember it."""

    text: str
    hash: str


def of_text(text: str) -> Source:
    """Return the source that ``text`` is."""
    return Source(text, hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())


def readings(content: bytes) -> Iterator[Source]:
    """Yield what a vendor's file may mean, the likeliest first: the first that loads is it.

    Line numbers are the file's own in all of them but the last.
    """
    text = _decoded(content)
    yield of_text(text.replace("\0", "\\u0000"))  # within a text, where else it may stand, this says the same
    if ("export" in text or "import" in text) and (script := modules.as_script(text)) != text:
        yield of_text(script.replace("\0", "\\u0000"))
    if "\0" in text:
        yield of_text(text.replace("\0", ""))
    if text.count("\\n") > max(text.count("\n"), 3):  # saved with the line ends of a JSON text
        yield of_text(re.sub(r"\\(.)", _unescaped, text))


def _decoded(content: bytes) -> str:
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if content[1:2] == b"\0" and content.count(b"\0") * 3 > len(content):
        return content.decode("utf-16-le", "replace")
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")  # what editors on Windows write


def _unescaped(match: re.Match[str]) -> str:
    return {"n": "\n", "r": "", "t": "\t", '"': '"', "'": "'", "\\": "\\", "/": "/"}.get(match[1], match[0])
