"""The support file: a zip for whoever helps, of which every text has gone through the mask."""

from __future__ import annotations

import asyncio
import io
import json
import secrets as chance
import zipfile
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Finding
from gateway.doctor.masking import Mask
from gateway.doctor.parts import PARTS, as_json, payloads
from gateway.doctor.secrets import configuration_files, known, table_of
from gateway.doctor.toml import written
from gateway.errors import Brygga
from gateway.version import VERSION

LARGEST: Final = 2_000_000  # characters of a part; of more the end is kept, which tells what happened last
SECRETS_LIMIT_S: Final = 30.0  # to read all files in which a secret stands: some dozens, of a line each
PART_LIMIT_S: Final = 30.0  # a part asks three programs at most, which have eight seconds each

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
    "EUIs, MAC addresses, DevAddrs, names of devices and of this box are replaced, each by the same one throughout;\n"
    "places are left out. Tags, network addresses, host names of platforms and times stay."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is to be in it beyond the usual, and what less."""

    anonymous: bool = False
    with_payloads: bool = False


async def bundle(box: Box, findings: Sequence[Finding], wishes: Wishes) -> bytes:
    """Return the support file, a zip. A part that cannot be made says why. Raises Brygga where secrets cannot be read to be masked."""
    try:
        async with asyncio.timeout(SECRETS_LIMIT_S):
            mask = await apart(_mask, box, wishes)
    except TimeoutError as error:
        raise Brygga(
            "no support file: the configuration's folder does not answer, so nobody knows its secrets"
        ) from error
    texts = await asyncio.gather(*(_text(part.make(box, findings)) for part in PARTS))
    uplinks = await _text(payloads(box)) if wishes.with_payloads else None
    # Long texts take seconds on a small box: on a thread, so that an agent that is asked goes on hearing.
    return await apart(_masked, box, wishes, mask, texts, uplinks)


def _mask(box: Box, wishes: Wishes) -> Mask:
    return Mask(known(box), chance.token_bytes(32) if wishes.anonymous else None, _names(box))


async def _text(making: Awaitable[str]) -> str:
    try:
        async with asyncio.timeout(PART_LIMIT_S):
            return await making
    except TimeoutError:
        return f"could not be made within {PART_LIMIT_S:g} s"
    except (OSError, Brygga, ValueError, LookupError) as error:
        return f"could not be made: {error}"


def _masked(box: Box, wishes: Wishes, mask: Mask, texts: Sequence[str], uplinks: str | None) -> bytes:
    parts = [(part.name, part.words, _sent(part.name, text, mask)) for part, text in zip(PARTS, texts, strict=True)]
    parts += [(name, "the configuration without its secrets", text) for name, text in _configuration(box, mask)]
    if uplinks is not None:
        parts.append(("uplinks.jsonl", "the newest uplinks, with their payloads", mask.known(uplinks)))
    return _zipped([("README.txt", "this list", _readme(box, parts, wishes)), *parts])


def _sent(name: str, text: str, mask: Mask) -> str:
    """Return a part as it may be sent; what is JSON stays JSON, for programs read it."""
    try:
        return as_json(mask.tree(json.loads(text))) if name.endswith(".json") else _end_of(mask.text(text))
    except ValueError:  # why it could not be made
        return mask.text(text)


def _end_of(text: str) -> str:
    """Return the last lines of a text that is too long; of one that is masked, for half a secret is none that the mask knows."""
    if len(text) <= LARGEST:
        return text
    return f"… the end of {len(text)} characters:\n{text[-LARGEST:].partition(chr(10))[2]}"


def listed(octets: bytes) -> Iterator[tuple[str, str]]:
    """Yield what is in a support file: each name, and what it is."""
    with zipfile.ZipFile(io.BytesIO(octets)) as file:
        for one in file.infolist():
            yield one.filename, one.comment.decode()


def _names(box: Box) -> Iterator[str]:
    """Yield what people call the devices and the box; host names that every box has say nothing."""
    yield from (str(one["name"]) for one in box.devices or () if one.get("name"))
    tables = () if box.path is None else filter(None, map(table_of, configuration_files(box.path)))
    named = [table["gateway"].get("name") for table in tables if isinstance(table.get("gateway"), dict)]
    named += [box.text("/proc/sys/kernel/hostname"), None if box.settings is None else box.settings.gateway.name]
    yield from (one for one in named if isinstance(one, str) and one not in {"localhost", "brygga"})


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
