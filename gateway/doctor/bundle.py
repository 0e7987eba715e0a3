"""The support file: a zip for whoever helps, of which every text has gone through the mask."""

from __future__ import annotations

import io
import secrets as chance
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.doctor.box import Box
from gateway.doctor.finding import Finding
from gateway.doctor.masking import Mask
from gateway.doctor.parts import PARTS, payloads
from gateway.doctor.secrets import configuration_files, known, table_of
from gateway.doctor.toml import written
from gateway.errors import Brygga
from gateway.version import VERSION

LARGEST: Final = 2_000_000  # characters of a part; of more the end is kept, which tells what happened last

README: Final = """Brygga {version}: what a helper needs to know of a box. Made {made}.

{list}

What is not in it: keys of devices, the box's key file, passwords, tokens, private keys, the journal itself{payloads}.
The configuration is shown key by key; values that are, or may be, secrets are shown as their kind and length. Secrets that
the box knows are taken out of all texts, in whatever spelling they stand there; so is what looks like a key or a token.
{anonymous}
"""
IDENTITIES: Final = (
    "EUIs, names of devices, addresses of this network are in it: --anonymous replaces EUIs, DevAddrs and names."
)
ANONYMOUS: Final = (
    "EUIs, MAC addresses, DevAddrs and names of devices are replaced, each by the same one throughout; places are left out. "
    "Network addresses, host names of platforms and times stay."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is to be in it beyond the usual, and what less."""

    anonymous: bool = False
    with_payloads: bool = False


async def bundle(box: Box, findings: Sequence[Finding], wishes: Wishes) -> bytes:
    """Return the support file, a zip. A part that cannot be made says why."""
    mask = Mask(known(box), chance.token_bytes(32) if wishes.anonymous else None, _names(box))
    parts: list[tuple[str, str, str]] = []
    for part in PARTS:
        try:
            text = await part.make(box, findings)
        except (OSError, Brygga, ValueError, LookupError) as error:
            text = f"could not be made: {error}"
        parts.append((part.name, part.words, mask.text(text[-LARGEST:])))
    parts += [(name, "the configuration without its secrets", text) for name, text in _configuration(box, mask)]
    if wishes.with_payloads:
        parts.append(("uplinks.jsonl", "the newest uplinks, with their payloads", mask.known(await payloads(box))))
    return _zipped([("README.txt", "this list", _readme(box, parts, wishes)), *parts])


def listed(octets: bytes) -> Iterator[tuple[str, str]]:
    """Yield what is in a support file: each name, and what it is."""
    with zipfile.ZipFile(io.BytesIO(octets)) as file:
        for one in file.infolist():
            yield one.filename, one.comment.decode()


def _names(box: Box) -> Iterator[str]:
    yield from (str(one["name"]) for one in box.devices or () if one.get("name"))
    if box.settings is not None:
        yield box.settings.gateway.name


def _configuration(box: Box, mask: Mask) -> Iterator[tuple[str, str]]:
    for path in [] if box.path is None else configuration_files(box.path):
        table = table_of(path)
        name = path.name if path.parent == (box.path or path).absolute().parent else f"{path.parent.name}/{path.name}"
        text = "# not shown: it is no TOML, or may not be read\n" if table is None else written(mask.table(table))
        yield f"configuration/{name}", mask.text(text)


def _readme(box: Box, parts: Sequence[tuple[str, str, str]], wishes: Wishes) -> str:
    return README.format(
        version=VERSION,
        made=box.now.isoformat(timespec="seconds"),
        list="\n".join(f"{name}: {words}" for name, words, _ in parts),
        payloads="" if wishes.with_payloads else ", payloads of uplinks",
        anonymous=ANONYMOUS if wishes.anonymous else IDENTITIES,
    )


def _zipped(parts: Sequence[tuple[str, str, str]]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as file:
        for name, words, text in parts:
            entry = zipfile.ZipInfo(name)  # without a date: the parts are made now
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.comment = words.encode()
            entry.external_attr = 0o600 << 16
            file.writestr(entry, text)
    return whole.getvalue()
