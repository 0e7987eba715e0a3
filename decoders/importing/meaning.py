"""What an imported codec's fields may mean: what the dictionary proposes for the outputs of its examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from decoders import metadata
from decoders.importing import writing
from decoders.importing.verdict import Outcome, Verdict
from decoders.payload_schema.document import TableError
from decoders.proposing import readings_of

MOST_OUTPUTS: Final = 200  # of one codec; more say nothing new


def readings(verdicts: Sequence[Verdict]) -> str:
    """Return the ``readings`` of a ``.meta.yaml`` for the codec that serves the models of ``verdicts``; "" where it said nothing.

    What is sure stands there, a guess is a comment.
    """
    outputs = [_native(one) for verdict in verdicts for one in verdict.uplinks()][:MOST_OUTPUTS]
    if not outputs:
        return ""
    text = readings_of(outputs, " ".join(_hints(verdicts)))
    try:
        metadata.parse(text, "proposal")
    except TableError as error:
        why = writing.comments(f"What was proposed cannot be used as it is: {error}")
        return "\n".join((*why, *writing.comments(text), ""))
    return text


def _native(outcome: Outcome) -> object:
    """Return the codec's own output: a list stands among the fields as their only one."""
    fields = dict(outcome.fields or {})
    return next(iter(fields.values())) if isinstance(outcome.example.expected, list) and len(fields) == 1 else fields


def _hints(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for verdict in verdicts:
        yield from (verdict.model.description, *verdict.model.sensors)
