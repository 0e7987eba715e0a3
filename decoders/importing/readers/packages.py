"""A package of LoRa Alliance's Payload Codec API (TS013), alone or as the drivers of Actility's device-catalog.

package.json, metadata.json or driver.yaml    name, main, description, license
<main>                                        the codec
examples.json, examples/*.json                [{type: uplink | downlink-encode | downlink-decode, input, output}, …]

vendors/<vendor>/drivers/<driver>/            a package, whose driver.yaml has a protocolId
                 models/<model>/model.yaml    protocolId: the driver of this model; name, description
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from decoders.importing import examples, names
from decoders.importing.published import Published
from decoders.importing.readers.found import Found, decodes, described, mapping_or_none, of_each, part, text
from decoders.importing.tree import Tree, file_name, folder_of

FORM: Final = "TS013 package"
CARDS: Final = ("package.json", "metadata.json", "driver.yaml")
MAINS: Final = ("index.js", "main.js", "driver.js", "codec.js", "decoder.js")
CLAIMED: Final = (
    ".js",
    ".cjs",
    ".mjs",
    ".json",
    ".txt",
)  # of all that lies in a package: tests and tools are no codecs
Card = Mapping[str, Any]
_CATALOGUED: Final = re.compile(r"/vendors/([\w-]+)")


def read(tree: Tree) -> Found:
    """Return the packages in the tree, and the models that are served by them."""
    models = _models_by_driver(tree)
    cards = [folder for folder in tree.folders if _has_card(tree, folder)]
    return of_each(lambda folder: _package(tree, folder, models), cards)


def _has_card(tree: Tree, folder: str) -> bool:
    return any(tree.beside(folder, card) for card in CARDS)


def _package(tree: Tree, folder: str, models: Mapping[str, Sequence[str]]) -> Found:
    cards = [mapping_or_none(tree, tree.beside(folder, card)) for card in CARDS]
    card: Card = {key: value for one in reversed(cards) for key, value in one.items() if value not in (None, "")}
    main = _main(tree, folder, cards)
    if main is None:
        return Found()
    proved = _examples(tree, folder)
    one = Published(
        vendor=_vendor(tree, folder, cards),
        model=names.valid(file_name(folder)) or names.telling(text(card, "name")) or "codec",
        form=FORM,
        file=main,
        description=text(card, "description"),
        source=_source(card),
        licence=_licence(card),
        examples=proved.examples,
        notes=proved.notes,
    )
    inside = frozenset(
        path for path in tree.files if path.endswith(CLAIMED) and (not folder or path.startswith(f"{folder}/"))
    )
    return Found((one, *_served(tree, one, models.get(str(cards[2].get("protocolId", "")), ()))), inside)


def _main(tree: Tree, folder: str, cards: Sequence[Card]) -> str | None:
    """Return the package's codec: what its cards name, else a file of the usual name; None where it is no codec's package."""
    named = [tree.resolve(folder, str(card["main"])) for card in cards if card.get("main")]
    usual = [tree.beside(folder, name) for name in MAINS]
    return next(
        (path for path in (*named, *usual) if path and path.endswith((".js", ".cjs")) and decodes(tree, path)), None
    )


def _examples(tree: Tree, folder: str) -> examples.Read:
    beside = tree.beside(folder, "examples.json")
    within = [path for name in ("examples", "errors") for path in tree.folders.get(f"{folder}/{name}".lstrip("/"), ())]
    files = [beside] if beside else [path for path in within if path.endswith(".json")]
    return examples.joined(examples.read_file(tree, path) for path in files)


def _vendor(tree: Tree, folder: str, cards: Sequence[Card]) -> str:
    """Return the vendor: the folder above ``drivers``, the scope or the first word of the package's name, or the tree's."""
    above = folder.split("/")
    if "drivers" in above[1:]:
        return names.valid(above[above.index("drivers") - 1])
    name = text(cards[0], "name")
    if name.startswith("@"):
        return names.valid(name[1:].partition("/")[0])
    first, dash, _ = name.partition("-")
    if dash and names.telling(first):
        return names.valid(first)
    catalogued = _CATALOGUED.search(text(cards[1], "sourceUrl"))
    said = names.valid(catalogued[1]) if catalogued else names.telling(text(cards[2], "developedBy"))
    return said or names.vendor_of(tree, ()) or "unknown"


def _source(card: Card) -> str:
    repository = card.get("repository")
    address = text(repository, "url") if isinstance(repository, Mapping) else text(card, "repository")
    return text(card, "homepage") or address.removeprefix("git+") or text(card, "sourceUrl")


def _licence(card: Card) -> str:
    found = text(card, "license", "licence") or text(part(card, "license"), "type")
    return "" if found.upper() in {"UNLICENSED", "SEE LICENSE IN LICENSE"} else found


def _models_by_driver(tree: Tree) -> Mapping[str, Sequence[str]]:
    """Return the models' files by the protocolId of the driver that each names."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in tree.files:
        if file_name(path) == "model.yaml":
            given = mapping_or_none(tree, path).get("protocolId")
            for protocol in given if isinstance(given, list) else [given]:
                found[str(protocol)].append(path)
    return found


def _served(tree: Tree, driver: Published, models: Sequence[str]) -> Iterator[Published]:
    for path in models:
        model = names.valid(file_name(folder_of(path)))
        if model and model != driver.model:
            about = mapping_or_none(tree, path)
            yield Published(
                vendor=driver.vendor,
                model=model,
                form=FORM,
                file=driver.file,
                description=described(text(about, "name"), text(about, "description")),
                source=text(about, "userGuideURL", "specificationURL") or driver.source,
                licence=driver.licence,
                examples=driver.examples,
            )
