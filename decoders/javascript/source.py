"""A vendor's file as text that a script engine takes: byte order marks, NUL characters, modules."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 4 * 2**20  # octets; the largest published codec has some 300,000

MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
MODULE: Final = re.compile(r"^[ \t]*(?:export|import)\b", re.MULTILINE)
# Statements of modules, and what says the same in a script; each stands at the start of a line.
AS_SCRIPT: Final = tuple(
    (re.compile(pattern, re.MULTILINE), script)
    for pattern, script in (
        (r"^([ \t]*)export[ \t]+default[ \t]+((?:async[ \t]+)?function[ \t]*\*?[ \t]*\w+|class[ \t]+\w+)", r"\1\2"),
        (r"^([ \t]*)export[ \t]+default\b", r"\1module.exports ="),
        (r"^([ \t]*)export[ \t]+((?:async[ \t]+)?function|class|const|let|var)\b", r"\1\2"),
        (r"^([ \t]*)export[ \t]*\{[^}]*\}[ \t]*;?", r"\1"),
        (r"^([ \t]*)import[ \t]+\*[ \t]*as[ \t]+(\w+)[ \t]+from[ \t]*(['\"][^'\"]+['\"])", r"\1const \2 = require(\3)"),
        (r"^([ \t]*)import[ \t]+(\w+|\{[^}]*\})[ \t]+from[ \t]*(['\"][^'\"]+['\"])", r"\1const \2 = require(\3)"),
    )
)


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
    if MODULE.search(text):
        yield of_text(_as_script(text).replace("\0", "\\u0000"))
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


def _as_script(text: str) -> str:
    for pattern, script in AS_SCRIPT:
        text = pattern.sub(script, text)
    return text


def _unescaped(match: re.Match[str]) -> str:
    return {"n": "\n", "r": "", "t": "\t", '"': '"', "'": "'", "\\": "\\", "/": "/"}.get(match[1], match[0])
