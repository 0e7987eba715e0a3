"""Tables of the Payload Schema language (MT-DOC-0001), wherever they lie: a YAML file with ``fields`` or ``ports``.

<vendor>/<model>.yaml    name, description, fields | ports, test_vectors: [{payload, fPort, expected} | {input, expected_payload}]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from decoders.importing import comparison, examples, names
from decoders.importing.notation import NOT_READ
from decoders.importing.published import Example, Kind, Published
from decoders.importing.readers.found import Found, mapping, of_each, text
from decoders.importing.tree import Tree, Unreadable, folder_of

FORM: Final = "Payload Schema"
_LOOKS_SO: Final = re.compile(r"^(?:fields|ports)\s*:", re.MULTILINE)
_VECTORS: Final = re.compile(r"\.(?:vectors|meta)$")


def read(tree: Tree) -> Found:
    """Return the tables in the tree."""
    files = [path for path in tree.files if path.endswith((".yaml", ".yml")) and not _VECTORS.search(names.stem(path))]
    return of_each(lambda path: _table(tree, path), files)


def _table(tree: Tree, path: str) -> Found:
    try:
        if not _LOOKS_SO.search(tree.text(path)):
            return Found()
        whole = mapping(tree, path)
    except Unreadable as error:
        return Found(notes=(str(error),))
    if not isinstance(whole.get("name"), str) or not isinstance(
        whole.get("fields", whole.get("ports")), list | Mapping
    ):
        return Found()
    proved = _vectors(whole, path)
    vendor, model = _place(tree, path, whole)
    one = Published(
        vendor=vendor,
        model=model,
        form=FORM,
        file=path,
        description=text(whole, "description"),
        source=text(whole, "source"),
        licence=text(whole, "licence", "license"),
        examples=proved.examples,
        notes=proved.notes,
    )
    return Found((one,), frozenset({path}))


def _place(tree: Tree, path: str, whole: Mapping[str, Any]) -> tuple[str, str]:
    """Return vendor and model: folder and name of the file, or the two folders above one that is called schema.yaml."""
    folders = folder_of(path).split("/")
    model = names.valid(names.stem(path)) if names.telling(names.stem(path)) else names.valid(folders.pop())
    said = names.valid(text(whole, "manufacturer", "vendor"))
    above = names.valid(folders[-1]) if folders and names.telling(folders[-1]) else ""
    first = next(iter(names.words(str(whole["name"]))), "unknown")
    return above or said or names.vendor_of(tree, ()) or first, model or "table"


def _vectors(whole: Mapping[str, Any], path: str) -> examples.Read:
    given = whole.get("test_vectors")
    found: list[Example] = []
    notes: list[str] = []
    for number, one in enumerate(given if isinstance(given, list) else [], start=1):
        try:
            found.append(_vector(one, path))
        except NOT_READ as error:
            notes.append(f"{path}: test vector {number}: {error}")
    return examples.Read(tuple(found), tuple(notes))


def _vector(one: Any, path: str) -> Example:
    if not isinstance(one, Mapping):
        raise ValueError(f"{comparison.shown(one)} where a mapping is expected")  # noqa: TRY004 - a broken file, no wrong type
    name, f_port = text(one, "name", "description"), examples.port(one)
    if "input" in one:
        octets = examples.octets(one["expected_payload"])
        return Example(
            kind=Kind.ENCODE, name=name, place=path, command=one["input"], expected=octets, expected_port=f_port
        )
    if "command" in one:
        raise ValueError("a vector of a named command; it is not run")
    data = examples.octets(one.get("payload", one.get("hex")))
    wanted = one.get("expected")
    return Example(kind=Kind.UPLINK, name=name, place=path, data=data, f_port=f_port, expected=wanted, partial=True)
