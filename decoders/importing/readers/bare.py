"""Codecs that lie in folders with nothing that describes them: Milesight's SensorDecoders, Decentlab, Dragino, SenseCAP, Helium.

    <series>/<model>/<model>-decoder.js, <model>-encoder.js, README.md
    <model>/<model>_TTN_v1.2_decoder.txt, <model>_ChirpstackV4_decoder.txt
    <vendor>/<model>/decoder.js

Of several files for one model the one nearest to TS013 and of the highest version gets the model's name; the others say
platform and version in theirs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from decoders.importing import examples, names
from decoders.importing.origin import origin_of
from decoders.importing.published import Published
from decoders.importing.readers import readme
from decoders.importing.readers.found import DECODES, ENCODES, Found, of_each
from decoders.importing.tree import Tree, Unreadable, file_name, folder_of

FORM: Final = "codecs in folders"
ENDINGS: Final = (".js", ".cjs", ".mjs", ".txt")
_NO_CODEC: Final = re.compile(
    r"(?:^|/)(?:tests?|__tests__|coverage|bin)/|(?:^|/)(?:test|driver)-[^/]*\.js$|\.(?:spec|test|config|min)\.js$|(?:^|/)\.",
    re.IGNORECASE,
)


def read(tree: Tree, claimed: frozenset[str], vendor: str = "") -> Found:
    """Return the codecs in the tree that no other reader claims; ``vendor`` names their vendor where the tree does not."""
    codecs, encoders, passed = _sorted(tree, claimed)
    said = names.vendor_of(tree, codecs, origin_of(tree.root).owner)
    by_model: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in codecs:
        by_model[_place(path, said, vendor, tree)].append(path)
    by_name = {"/".join(place): (*place, paths) for place, paths in by_model.items()}
    found = of_each(lambda name: Found(tuple(_variants(tree, *by_name[name], encoders))), by_name)
    return found + Found(claimed=frozenset((*codecs, *encoders)), notes=tuple(passed))


def _sorted(tree: Tree, claimed: frozenset[str]) -> tuple[list[str], frozenset[str], list[str]]:
    """Return the files that decode, those that only encode, and a line for each that does neither."""
    codecs, encoders, notes = [], set(), []
    for path in tree.files:
        if path in claimed or not path.lower().endswith(ENDINGS) or _NO_CODEC.search(path):
            continue
        try:
            text = tree.text(path)
        except Unreadable as error:
            notes.append(str(error))
            continue
        if DECODES.search(text) and not _is_prose(path, text):
            codecs.append(path)
        elif ENCODES.search(text):
            encoders.add(path)
        elif not path.endswith(".txt"):
            notes.append(f"{path}: passed over: no function of it decodes")
    return codecs, frozenset(encoders), notes


def _is_prose(path: str, text: str) -> bool:
    return path.endswith(".txt") and "function" not in text


def _place(path: str, vendor: str, given: str, tree: Tree) -> tuple[str, str]:
    """Return vendor and model of a file: its own name is the model's, or that of its folder where it only says "decoder"."""
    folders = [name for name in map(names.telling, folder_of(path).split("/")) if name]
    model = _model(names.base(path), folders[-1] if folders else names.valid(names.stem(path)))
    above = [name for name in folders if name != model]
    maker = vendor or (above[-1] if above else given or next(iter(folders), names.valid(tree.root.resolve().name)))
    return maker or "unknown", model or "codec"


def _model(own: str, folder: str) -> str:
    """Return a file's own name, that of its folder where it has none, or where the folder adds a word: em320-th-v2/em320-th.js."""
    adds_a_word = re.fullmatch(rf"{re.escape(own)}-[a-z0-9]+", folder) is not None
    return own if own and not adds_a_word else folder


def _variants(
    tree: Tree, vendor: str, model: str, paths: Sequence[str], encoders: frozenset[str]
) -> Iterator[Published]:
    best = sorted(paths, key=_preference)
    for number, path in enumerate(best):
        proved = _examples(tree, path, alone=len(paths) == 1)
        yield Published(
            vendor=vendor,
            model=model if number == 0 else _other_name(model, path),
            form=FORM,
            file=path,
            encoder=_encoder(path, encoders),
            examples=proved.examples,
            notes=proved.notes,
        )


def _preference(path: str) -> tuple[int, tuple[int, ...], str]:
    return names.platform_of(path), tuple(-part for part in names.version_of(path)), path


def _other_name(model: str, path: str) -> str:
    full = names.full(path)
    return names.valid(
        full if full.startswith(model) else f"{model}-{full or names.telling(file_name(folder_of(path)))}"
    )


def _encoder(path: str, encoders: frozenset[str]) -> str | None:
    """Return the encoder beside a decoder: <model>-encoder.js beside <model>-decoder.js."""
    other = re.sub(r"decoder|decode", lambda found: found[0].replace("decode", "encode"), file_name(path))
    place = f"{folder_of(path)}/{other}".lstrip("/")
    return place if other != file_name(path) and place in encoders else None


def _examples(tree: Tree, path: str, *, alone: bool) -> examples.Read:
    """Return the examples beside a codec: those named after it, or those of its folder where they can be meant for it only."""
    folder, stem = folder_of(path), names.stem(path)
    named = [tree.beside(folder, f"{stem}{ending}") for ending in (".examples.json", "-examples.json", ".vectors.json")]
    general = tree.beside(folder, "examples.json") if alone else None
    files = [one for one in (*named, general) if one]
    found = examples.joined(examples.read_file(tree, one) for one in files)
    about = tree.beside(folder, "README.md")
    own = names.telling(file_name(folder))
    is_its_own = _model(names.base(path), own) == own
    return found + (readme.read(tree, about) if about and alone and is_its_own else examples.Read())
