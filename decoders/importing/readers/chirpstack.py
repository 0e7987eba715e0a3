"""The tree of chirpstack-device-profiles.

vendors/<vendor>/vendor.toml           vendor.name
                 devices/<device>.toml device.{name, description, firmware[].codec, metadata.product_url}
                 codecs/<codec>.js     several devices may share one
                        test_decode_<codec>.json, test_encode_<codec>.json   [{name, input, expected}, …]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from decoders.importing import examples, names
from decoders.importing.published import Kind, Published
from decoders.importing.readers.found import Found, decodes, described, entries, mapping, of_each, part, text
from decoders.importing.tree import Tree, Unreadable, file_name, folder_of

FORM: Final = "chirpstack-device-profiles"
TESTS: Final = (("test_decode_", Kind.UPLINK), ("test_encode_", Kind.ENCODE))


def read(tree: Tree) -> Found:
    """Return the devices of all vendors' folders in the tree."""
    codecs = [
        folder for folder in tree.folders if file_name(folder) == "codecs" and _is_vendor(tree, folder_of(folder))
    ]
    return of_each(lambda folder: _vendor(tree, folder), map(folder_of, codecs))


def _is_vendor(tree: Tree, folder: str) -> bool:
    profiles = (path.endswith(".toml") for path in tree.folders.get(f"{folder}/devices", ()))
    return tree.beside(folder, "vendor.toml") is not None or any(profiles)


def _vendor(tree: Tree, folder: str) -> Found:
    vendor = names.valid(file_name(folder))
    codecs = [path for path in tree.folders[f"{folder}/codecs"] if path.endswith(".js")]
    devices, notes = _devices(tree, folder)
    models = tuple(_models(tree, vendor, codecs, devices))
    return Found(models, frozenset(tree.folders[f"{folder}/codecs"]), tuple(notes))


def _devices(tree: Tree, folder: str) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    found, notes = {}, []
    for path in tree.folders.get(f"{folder}/devices", ()):
        if path.endswith(".toml"):
            try:
                found[path] = part(mapping(tree, path), "device")
            except Unreadable as error:
                notes.append(str(error))
    return found, notes


def _models(
    tree: Tree, vendor: str, codecs: list[str], devices: Mapping[str, Mapping[str, Any]]
) -> Iterator[Published]:
    used = set()
    by_name = {file_name(path): path for path in codecs}
    for path, about in devices.items():
        codec = next((by_name[name] for name in _codec_names(about) if name in by_name), None)
        if codec:
            used.add(codec)
            yield _published(tree, vendor, _without(vendor, names.valid(names.stem(path))), codec, about)
    for codec in codecs:
        if codec not in used and decodes(tree, codec):
            yield _published(tree, vendor, _without(vendor, names.valid(names.stem(codec))), codec, {})


def _codec_names(about: Mapping[str, Any]) -> list[str]:
    """Return the codec of each firmware, the newest first."""
    return [str(one.get("codec", "")) for one in reversed(entries(about, "firmware")) if isinstance(one, Mapping)]


def _without(vendor: str, model: str) -> str:
    """Return ``model`` without the vendor before it: "milesight-am307" is am307."""
    return model.removeprefix(f"{vendor}-") or model


def _published(tree: Tree, vendor: str, model: str, codec: str, about: Mapping[str, Any]) -> Published:
    proved = examples.joined(_tests(tree, codec, prefix, kind) for prefix, kind in TESTS)
    return Published(
        vendor=vendor,
        model=model,
        form=FORM,
        file=codec,
        description=described(text(about, "name"), text(about, "description")),
        source=text(part(about, "metadata"), "documentation_url", "product_url"),
        examples=proved.examples,
        notes=proved.notes,
    )


def _tests(tree: Tree, codec: str, prefix: str, kind: Kind) -> examples.Read:
    path = tree.beside(folder_of(codec), f"{prefix}{names.stem(codec)}.json")
    return examples.read_file(tree, path, kind) if path else examples.Read()
