"""What a table of somebody else says for other platforms: readings where that is certain, proposals where it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from decoders.payload_schema import document
from decoders.payload_schema.annotation import Annotated, annotated, stated

if TYPE_CHECKING:
    from decoders.dictionary import Proposal


def with_readings(table: document.Mapping) -> document.Mapping:
    """Return ``table`` with the readings that its annotations are; one that has readings of its own is left as it is.

    A field of a list states none, for its time is not known; nor do two fields that would say the same thing.
    """
    if _has_readings(table):
        return table
    fields = list(_fields(table, ""))
    listed = {id(field) for path, field in fields if "[*]" in path}
    certain = [(path, field, spec) for path, field in fields if id(field) not in listed and (spec := stated(field))]
    paths = {(spec["quantity"], spec.get("channel"), path) for path, _, spec in certain}
    said = Counter((quantity, channel) for quantity, channel, _ in paths)
    alone = {id(field): spec for _, field, spec in certain if said[spec["quantity"], spec.get("channel")] == 1}
    made: document.Mapping = _rewritten(table, alone) if alone else table
    return made


def proposals(table: document.Mapping) -> tuple[Proposal, ...]:
    """Return what the fields of ``table`` may mean by their annotations, each name once, the sure ones as such."""
    from decoders.dictionary import Proposal

    found: dict[str, Proposal] = {}
    for path, field in _fields(table, ""):
        meant = annotated(field)
        if meant is not None and not path.startswith("_"):
            found.setdefault(
                path,
                Proposal(
                    field=path,
                    quantity=meant.quantity,
                    unit=meant.unit,
                    channel=meant.channel,
                    sure=meant.sure,
                    why=meant.why,
                ),
            )
    return tuple(found.values())


def _fields(node: Any, path: str) -> Iterator[tuple[str, document.Mapping]]:
    """Yield each field with its path: ``gps.latitude``, ``history[*].value``; of definitions those that no list uses."""
    if isinstance(node, list):
        for one in node:
            yield from _fields(one, path)
    elif isinstance(node, document.Mapping):
        name = node.get("name") if "type" in node or "unit" in node else None
        if isinstance(name, str):
            yield f"{path}{name}", node
        inner = {"object": f"{path}{name}.", "repeat": f"{path}{name}[*]."}.get(str(node.get("type")), path)
        for key, value in node.items():
            if key not in _WITHOUT_FIELDS:
                yield from _fields(value, inner)


_WITHOUT_FIELDS = {
    "test_vectors",
    "downlink_commands",
    "metadata",
    "ipso",
    "senml",
    "wrap",
    "definitions",
    "tag_fields",
}


def _has_readings(node: Any) -> bool:
    if isinstance(node, dict):
        return "reading" in node or any(_has_readings(value) for value in node.values())
    return isinstance(node, list) and any(_has_readings(one) for one in node)


def _rewritten(node: Any, readings: Mapping[int, document.Mapping]) -> Any:
    if isinstance(node, list):
        return [_rewritten(one, readings) for one in node]
    if not isinstance(node, document.Mapping):
        return node
    content = {key: _rewritten(value, readings) for key, value in node.items()}
    return node.like({**content, "reading": readings[id(node)]} if id(node) in readings else content)


__all__ = ["Annotated", "annotated", "proposals", "stated", "with_readings"]
