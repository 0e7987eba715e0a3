"""A module's text as a script that says the same: its ``export`` and ``import`` statements, and nothing else, are rewritten.

Texts, templates, comments and regular expressions are passed over as they are. `export` and `import` are reserved words: where else
they stand as words of their own, they begin a statement, be it in the middle of a line as bundlers write it.
"""

from __future__ import annotations

import re
from typing import Final

# Whatever a file holds, it is gone through once: repetitions give nothing back, or have an end.
# What is passed over, a template within a template once; a division is taken for one where a value may stand before it.
OPAQUE: Final = r"""
    //[^\n]* | /\*.*?\*/
  | '(?:\\.|[^'\\\n])*+' | "(?:\\.|[^"\\\n])*+"
  | `(?:\\.|\$\{(?:[^`{}]|`(?:\\.|[^`\\])*+`|\{[^`{}]*+\})*+\}|[^`\\])*+`
  | (?<=[(,=:\[!&|?{};+\n])[ \t]*/(?:\\.|\[(?:\\.|[^\]\\\n]){0,300}+\]|[^/\\\n\[]){1,1000}+/
"""
FROM: Final = r"""\s*from\s*(?P<module>'[^'\n]*'|"[^"\n]*")"""
STATEMENT: Final = rf"""
    (?<![\w.$])(?:
        export\s+default\s+(?P<named>(?:async\s+)?function\s*+\*?\s*+[\w$]+|class\s++(?!extends\b)[\w$]+)
      | (?P<default>export\s+default\b)
      | export\s+(?P<declared>(?:async\s+)?function|class|const|let|var)\b
      | export\s*\{{(?P<list>[\w$\s,]*+)\}}(?!\s*from\b)[ \t]*;?
      | import\s*(?:\*\s*as\s+)?(?P<bound>[\w$]++|\{{[\w$\s,]*+\}}){FROM}
    )
"""
SCAN: Final = re.compile(f"{OPAQUE}|{STATEMENT}", re.VERBOSE | re.DOTALL)
LISTED: Final = re.compile(r"(?<![\w$])([\w$]++)\s++as\s+([\w$]+)")


def as_script(text: str) -> str:
    """Return ``text`` with its module statements as a script has them; lines keep their numbers."""
    exported: list[str] = []
    script = SCAN.sub(lambda found: _said(found, exported), text)
    return "\n".join([script, *exported])


def _said(found: re.Match[str], exported: list[str]) -> str:
    """Return what a script says instead; what is to stand at its end is put into ``exported``."""
    parts = found.groupdict()
    if parts["list"] is not None:
        exported += [_exported(*pair) for pair in LISTED.findall(parts["list"]) if pair[0] != pair[1]]
        return "\n" * found[0].count("\n")
    if parts["default"] is not None:
        return "module.exports ="
    if parts["bound"] is not None:
        bound = LISTED.sub(r"\1: \2", parts["bound"])
        return f"const {bound} = require({parts['module']})"
    return parts["named"] or parts["declared"] or found[0]


def _exported(name: str, public: str) -> str:
    # By then all that the module declares is there, whichever stands first.
    return f";module.exports = {name};" if public == "default" else f";globalThis.{public} = {name};"
