"""The text of a ``.meta.yaml`` for a decoder that has none: what its fields probably mean, for a person to confirm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from decoders import door
from decoders.contract import DecodeError, Decoder, Payload
from decoders.dictionary import Proposal, propose_fields
from decoders.native import shown
from decoders.native_fields import Field, fields
from decoders.vectors import Vector

PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")
WORDS_OF_YAML: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
PAIR: Final = re.compile(
    r"\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|\\ud[89a-f][0-9a-f]{2}"
)  # of UTF-16, as JSON has them
ONE_ESCAPE: Final = 6  # characters
MOST_EXAMPLES: Final = 4  # of a field's values, beside its line


def propose_for(
    decoder: Decoder, examples: Iterable[Payload | Vector], hints: str = "", said: Sequence[Proposal] = ()
) -> str:
    """Return the text of a ``.meta.yaml`` for ``decoder``, from what it says of ``examples``.

    What nothing speaks against stands as an entry; a guess is commented out, with the reason for doubt. A payload that does
    not decode is passed over. What its author has ``said`` of a field, by annotations, goes before what its name and values suggest.
    """
    payloads = [one.payload if isinstance(one, Vector) else one for one in examples]
    outputs = [output for payload in payloads if (output := _output(decoder, payload)) is not None]
    return proposed(decoder.name, outputs, hints or decoder.name, said)


def proposed(name: str, outputs: Sequence[object], hints: str = "", said: Sequence[Proposal] = ()) -> str:
    """Return the text of a ``.meta.yaml`` for the decoder ``name`` that returned ``outputs``."""
    return "\n".join(_head(name, len(outputs))) + "\n" + readings_of(outputs, hints, said)


def readings_of(outputs: Sequence[object], hints: str = "", said: Sequence[Proposal] = ()) -> str:
    """Return the part ``readings:`` of a ``.meta.yaml`` for a decoder that returned ``outputs``."""
    found = fields(outputs)
    by_field = {(one.path, one.where): one for one in found}
    annotated = {(one.field, one.where): one for one in said if (one.field, one.where) in by_field}
    guessed = {(one.field, one.where): one for one in propose_fields(found, hints)}
    proposals = list((guessed | annotated).values())
    entries = [line for one in proposals for line in _entry(one, by_field[one.field, one.where])]
    return "\n".join(("readings:", *entries, *_raw(found, proposals))) + "\n"


def _output(decoder: Decoder, payload: Payload) -> object:
    try:
        return door.decode(decoder, payload).fields
    except DecodeError:
        return None


def _head(name: str, count: int) -> list[str]:
    return [
        f"# What the fields of {name} mean: proposed from {count} example{'' if count == 1 else 's'}; read it before you use it.",
        "# A line that is commented out is a guess: take its # away if it is right.",
        'description: ""',
        'source: ""',
        'licence: ""',
    ]


def _entry(proposal: Proposal, found: Field) -> list[str]:
    entry = f"- {{{', '.join(f'{key}: {value}' for key, value in _keys(proposal))}}}"
    values = dict.fromkeys(shown(value) for value in found.values)
    examples = f"  # {', '.join(list(values)[:MOST_EXAMPLES])}"
    if proposal.sure:
        return [f"  {entry}{examples}"]
    return [f"  # guess: {_one_line(proposal.why)}", f"  # {entry}{examples}"]


def _keys(proposal: Proposal) -> list[tuple[str, str]]:
    keys = [("field", _yaml(proposal.field))]
    if proposal.where is not None:
        path, kind = proposal.where
        keys.append(("where", f"{{{_yaml(path)}: {_yaml(kind)}}}"))
    if proposal.at is not None:
        keys.append(("at", _yaml(proposal.at)))
    if proposal.series:
        keys.append(("step", "600"))
    keys.append(("quantity", proposal.quantity))
    if proposal.unit:
        keys.append(("unit", _yaml(proposal.unit)))
    if proposal.channel is not None:
        keys.append(("channel", _yaml(proposal.channel)))
    if proposal.missing:
        keys.append(("missing", f"[{', '.join(map(repr, proposal.missing))}]"))
    if proposal.labels:
        labels = ", ".join(f"{_yaml(word)}: {str(said).lower()}" for word, said in proposal.labels)
        keys.append(("labels", f"{{{labels}}}"))
    return keys


def _raw(found: Sequence[Field], proposals: Sequence[Proposal]) -> list[str]:
    """Return comments that name the fields without a proposal; they are kept and delivered as they are."""
    known = {(one.field, one.where) for one in proposals}
    rest = [one for one in found if (one.path, one.where) not in known]
    if not rest:
        return []
    return [
        "# Fields that nothing is proposed for; they travel on as raw fields:",
        *(f"#   {_named(one)}" for one in rest),
    ]


def _named(one: Field) -> str:
    kind = "" if one.where is None else f" where {one.where[0]} is {shown(one.where[1])}"
    example = shown(one.values[0]) if one.values else "never a value"
    return _one_line(f"{one.path}{kind}: {example}")


def _yaml(value: Any) -> str:
    """Return ``value`` as it stands in a flow mapping: plain where that is safe, else in quotes."""
    if not isinstance(value, str):
        return json.dumps(value)
    plain = PLAIN.fullmatch(value) is not None and value.lower() not in WORDS_OF_YAML
    return value if plain else PAIR.sub(_as_yaml, json.dumps(value))


def _as_yaml(escaped: re.Match[str]) -> str:
    """Return JSON's escape of a character beyond the first plane as YAML writes it; half of one is no character."""
    found = json.loads(f'"{escaped[0]}"')
    return f"\\U{ord(found):08x}" if len(escaped[0]) > ONE_ESCAPE else "\\ufffd"


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
