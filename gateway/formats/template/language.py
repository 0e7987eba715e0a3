"""The language of templates: text with {names}, and {each} … {end} around what is said of every observation.

    {"t":{time},"from":"gateway {gateway}","values":[{each}{"n":{quantity},"v":{value}}{end}]}

A name stands for a value (`values.py`); ``{name|text}`` is the text where there is no value, ``{{name}}`` the characters
{name} themselves. How a value is written depends on where it stands: in JSON as a whole value or inside a string, in a
URL in percent, in a topic as a part of one level. Nothing is executed, nothing is nested, and what comes out is as
long as the template and its values are.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from gateway.formats.event import dumps
from gateway.formats.template.values import Scope, problem_with, value_of
from gateway.model import Json

LONGEST: Final = 65_536  # characters of a template
TOKEN: Final = re.compile(r"\{\{([A-Za-z_][\w.-]*)\}\}|\{([A-Za-z_][\w.-]*)(?:\|([^{}]*))?\}")
UNCLOSED: Final = re.compile(r"\{[A-Za-z_][^{}]{0,40}")
STRING_STATE: Final = re.compile(r'\\.|"', re.DOTALL)
NO_LEVEL: Final = re.compile(r"[+#/\x00-\x1f\x7f]")  # what would add levels to a topic, or make it a filter
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")  # a value must not begin a line of its own

Write = Callable[[Json], str]


@dataclass(frozen=True, slots=True)
class Value:
    """A name in a template, and how its value is written there."""

    path: str
    default: str | None
    write: Write


@dataclass(frozen=True, slots=True)
class Each:
    """What is said of every observation, with something in between."""

    nodes: tuple[str | Value, ...]
    between: str


Node = str | Value | Each


class Missing(LookupError):
    """A value that has to be there is not: its name, and what would be right."""

    def __init__(self, path: str) -> None:
        self.words = f"{{{path}}} is not known of it; {{{path}|unknown}} would be sent as 'unknown'"
        super().__init__(self.words)


# ── how values are written ──


def _text(value: Json) -> str:
    match value:
        case None:
            return ""
        case str():
            return CONTROL.sub(" ", value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
    return dumps(value).decode()


def _json(value: Json) -> str:
    return dumps(value).decode()


def _json_string(value: Json) -> str:
    inside = value if isinstance(value, str) else _text(value)
    return json.dumps(inside, ensure_ascii=False)[1:-1].encode("utf-8", "replace").decode()


def _percent(value: Json) -> str:
    return quote(_text(value).encode("utf-8", "replace"), safe="")


def _level(value: Json) -> str:
    return NO_LEVEL.sub("_", _text(value))


def _xml(value: Json) -> str:
    return html.escape(_text(value))


def _csv(value: Json) -> str:
    text = _text(value)
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",;]', text) else text


BY_CONTENT: Final[Mapping[str, Write]] = {
    "application/x-www-form-urlencoded": _percent,
    "application/xml": _xml,
    "text/xml": _xml,
    "text/html": _xml,
    "text/csv": _csv,
}


def is_json(content_type: str) -> bool:
    """Tell whether a media type is JSON's, or of a family that is written in JSON (RFC 6839)."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


# ── reading a template ──


def read(option: str, reader: Callable[..., Words], *given: str, per_observation: bool) -> Words:
    """Read a template; ValueError names the option that is wrong."""
    try:
        return reader(*given, per_observation=per_observation)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error


@dataclass(frozen=True, slots=True)
class Words:
    """A template, read."""

    nodes: tuple[Node, ...]
    strict: bool  # a value that is not there is an error, and not left empty

    def paths(self) -> Iterator[tuple[str, bool]]:
        """Yield each name, and whether it stands between {each} and {end}."""
        for node in self.nodes:
            match node:
                case Value():
                    yield node.path, False
                case Each():
                    yield from ((one.path, True) for one in node.nodes if isinstance(one, Value))

    def fill(self, scope: Scope) -> str:
        """Return the text for an uplink; Missing where a value has to be there."""
        return "".join(map(self._node(scope), self.nodes))

    def _node(self, scope: Scope) -> Callable[[Node], str]:
        def write(node: Node) -> str:
            match node:
                case str():
                    return node
                case Value():
                    return self._value(node, scope)
                case Each():
                    inner = [self._node(replace(scope, observation=one)) for one in scope.item.observations]
                    return node.between.join("".join(map(one, node.nodes)) for one in inner)

        return write

    def _value(self, node: Value, scope: Scope) -> str:
        value = value_of(node.path, scope)
        if value is None and node.default is not None:
            return node.default
        if value is None and self.strict:
            raise Missing(node.path)
        return node.write(value)


def target(text: str, *, per_observation: bool) -> Words:
    """Read the template of a topic, or of a path where it begins with /; ValueError says what is wrong."""
    write = _percent if text.startswith("/") else _level
    literals = TOKEN.sub("", text)
    if not text:
        raise ValueError("is empty; a message goes to a topic, or to a path that begins with /")
    if write is _level and re.search(r"[+#\x00]", literals):
        raise ValueError(f"{text!r} holds a wildcard; a message goes to one topic")
    if write is _percent and re.search(r"[^\x21-\x7e]", literals):
        raise ValueError(f"{text!r} holds a blank or a letter that a URL has in percent only")
    words = Words(tuple(_nodes(text, lambda _: write, "", per_observation=per_observation)), strict=True)
    if any(isinstance(node, Each) for node in words.nodes):
        raise ValueError("has an {each}; it goes to one place")
    return words


def body(text: str, content_type: str, *, per_observation: bool) -> Words:
    """Read the template of a body; ValueError says what is wrong."""
    if is_json(content_type):
        nodes = _nodes(text, _in_json(), ",", per_observation=per_observation)
    else:
        write = BY_CONTENT.get(content_type.partition(";")[0].strip().lower(), _text)
        nodes = _nodes(text, lambda _: write, "", per_observation=per_observation)
    return Words(tuple(nodes), strict=False)


def _in_json() -> Callable[[str], Write]:
    """Return what tells how a value is written behind a piece of JSON: inside a string, or as a value of its own."""
    inside = False

    def choose(literal: str) -> Write:
        nonlocal inside
        inside ^= sum(found[0] == '"' for found in STRING_STATE.finditer(literal)) % 2 == 1
        return _json_string if inside else _json

    return choose


def _nodes(text: str, choose: Callable[[str], Write], between: str, *, per_observation: bool) -> Iterator[Node]:
    """Yield the pieces of a template; ``choose`` is given each piece of text and says how the value behind it is written."""
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text)} characters; {LONGEST} are the most")
    each: list[str | Value] | None = None
    for literal, token in _pieces(text):
        write = choose(literal)
        found: list[Node] = [literal] if literal else []
        match token:
            case None:
                pass
            case ("each", _) if each is None:
                yield from found
                each, found = [], []
            case ("end", _) if each is not None:
                yield Each((*each, *(one for one in found if isinstance(one, str))), between)
                each, found = None, []
            case ("each" | "end", _):
                raise ValueError("{each} and {end} come in pairs, and not one inside the other")
            case (path, default):
                if problem := problem_with(path, per_observation=per_observation or each is not None):
                    raise ValueError(problem)
                found.append(Value(path, default, write))
        if each is None:
            yield from found
        else:
            each += [one for one in found if not isinstance(one, Each)]
    if each is not None:
        raise ValueError("has an {each} without its {end}")


def _pieces(text: str) -> Iterator[tuple[str, tuple[str, str | None] | None]]:
    """Yield pieces of text with the token behind each; the last one has none."""
    literal, place = "", 0
    for token in TOKEN.finditer(text):
        literal += _checked(text[place : token.start()])
        place = token.end()
        if token[1] is not None:
            literal += f"{{{token[1]}}}"
        else:
            yield literal, (token[2], token[3])
            literal = ""
    yield literal + _checked(text[place:]), None


def _checked(literal: str) -> str:
    if unclosed := UNCLOSED.search(literal):
        raise ValueError(
            f"{unclosed[0]!r}: this is no name between {{ and }}; {{dev_eui}} is one, {{{{dev_eui}}}} writes its characters"
        )
    return literal
