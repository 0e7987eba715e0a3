"""Write out what a table refers to: definitions of its own, and of other files of its own folder tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from decoders.payload_schema import document
from decoders.payload_schema.document import Mapping, shown
from decoders.payload_schema.renaming import renamed
from decoders.payload_schema.source import LONGEST_CODE, TooLong

MOST_FIELDS = 5000  # of a table with its definitions written out; the largest that is known has some 300
MOST_OPEN = 32  # definitions within definitions
MOST_FILES = 32  # that one table reads
DEEPEST = 24  # fields within fields; the deepest table that is known has 4
FOLDERS = ("", "lib", "library", "schemas/library")  # where a tree keeps what its tables share
KINDS = (".yaml", ".yml", ".json")
REFERENCE = {"$ref", "use", "description", "rename", "prefix", "name", "optional"}
HOLDERS = (
    "fields",
    "cases",
    "default",
    "groups",
    "byte_group",
    "tlv",
    "match",
    "flagged",
)  # keys with fields below them
CONTAINERS = ("groups", "cases")  # lists of mappings that hold fields and are none


def tree_of(table: Mapping, name: str) -> Path:
    """Return the folder that the files of a table may stand in: ``<tree>/<vendor>/<model>.yaml``, or its own folder.

    Within a published tree (``…/schemas/devices/<vendor>/<model>.yaml``) it is the folder that holds ``schemas``.
    """
    path = Path(table.file)
    published = [folder.parent for folder in path.parents[:5] if folder.name == "schemas"]
    if published:
        return published[0]
    return path.parent.parent if path.as_posix().endswith(f"{name}.yaml") else path.parent


class Library:
    """The files of one table, and what has been written out of them."""

    def __init__(self, table: Mapping, tree: Path) -> None:
        self._tree = tree
        self._table = table
        self._documents: dict[str, Mapping] = {table.file: table}
        self._open: list[tuple[str, str]] = []  # what is being written out, to see a definition that contains itself
        self._count = 0
        self._depth = 0
        self._code = 0
        self._contents = hashlib.sha256()

    def revision(self, revision: str) -> str:
        """Return the revision of the table, whose own file has ``revision``, with all files it refers to."""
        if len(self._documents) == 1:
            return revision
        return hashlib.sha256(revision.encode() + self._contents.digest()).hexdigest()[:12]

    def order(self, field: Mapping) -> Any:
        """Return the byte order that another file says for its fields; None for the table's own and where it says none."""
        file = self._documents.get(field.file, self._table)
        return None if file is self._table else file.get("endian")

    def written(self, characters: int) -> None:
        """Count the code that some of the table's fields came to; raises TooLong where all of it is too much."""
        self._code += characters
        if self._code > LONGEST_CODE:
            raise TooLong

    def names(self) -> frozenset[str]:
        """Return the names of the other files that the table was made of."""
        return frozenset(Path(file).name for file in self._documents if file != self._table.file)

    def definition(self, name: str) -> list[Mapping]:
        """Return the fields of a definition of the table, written out; raises TableError."""
        return self._reference(self._table.changed(**{"$ref": f"#/definitions/{name}"}))

    def fields(self, fields: Any, owner: Mapping) -> list[Mapping]:
        """Return a list of fields with all references written out, those within them too; raises TableError."""
        if not isinstance(fields, list):
            raise owner.wrong("fields is a list", "fields")
        self._depth += 1
        if self._depth > DEEPEST:
            raise owner.wrong(f"more than {DEEPEST} fields within each other")
        made = [one for field in fields for one in self._field(field, owner)]
        self._depth -= 1
        return made

    def _field(self, field: Any, owner: Mapping) -> list[Mapping]:
        if not isinstance(field, Mapping):
            raise owner.wrong(f"{shown(field)} is no field: `- name: …` is expected", "fields")
        self._count += 1
        if self._count > MOST_FIELDS:
            raise owner.wrong(f"more than {MOST_FIELDS} fields, definitions written out")
        if "$ref" not in field and "use" not in field:
            return [self._inner(field)]
        if "type" in field:  # an object whose fields stand elsewhere
            alone = {key: value for key, value in field.items() if key not in {"$ref", "use"}}
            inner = self._reference(field.like({"$ref": field.get("$ref", field.get("use"))}))
            return [field.like({**alone, "fields": inner})]
        field.only(REFERENCE, (), "a reference")
        return renamed(self._reference(field), field)

    def _inner(self, node: Mapping) -> Mapping:
        """Return ``node`` with the references within it written out."""
        changes = {key: self._held(key, node[key], node) for key in HOLDERS if key in node}
        return node.changed(**changes) if changes else node

    def _held(self, key: str, value: Any, owner: Mapping) -> Any:
        if isinstance(value, Mapping) and key == "cases":
            return value.like({case: self._case(held, value) for case, held in value.items()})
        if isinstance(value, Mapping):
            return self._inner(value)
        if isinstance(value, list) and key in CONTAINERS:
            return [self._inner(one) if isinstance(one, Mapping) else one for one in value]
        return self.fields(value, owner) if isinstance(value, list) else value

    def _case(self, held: Any, cases: Mapping) -> Any:
        if isinstance(held, Mapping):
            return (
                self.fields([held], cases) if "type" in held or "$ref" in held or "use" in held else self._inner(held)
            )
        return self.fields(held, cases) if isinstance(held, list) else held

    # ── references ──────────────────────────────────────────────────────────────────────────────────────────────

    def _reference(self, field: Mapping) -> list[Mapping]:
        spec = field.get("$ref", field.get("use"))
        if not isinstance(spec, str) or not spec:
            raise field.wrong(f"a reference is a text, not {shown(spec)}", "$ref" if "$ref" in field else "use")
        file, pointer = _parts(spec)
        found = self._documents.get(field.file, self._table) if not file else self._read(file, spec, field)
        place = (found.file, pointer)
        if place in self._open:
            raise field.wrong(f"definition {spec.removeprefix('#/definitions/')!r} contains itself")
        if len(self._open) >= MOST_OPEN:
            raise field.wrong(f"more than {MOST_OPEN} definitions within each other")
        self._open.append(place)
        fields = self.fields(self._target(found, pointer, spec, field), found)
        self._open.pop()
        return fields

    def _target(self, found: Mapping, pointer: str, spec: str, field: Mapping) -> list[Any]:
        node: Any = found
        for part in pointer.split("/") if pointer else ():
            node = node.get(part) if isinstance(node, Mapping) else None
        if isinstance(node, Mapping) and "fields" in node and "type" not in node:
            node = node["fields"]
        if isinstance(node, list):
            return node
        if isinstance(node, Mapping) and node is not found:
            return [node]
        where = "this file" if found is self._documents.get(field.file) else found.file
        raise field.wrong(f"there is no definition {spec.removeprefix('#/definitions/')!r} in {where}")

    def _read(self, file: str, spec: str, field: Mapping) -> Mapping:
        path = next(self._candidates(file, field), None)
        if path is None:
            raise field.wrong(f"there is no definition {spec!r}: no file {file} in the folders of this table")
        if str(path) not in self._documents:
            if len(self._documents) >= MOST_FILES:
                raise field.wrong(f"a table refers to at most {MOST_FILES} files")
            self._documents[str(path)] = found = document.read(path)
            self._contents.update(repr(found).encode("utf-8", "replace"))
        return self._documents[str(path)]

    def _candidates(self, file: str, field: Mapping) -> Iterator[Path]:
        """Yield the files that ``file`` may be: beside the one it stands in, and in the folders above up to the tree's own."""
        tree = self._tree.resolve()
        folder = Path(field.file).resolve().parent
        while folder.is_relative_to(tree):
            for below in FOLDERS:
                path = (folder / below / file).resolve()
                if path.suffix in KINDS and path.is_relative_to(tree) and path.is_file():
                    yield path
            if folder == folder.parent:
                return
            folder = folder.parent


def _parts(spec: str) -> tuple[str, str]:
    """Return the file ("": this one) and the pointer within it of ``file.yaml#/definitions/x`` and its shorter forms."""
    file, mark, pointer = spec.partition("#")
    if mark:
        return file, pointer[1:] if pointer.startswith("/") else f"definitions/{pointer}"
    if "/" not in spec and "." not in spec:
        return "", f"definitions/{spec}"
    return file if file.endswith(KINDS) else f"{file}.yaml", ""
