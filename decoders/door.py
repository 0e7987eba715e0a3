"""The door between a vendor's code and the gateway: whatever a decoder does, a Decoded or a DecodeError comes out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from decoders.contract import Decoded, DecodeError, Decoder, DecodeReason, Payload, Reading

LONGEST = 300  # characters of a decoder's words that a person needs
VALUES = frozenset({bool, int, float, str})  # the types themselves: formats choose by them, and a subclass is another
PLAIN = VALUES | {type(None)}
PASSING = (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)  # not the decoder's doing

Where = str


def decode(decoder: Decoder, payload: Payload) -> Decoded:
    """Return what ``decoder`` says of ``payload``, its types checked; raise DecodeError and nothing else.

    A decoder that breaks its promise (any exception, SystemExit too, or a wrong type) has FAILED. Only a decoder that
    does not come to an end cannot be helped here.
    """
    try:
        return _checked(decoder.decode(payload))
    except DecodeError as error:
        raise _plain_error(error) from error
    except PASSING:
        raise
    except BaseException as error:
        raise DecodeError(DecodeReason.FAILED, in_words(error)) from error


async def decode_all(decoder: Decoder, payloads: Sequence[Payload]) -> Sequence[Decoded | DecodeError]:
    """Return what ``decoder`` says of each payload, its types checked, or why not; awaits one that works elsewhere."""
    if (batched := getattr(decoder, "decode_all", None)) is None:
        return [_outcome(decoder, payload) for payload in payloads]
    try:
        outcomes: Any = await batched(payloads)
        if len(outcomes) != len(payloads):
            raise _broken("what it returns", outcomes, f"{len(payloads)} outcomes")  # noqa: TRY301 - one seam for all
        return [_checked_outcome(one) for one in outcomes]
    except DecodeError as error:
        return [_plain_error(error)] * len(payloads)
    except PASSING:
        raise
    except BaseException as error:  # noqa: BLE001 - a vendor's decoder: whatever it does, these payloads pay for it alone
        return [DecodeError(DecodeReason.FAILED, in_words(error))] * len(payloads)


def _outcome(decoder: Decoder, payload: Payload) -> Decoded | DecodeError:
    try:
        return decode(decoder, payload)
    except DecodeError as error:
        return DecodeError(error.reason, error.detail)  # without the frames that its trace keeps alive


def _checked_outcome(outcome: Any) -> Decoded | DecodeError:
    if isinstance(outcome, DecodeError):
        return _plain_error(outcome)
    try:
        return _checked(outcome)
    except DecodeError as error:
        return _plain_error(error)
    except Exception as error:  # noqa: BLE001 - what it returned may be anything
        return DecodeError(DecodeReason.FAILED, in_words(error))


def in_words(error: BaseException) -> str:
    """Return an exception as one line for people, whatever it holds."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - an exception of a vendor's own may fail at this, too
        said = ""
    return _line(f"{type(error).__name__}: {said}" if said else type(error).__name__)


def _line(text: str) -> str:
    """Return ``text`` as the journal and every format can hold it: one line, of bounded length, no lone surrogates."""
    short = " ".join(text[: 4 * LONGEST].split())[:LONGEST]
    return short.encode("utf-8", "replace").decode("utf-8")


def _plain_error(error: DecodeError) -> DecodeError:
    reason, detail = getattr(error, "reason", None), getattr(error, "detail", "")
    if not isinstance(reason, DecodeReason):
        return DecodeError(DecodeReason.FAILED, _line(f"a DecodeError with the reason {reason!r}: {detail}"))
    return DecodeError(reason, _line(str(detail)))


def _checked(decoded: Any) -> Decoded:
    if not isinstance(decoded, Decoded):
        raise _broken("what it returns", decoded, "a Decoded")
    readings: Any = decoded.readings
    if not isinstance(readings, tuple | list):
        raise _broken("readings", readings, "a tuple of Reading")
    for place, reading in enumerate(readings):
        if not _is_usual(reading):
            _check_reading(f"readings[{place}]", reading)
    if not isinstance(decoded.fields, Mapping):
        raise _broken("fields", decoded.fields, "a mapping")
    _check_plain("fields", decoded.fields)
    warnings: Any = decoded.warnings
    if not isinstance(warnings, tuple | list) or not all(isinstance(one, str) for one in warnings):
        raise _broken("warnings", warnings, "a tuple of texts")
    return decoded


def _is_usual(reading: Any) -> bool:
    """Tell at a glance that all is right with a reading, as it is with nearly all: this is on every uplink's way."""
    if type(reading) is not Reading or reading.channel is not None or reading.at is not None:
        return False
    quantity, unit = reading.quantity, reading.unit
    if not (type(quantity) is type(unit) is str and type(reading.value) in VALUES):
        return False
    return len(quantity) + len(unit) <= LONGEST and quantity.isascii() and unit.isascii()


def _check_reading(where: Where, reading: Any) -> None:
    if not isinstance(reading, Reading):
        raise _broken(where, reading, "a Reading")
    _check_word(f"{where}.quantity", reading.quantity)
    _check_word(f"{where}.unit", reading.unit)
    if reading.channel is not None:
        _check_word(f"{where}.channel", reading.channel)
    if type(reading.value) not in VALUES:
        raise _broken(f"{where}.value", reading.value, "a number, a truth value or a text")
    if reading.at is not None and not isinstance(reading.at, datetime):
        raise _broken(f"{where}.at", reading.at, "a datetime")


def _check_word(where: Where, word: object) -> None:
    if not isinstance(word, str) or len(word) > LONGEST:
        raise _broken(where, word, f"a text of at most {LONGEST} characters")
    if not word.isascii():
        word.encode()  # a lone surrogate is no character: nothing that writes UTF-8 could say it


def _check_plain(where: Where, value: object) -> None:
    """Check that JSON can hold ``value``: raw fields are shown and sent as they are."""
    if type(value) in PLAIN:
        return
    match value:
        case Mapping():
            for key, inner in value.items():
                if type(key) is str and type(inner) in PLAIN:
                    continue
                if not isinstance(key, str):
                    raise _broken(f"a key of {where}", key, "a text")
                _check_plain(f"{where}.{key}", inner)
        case list() | tuple():
            for inner in value:
                _check_plain(f"{where}[…]", inner)
        case int() | float() | str():
            return  # an IntEnum or a StrEnum: JSON holds it
        case _:
            raise _broken(where, value, "what JSON can hold")


def _broken(where: Where, found: Any, expected: str) -> DecodeError:
    return DecodeError(DecodeReason.FAILED, f"{where} is {_shown(found)}; {expected} is expected")


def _shown(found: Any) -> str:
    return "None" if found is None else f"of type {type(found).__qualname__}"
