"""What an installed model's files say: its vectors, and what its metadata begins with."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import yaml

from decoders.importing.origin import Origin
from decoders.importing.published import Kind
from decoders.importing.verdict import Outcome, Verdict
from decoders.metadata import Context

MARK: Final = "# Written by `brygga decoder import`, which leaves it alone once it was edited:"
LONGEST_NAME: Final = 120  # characters of a vector's name
_MARKED: Final = re.compile(rf"{re.escape(MARK)} ([0-9a-f]{{12}})\n")

_Dumper: Final[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # which of the two PyYAML was built with


def marked(text: str) -> str:
    """Return ``text`` under a line that tells later whether somebody edited it."""
    return f"{MARK} {_digest(text)}\n{text}"


def was_edited(text: str) -> bool:
    """Tell whether a file is somebody's own by now: without the line that `marked` gives, or changed below it."""
    found = _MARKED.match(text)
    return found is None or found[1] != _digest(text[found.end() :])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def metadata_head(verdict: Verdict, origin: Origin) -> str:
    """Return the keys of a ``.meta.yaml`` that say what the codec is and where it is from."""
    model = verdict.model
    said = {
        "description": model.description or model.name,
        "source": model.source,
        "licence": model.licence,
        "origin": origin.of(model.file),
        "context": str(Context.KEPT) if verdict.is_free_of_state else "",
    }
    return _yaml({key: value for key, value in said.items() if value})


def alias(verdict: Verdict, serves: Verdict) -> str:
    """Return the file of a model that sends what another sends."""
    description = verdict.model.description or verdict.model.name
    return _yaml({"same_as": serves.model.name, "description": description})


def vectors(verdict: Verdict, origin: Origin) -> str:
    """Return the file of the model's vectors: the examples that it passed, as it says them; "" where there are none."""
    passed = [one for one in verdict.outcomes if one.passed]
    decoded = [
        _vector(one) for one in passed if one.example.kind is Kind.UPLINK and (one.fields is not None or one.reason)
    ]
    told = [_command(one) for one in passed if one.example.kind is Kind.ENCODE and (one.encoded or one.reason)]
    if not decoded and not told:
        return ""
    whole: dict[str, Any] = {"source": origin.of(_places(passed)), "licence": verdict.model.licence or "not stated"}
    whole |= {"vectors": decoded} if decoded else {}
    whole |= {"commands": told} if told else {}
    return _yaml(whole)


def _places(outcomes: Sequence[Outcome]) -> str:
    places = sorted({one.example.place for one in outcomes})
    return places[0] if len(places) == 1 else " and ".join(places)


def _vector(outcome: Outcome) -> dict[str, Any]:
    example = outcome.example
    said: dict[str, Any] = {"name": _name(example.name), "payload": example.data.hex(), "f_port": example.f_port}
    if example.received_at is not None:
        said["received_at"] = example.received_at.isoformat()
    said |= {"error": str(outcome.reason)} if outcome.reason else {"expected": _plain(outcome.fields)}
    return {key: value for key, value in said.items() if value is not None}


def _command(outcome: Outcome) -> dict[str, Any]:
    said: dict[str, Any] = {"name": _name(outcome.example.name), "command": _plain(outcome.example.command)}
    if outcome.encoded is None:
        return said | {"error": str(outcome.reason)}
    return said | {"f_port": outcome.encoded.f_port, "payload": outcome.encoded.data.hex()}


def _name(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"


def _plain(value: Any) -> Any:
    """Return ``value`` as JSON has it: what decoders return may be mappings of their own kinds."""
    return json.loads(json.dumps(value))


def _yaml(value: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def comments(text: str) -> Iterator[str]:
    """Yield the lines of ``text`` as comments."""
    yield from (f"# {line}".rstrip() for line in text.splitlines())
