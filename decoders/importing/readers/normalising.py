"""The tree of intelligent-farming/lorawan-codec-normalization: codecs of its own, and the vendors' beside them.

codecs/<vendor>/<device>/device.json                        name, sensors, variantOf
                         codec.js, vectors.json             its own codec, {uplink: [{input, expected}], downlink: […]}
                         reference/upstream-codec.js, reference/upstream-examples.json   the vendor's, {examples: […]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from decoders.importing import examples, names, notation
from decoders.importing.published import Kind, Published
from decoders.importing.readers.found import Found, decodes, entries, mapping_or_none, of_each, text
from decoders.importing.tree import Tree, Unreadable, file_name, folder_of

FORM: Final = "lorawan-codec-normalization"
UPSTREAM_LICENCE: Final = "Apache-2.0"  # the tree's NOTICE: copied from TheThingsNetwork/lorawan-devices


def read(tree: Tree) -> Found:
    """Return the devices in the tree; the vendor's own codec of one is called <device>-upstream."""
    folders = [folder for folder in tree.folders if tree.beside(folder, "device.json")]
    return of_each(lambda folder: _device(tree, folder), [one for one in folders if tree.beside(one, "codec.js")])


def _device(tree: Tree, folder: str) -> Found:
    inside = frozenset((*tree.folders[folder], *tree.folders.get(f"{folder}/reference", ())))
    return Found(tuple(_models(tree, folder, mapping_or_none(tree, tree.beside(folder, "device.json")))), inside)


def _models(tree: Tree, folder: str, about: Mapping[str, Any]) -> Iterator[Published]:
    model = names.valid(text(about, "device") or file_name(folder))
    own, upstream = tree.beside(folder, "codec.js"), tree.beside(f"{folder}/reference", "upstream-codec.js")
    for file, name, licence in ((own, model, ""), (upstream, f"{model}-upstream", UPSTREAM_LICENCE)):
        if file and decodes(tree, file):
            proved = _vectors(tree, folder) if file == own else _upstream(tree, folder)
            yield Published(
                vendor=names.valid(text(about, "vendor") or file_name(folder_of(folder))),
                model=name,
                form=FORM,
                file=file,
                description=text(about, "name"),
                licence=licence,
                sensors=tuple(str(one) for one in entries(about, "sensors")),
                examples=proved.examples,
                notes=proved.notes,
            )


def _vectors(tree: Tree, folder: str) -> examples.Read:
    path = tree.beside(folder, "vectors.json")
    whole = _json(tree, path)
    if path is None or not isinstance(whole, Mapping):
        return examples.Read()
    return examples.joined(
        (
            examples.read_all(whole.get("uplink"), path, Kind.UPLINK),
            examples.read_all([one for one in entries(whole, "downlink") if not _decodes(one)], path, Kind.ENCODE),
            examples.read_all([one for one in entries(whole, "downlink") if _decodes(one)], path, Kind.DECODE),
        )
    )


def _decodes(one: Any) -> bool:
    given = one.get("input") if isinstance(one, Mapping) else None
    return isinstance(given, Mapping) and "bytes" in given


def _upstream(tree: Tree, folder: str) -> examples.Read:
    path = tree.beside(f"{folder}/reference", "upstream-examples.json")
    return examples.read_file(tree, path, Kind.UPLINK) if path else examples.Read()


def _json(tree: Tree, path: str | None) -> Any:
    try:
        return notation.read(tree, path) if path else None
    except Unreadable:
        return None
