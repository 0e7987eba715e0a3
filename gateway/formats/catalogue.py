"""The formats by their names in a configuration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final

from gateway.formats import Format
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.senml import SenMl
from gateway.model import Json

FORMATS: Final[Mapping[str, Callable[..., Format]]] = {
    "ngsi_ld": NgsiLd,
    "senml": SenMl,
}

# The protocols that each can go over: NGSI-LD needs the answer's body, which a PUBACK has not.
WAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "ngsi_ld": ("http", "https"),
    "senml": ("mqtt", "mqtts", "http", "https"),
}


def make(name: str, options: Mapping[str, Json]) -> Format:
    """Return the format ``name`` with ``options``; ValueError says what is wrong with either."""
    if name not in FORMATS:
        raise ValueError(f"{name!r} is none of {', '.join(FORMATS)}{_did_you_mean(name, FORMATS)}")
    known = options_of(name)
    for option in options:
        if option not in known:
            raise ValueError(
                f"{name} has no option {option!r}; it has {', '.join(known)}{_did_you_mean(option, known)}"
            )
    return FORMATS[name](**options)


def misfit(name: str, options: Mapping[str, Json], scheme: str) -> str:
    """Return why the format ``name`` cannot go to a URL of ``scheme``, in words; "" when it can."""
    if scheme not in WAYS[name]:
        right = " or ".join(f"{way}://" for way in WAYS[name])
        return f"{name} cannot go over {scheme}://; {right} is right"
    topic = str(options.get("topic", options_of(name).get("topic", "/")))
    if scheme.startswith("http") and not topic.startswith("/"):
        return f"{name} over {scheme}:// puts its topic behind the URL; options.topic = '/{topic}' begins with / as a path does"
    return ""


def options_of(name: str) -> Mapping[str, Json]:
    """Return the options of a format with their defaults."""
    return {key: one.default for key, one in inspect.signature(FORMATS[name]).parameters.items()}


def _did_you_mean(word: str, known: Mapping[str, object]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
