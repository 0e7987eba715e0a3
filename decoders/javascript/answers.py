"""What a codec returned → fields, warnings and errors, whichever of the contracts it was written for.

TS013, The Things Stack and ChirpStack v4 return ``{data, errors, warnings}``; the older forms return the fields. In the wild
there are also ``errors`` that are null or a text, ``error``, a list as data, and fields where an object with data is due.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from decoders.contract import DecodeError, DecodeReason, Encoded, EncodeError, EncodeReason, Payload
from decoders.javascript.process import Message

ITEMS: Final = "items"  # the field of data that is a list
VALUE: Final = "value"  # the field of data that is a number, a text or a truth value
WRAPPING: Final = frozenset({"data", "errors", "error", "warnings"})
MEMORY_LOST: Final = "the codec's memory of this device was lost: it begins anew"
WORDS_SHOWN: Final = 20  # warnings or errors of one payload
# What a codec throws by mistake, not to tell us something.
MISTAKES: Final = frozenset(
    {"TypeError", "ReferenceError", "RangeError", "SyntaxError", "InternalError", "EvalError", "URIError"}
)
ABOUT_PORTS: Final = re.compile(
    r"(unknown|invalid|unsupported|unexpected|wrong|bad|not (supported|known|valid|handled))\W+(\w+\W+){0,3}?f?_?port\b"
    r"|\bf?_?port\b(\W+\w+){0,4}\W+(unknown|invalid|unsupported|unexpected|wrong|not\W+(supported|known|valid|handled))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Native:
    """A codec's own output: data as JSON has it, warnings in its words, and what its ``normalizeUplink`` made of it."""

    data: Any
    warnings: tuple[str, ...] = ()
    normalised: Any = None
    said: tuple[str, ...] = ()  # on its console


def as_fields(data: Any) -> Mapping[str, Any]:
    """Return ``data`` as named fields: a list is ``{"items": [...]}``, a value alone ``{"value": …}``."""
    if isinstance(data, dict):
        return data
    return {ITEMS: data} if isinstance(data, list) else {VALUE: data}


def decoded(answer: Message, payload: Payload) -> Native:
    """Return what the codec said of ``payload``; raises DecodeError with the codec's words."""
    _check(answer)
    result = answer["result"]
    data, errors, warnings = _parts(result, wrapped=answer["form"] in {"decodeUplink", "decodeDownlink"})
    if errors:
        raise DecodeError(_reason(errors), "; ".join(errors))
    if data is None or (data in ({}, []) and not _says_data(result)):
        raise _nothing(payload)
    normalised, more = _normalised(answer)
    lost = (MEMORY_LOST,) if answer.get("lost") else ()
    return Native(data, (*lost, *warnings, *more), normalised, tuple(map(str, answer.get("said", ()))))


def encoded(answer: Message, port: int) -> Encoded:
    """Return the octets that the codec made; raises EncodeError with the codec's words. Without a port of its own it is ``port``."""
    if "thrown" in answer:
        reason = EncodeReason.FAILED if answer.get("kind") in MISTAKES else EncodeReason.WRONG_VALUE
        raise EncodeError(reason, _thrown(answer))
    if "result" not in answer:
        raise EncodeError(EncodeReason.FAILED, _why_not(answer))
    result = answer["result"]
    if not isinstance(result, dict):
        return Encoded(port, _octets(result))
    if errors := _words(result.get("errors")) or _words(result.get("error")):
        raise EncodeError(EncodeReason.WRONG_VALUE, "; ".join(errors))
    return Encoded(_port(result.get("fPort"), port), _octets(result.get("bytes")))


def _check(answer: Message) -> None:
    if "thrown" in answer:
        words = _thrown(answer)
        reason = DecodeReason.FAILED if answer.get("kind") in MISTAKES else _reason([words])
        raise DecodeError(reason, words)
    if (
        "result" not in answer
        or not isinstance(answer.get("form"), str)
        or not isinstance(answer.get("said", []), list)
    ):
        raise DecodeError(DecodeReason.FAILED, _why_not(answer))


def _why_not(answer: Message) -> str:
    words = answer.get("refused") or answer.get("broken") or "the worker gave no answer that has a meaning"
    return str(words).partition("\n")[0]


def _thrown(answer: Message) -> str:
    kind, words = str(answer.get("kind") or ""), str(answer["thrown"])
    return f"{kind}: {words}" if kind in MISTAKES else words or "the codec threw an exception without words"


def _reason(errors: list[str]) -> DecodeReason:
    return DecodeReason.UNKNOWN_PORT if any(map(ABOUT_PORTS.search, errors)) else DecodeReason.MALFORMED


def _nothing(payload: Payload) -> DecodeError:
    if not payload.data:
        return DecodeError(DecodeReason.EMPTY)
    return DecodeError(DecodeReason.UNKNOWN_MESSAGE, f"the codec says nothing of this payload on port {payload.f_port}")


def _says_data(result: Any) -> bool:
    """Tell whether the codec itself says that its data are empty, rather than that it knows nothing to say."""
    return isinstance(result, dict) and result.get("data") is not None


def _parts(result: Any, *, wrapped: bool) -> tuple[Any, list[str], list[str]]:
    """Return data, errors and warnings of a result, ``wrapped`` in an object by its contract."""
    if not isinstance(result, dict) or not _is_wrapped(result, wrapped=wrapped):
        return result, [], []
    errors, warnings = _words(result.get("errors")), _words(result.get("warnings"))
    stray = _words(result.get("error"))
    if "data" in result:
        data = result["data"]
    else:
        data = {key: value for key, value in result.items() if key not in WRAPPING} or None
    if data:
        return data, errors, [*warnings, *stray]
    return data, [*errors, *stray], warnings


def _is_wrapped(result: Mapping[str, Any], *, wrapped: bool) -> bool:
    alone = result.keys() <= WRAPPING
    if "data" in result:
        return alone or (wrapped and isinstance(result["data"], dict | list | None))
    return alone or (wrapped and not WRAPPING.isdisjoint(result))


def _words(said: Any) -> list[str]:
    """Return errors or warnings as texts: a list, a text alone, an object; none for null, false and what is empty."""
    if not said:
        return []
    words = said if isinstance(said, list) else [said]
    texts = [
        one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in words if one not in (None, "")
    ]
    return texts[:WORDS_SHOWN]


def _normalised(answer: Message) -> tuple[Any, list[str]]:
    """Return the normalised data, and why there are none as a warning."""
    if "not_normalised" in answer:
        return None, [f"normalizeUplink: {answer['not_normalised']}"]
    result = answer.get("normalised")
    if not isinstance(result, dict):
        return result, []
    warnings = [f"normalizeUplink: {one}" for one in (*_words(result.get("errors")), *_words(result.get("warnings")))]
    return (None if _words(result.get("errors")) else result.get("data")), warnings


def _port(said: Any, otherwise: int) -> int:
    if said is None:
        return otherwise
    if isinstance(said, str) and said.isdecimal():
        said = int(said)
    if isinstance(said, bool) or not isinstance(said, int | float) or said != int(said) or not 1 <= said <= 255:
        raise EncodeError(EncodeReason.FAILED, f"the codec's fPort is {said!r}; 1 to 255 is expected")
    return int(said)


def _octets(said: Any) -> bytes:
    if not isinstance(said, list) or not said:
        raise EncodeError(EncodeReason.EMPTY, "the codec made no octets of it; does it know this command?")
    for place, one in enumerate(said):
        if isinstance(one, bool) or not isinstance(one, int | float) or one != int(one) or not 0 <= one <= 255:
            raise EncodeError(EncodeReason.FAILED, f"the codec's bytes[{place}] is {one!r}; 0 to 255 is expected")
    return bytes(map(int, said))
