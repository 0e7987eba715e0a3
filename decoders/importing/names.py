"""Which vendor and which model a file is for, where its tree says that in the names of folders and files only."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from decoders.importing.tree import Tree, Unreadable, file_name, folder_of

LONGEST = 64  # characters of a vendor or a model
GENERIC = frozenset({
    "api", "app", "codec", "codecs", "console", "decode", "decoder", "decoders", "decoding", "device", "devices",
    "driver", "drivers", "encode", "encoder", "end", "example", "examples", "file", "files", "formatter", "formatters", "function", "functions",
    "github", "index", "integration", "iot", "javascript", "js", "json", "lib", "library", "lora", "lorawan", "main",
    "master", "node", "nodes", "normalization", "open", "output", "package", "packages", "parser", "payload", "payloads", "product",
    "products", "profile", "profiles", "public", "repo", "schema", "schemas", "script", "scripts", "sensor", "sensors", "source", "src",
    "stack", "standard", "the", "things", "tools", "tree", "translator", "ts013", "uplink", "utilities", "vendor", "vendors",
})  # fmt: skip
PLATFORMS = (  # the forms that one codec is published in, the nearest to TS013 first: that one gets the model's own name
    r"ttn|tts|things", r"chirpstack_?v?4", r"chirpstack", r"chirpstack_?v?3", r"helium", r"aws", r"datac[a-z]+",
)  # fmt: skip
_PLATFORM = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(PLATFORMS)})(?![a-z0-9])", re.IGNORECASE)
_VERSION = re.compile(r"(?:^|[-_ ])v?(\d+(?:[._]\d+)+)(?=$|[-_ ])", re.IGNORECASE)
_PARAMETERS = re.compile(r"\s*\(.*\)")  # of one device: "DL-PR36 (8192)"
_COMPANION = re.compile(r"\.(vectors|commands|meta)$")  # what stands beside a decoder's file ends so
_COPYRIGHT = re.compile(r"(?:@author|copyright(?: \(c\)| ©)?(?: \d{4}(?:-\d{4})?)?)[ ,:]+([A-Z]\w+)", re.IGNORECASE)
LOOKED_INTO = 200  # files whose head may name the vendor
MAJORITY = 0.6


def valid(text: str) -> str:
    """Return ``text`` as the name of a vendor or a model, ``[a-z0-9][a-z0-9._-]*``; "" where nothing of it can stand."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", _ascii(text).lower().replace("'", ""))
    plain = _COMPANION.sub(r"-\1", re.sub(r"-{2,}", "-", plain).strip("._-"))
    return plain[:LONGEST].strip("._-")


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def words(text: str) -> list[str]:
    """Return the words of a name: "SenseCAP_S2120Decoder" has sensecap, s2120 and decoder."""
    whole = re.sub(r"LoRaWAN|LoRa", lambda found: found[0].lower(), _ascii(text))
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", whole)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9.']+", apart) if word]


def telling(text: str) -> str:
    """Return ``text`` without the words that every such tree has: "decentlab-decoders" is decentlab; "" where none is left."""
    return valid("-".join(word for word in words(text) if word not in GENERIC and not _PLATFORM.fullmatch(word)))


def vendor_of(tree: Tree, codecs: Iterable[str], owner: str = "") -> str:
    """Return the vendor of a tree of bare codecs: who claims them, else the tree's name, else its owner; "" where none tells."""
    name = telling(tree.root.resolve().name)
    return _claimed(tree, codecs) or name or telling(owner)


def _claimed(tree: Tree, codecs: Iterable[str]) -> str:
    """Return who most of the codecs' heads say wrote them."""
    claims: Counter[str] = Counter()
    looked = 0
    for path in codecs:
        if looked == LOOKED_INTO:
            break
        looked += 1
        try:
            found = _COPYRIGHT.search(tree.text(path)[:600])
        except Unreadable:
            continue
        if found:
            claims[valid(found[1])] += 1
    most = claims.most_common(1)
    return most[0][0] if most and most[0][1] >= MAJORITY * looked else ""


def platform_of(path: str) -> int:
    """Return the place of a file's platform among PLATFORMS, by its name and its folder; a file that names none comes second."""
    for text in (file_name(path), file_name(folder_of(path))):
        found = [
            rank
            for rank, pattern in enumerate(PLATFORMS)
            if re.search(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])", text, re.IGNORECASE)
        ]
        if found:
            return 2 * max(found)  # "chirpstack_v3" is chirpstack, too
    return 1


def version_of(path: str) -> tuple[int, ...]:
    """Return the version that a file's name says, () where it says none."""
    found = _VERSION.search(stem(path))
    return tuple(int(part) for part in re.split(r"[._]", found[1])) if found else ()


def stem(path: str) -> str:
    """Return a file's name without its endings: "x.txt.txt" is x."""
    return re.sub(r"(?:\.(?:js|cjs|mjs|txt|json|toml|ya?ml))+$", "", file_name(path), flags=re.IGNORECASE)


def base(path: str) -> str:
    """Return the model that a file is for, without platform, version and the words that every codec has; "" where none is left."""
    text = _PLATFORM.sub(" ", _VERSION.sub(" ", stem(path)))
    return telling(_PARAMETERS.sub("", text))


def full(path: str) -> str:
    """Return the model that a file is for, with its platform and version."""
    kept = [word for word in words(stem(path)) if word not in GENERIC or _PLATFORM.fullmatch(word)]
    return valid("-".join(kept))
