"""JSON, YAML and TOML as people write them for JavaScript, read into plain values."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any, Final

import yaml

from decoders.importing.tree import Tree, Unreadable

MOST_VALUES = 500_000  # in one file; also what a YAML file may grow to by its aliases
DEEPEST = 100  # values within each other; published examples have 9
NOT_READ = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, yaml.YAMLError)
"""What the readers raise for a date that cannot be, a number that is none, a thousand brackets."""

# Each alternative takes what it begins with to its end, or to the end of the text: no text is scanned twice.
_NOT_JSON = re.compile(
    r"""(?P<kept>"(?:[^"\\\n]|\\.)*"?)
      | '(?P<single>(?:[^'\\\n]|\\.)*)'?
      | (?://[^\n]*|/\*.*?(?:\*/|\Z))
      | (?P<hex>-?\b0[xX][0-9a-fA-F]+\b)
      | (?P<key>(?<![\w$])[A-Za-z_$][\w$]*)(?=\s*:)""",
    re.VERBOSE | re.DOTALL,
)
_LAST_COMMA = re.compile(r"""(?P<kept>"(?:[^"\\\n]|\\.)*"?) | ,(?=\s*[\]}])""", re.VERBOSE | re.DOTALL)


def read(tree: Tree, path: str) -> Any:
    """Return the plain value that the file holds, by its ending; raises Unreadable."""
    text = tree.text(path)
    kind = path.rpartition(".")[2].lower()
    reader = _READERS.get(kind, from_yaml)
    try:
        return _with_texts_as_keys(_bounded(reader(text)))
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Unreadable(f"{path}{line}: {error.problem}") from error
    except NOT_READ as error:
        raise Unreadable(f"{path}: {error}") from error


def from_json(text: str) -> Any:
    """Return the value of a JSON text, or of what JavaScript takes for one (JSON5's quotes, comments, numbers); raises ValueError."""
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError:
        plain = _NOT_JSON.sub(_as_json, text)
        return json.loads(_LAST_COMMA.sub(lambda found: found["kept"] or "", plain), strict=False)


def _as_json(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "kept":
            return found["kept"]
        case "single":
            return '"' + found["single"].replace("\\'", "'").replace('"', '\\"') + '"'
        case "hex":
            return str(int(found["hex"], 16))
        case "key":
            return f'"{found["key"]}"'
        case _:
            return ""  # a comment


def from_yaml(text: str) -> Any:
    """Return the value of a YAML text, its words as YAML 1.2 has them: a time, ``on`` and ``12:30`` stay texts."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, with fewer kinds of words


def _bounded(value: Any) -> Any:
    """Return ``value``; raise ValueError where walking through it would take for ever: aliases within aliases, depth."""
    left, waiting = MOST_VALUES, [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        inner = list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else []
        left -= len(inner) + 1
        if left < 0:
            raise ValueError(f"more than {MOST_VALUES} values")
        if depth > DEEPEST:
            raise ValueError(f"more than {DEEPEST} values within each other")
        waiting.extend((part, depth + 1) for part in inner)
    return value


def _with_texts_as_keys(value: Any) -> Any:
    """Return ``value`` with the keys that JavaScript gives it: YAML's ``1: on`` has a number for a key."""
    if isinstance(value, dict):
        return {_key(key): _with_texts_as_keys(inner) for key, inner in value.items()}
    return [_with_texts_as_keys(inner) for inner in value] if isinstance(value, list) else value


def _key(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(key, default=str)


_READERS: Final[dict[str, Callable[[str], Any]]] = {"json": from_json, "toml": tomllib.loads}
_Safe: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # which of the two PyYAML was built with


class _Loader(_Safe):  # type: ignore[misc]
    """YAML 1.2's core words, which js-yaml and Go's reader follow; 1.1 makes other things of ``12:30`` and ``no``."""

    yaml_implicit_resolvers: Final[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


def _integer(loader: Any, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 0) if text.lstrip("+-").lower().startswith(("0x", "0o")) else int(text)


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|[-+]?0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+0123456789."),
    ("merge", r"<<", "<"),
):  # fmt: skip
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
