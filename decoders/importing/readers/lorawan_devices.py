"""The tree of TheThingsNetwork/lorawan-devices and its forks.

vendor/<vendor>/index.yaml           endDevices: [<device>, …]
                <device>.yaml        firmwareVersions[].profiles.<region>.codec
                <codec>.yaml         uplinkDecoder, downlinkEncoder, downlinkDecoder: {fileName, examples: […]}
                <fileName>           the codec; several devices and several <codec>.yaml may share it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from decoders.importing import examples, names
from decoders.importing.published import Kind, Published
from decoders.importing.readers.found import Found, described, entries, mapping, mapping_or_none, of_each, part, text
from decoders.importing.tree import Tree, Unreadable, file_name

FORM: Final = "lorawan-devices"
FUNCTIONS: Final = (("uplinkDecoder", Kind.UPLINK), ("downlinkEncoder", Kind.ENCODE), ("downlinkDecoder", Kind.DECODE))
Codecs = Mapping[str, Mapping[str, Any]]  # <codec>.yaml by its name


def read(tree: Tree) -> Found:
    """Return the devices of all vendors' folders in the tree."""
    return of_each(lambda folder: _vendor(tree, folder), tree.folders)


def _vendor(tree: Tree, folder: str) -> Found:
    yamls = [path for path in tree.folders[folder] if path.endswith(".yaml")]
    read, notes = _codecs(tree, yamls)
    if not read:
        return Found(notes=tuple(notes))
    models = tuple(_models(tree, folder, read))
    files = {path for path in tree.folders[folder] if path.endswith((".yaml", ".js"))}
    return Found(models, frozenset(files | {one.file for one in models}), tuple(notes))


def _codecs(tree: Tree, yamls: list[str]) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """Return the codecs' descriptions among the YAML files of a folder; a file is parsed only if it may be one."""
    found, notes = {}, []
    for path in yamls:
        try:
            whole = mapping(tree, path) if "uplinkDecoder" in tree.text(path) else {}
            if "fileName" in part(whole, "uplinkDecoder"):
                found[names.stem(path)] = whole
            elif "uplinkDecoder" in whole:
                notes.append(f"{path}: uplinkDecoder: an object with fileName is expected")
        except Unreadable as error:
            notes.append(str(error))
    return found, notes


def _models(tree: Tree, folder: str, codecs: Codecs) -> Iterator[Published]:
    used: set[str] = set()
    for device in _devices(tree, folder):
        about = mapping_or_none(tree, tree.beside(folder, f"{device}.yaml"))
        for number, codec in enumerate(_codecs_of(about, codecs)):
            used.add(codec)
            model = device if number == 0 else f"{device}-{codec.removesuffix('-codec')}"
            yield from _published(tree, folder, model, about, codecs[codec])
    for codec, whole in codecs.items():
        if codec not in used:
            yield from _published(tree, folder, codec.removesuffix("-codec"), {}, whole)


def _devices(tree: Tree, folder: str) -> Iterator[str]:
    """Yield the devices that the vendor's index lists; where there is no index, those whose files are there."""
    index = mapping_or_none(tree, tree.beside(folder, "index.yaml"))
    listed = [one for one in entries(index, "endDevices") if isinstance(one, str)]
    if listed:
        yield from listed
        return
    for path in tree.folders[folder]:
        if path.endswith(".yaml") and "firmwareVersions" in mapping_or_none(tree, path):
            yield names.stem(path)


def _codecs_of(about: Mapping[str, Any], codecs: Codecs) -> list[str]:
    """Return the codecs of a device, that of its newest firmware first."""
    found = [
        str(profile.get("codec", ""))
        for firmware in reversed(entries(about, "firmwareVersions"))
        if isinstance(firmware, Mapping)
        for profile in part(firmware, "profiles").values()
        if isinstance(profile, Mapping)
    ]
    return [codec for codec in dict.fromkeys(found) if codec in codecs]


def _published(
    tree: Tree, folder: str, model: str, about: Mapping[str, Any], codec: Mapping[str, Any]
) -> Iterator[Published]:
    place = f"{folder}/{codec['uplinkDecoder']['fileName']}"
    file = tree.resolve(folder, str(codec["uplinkDecoder"]["fileName"]))
    parts = [examples.read_all(part(codec, key).get("examples"), place, kind) for key, kind in FUNCTIONS]
    proved = examples.joined(parts)
    notes = proved.notes if file else (*proved.notes, f"{place}: there is no such file")
    encoder = tree.resolve(folder, str(part(codec, "downlinkEncoder").get("fileName", "")))
    yield Published(
        vendor=names.valid(file_name(folder)) or names.valid(tree.root.resolve().name),
        model=names.valid(model),
        form=FORM,
        file=file or place,  # a name that the tree has not: no file is read, and the verdict says so
        encoder=encoder if encoder != file else None,
        description=described(text(about, "name"), text(about, "description")),
        source=text(about, "dataSheetURL", "productURL"),
        sensors=tuple(str(one) for one in entries(about, "sensors")),
        examples=proved.examples,
        notes=notes,
    )
