"""What a device's label says: the QR code text of LoRa Alliance TR005, and its two drafts that are still printed.

    LW:D0:<JoinEUI>:<DevEUI>:<ProfileID>[:O<owner token>][:S<serial>][:P<proprietary>][:C<checksum>]   TR005 1.0
    URN:LW:DP:<JoinEUI>:<DevEUI>:<ProfileID>[:%V<token>%S<serial>%P<proprietary>]                      draft 2
    URN:DEV:LW:<JoinEUI>_<DevEUI>_<ProfileID>[_V<token>][_S<serial>][_P<proprietary>]                  draft 3

The ProfileID is the vendor's id of the LoRa Alliance (4 hex digits) and its own id of the device's profile (4). The
checksum is a CRC-16/MODBUS, 4 hex digits, of all that stands before its ``:C``. No form carries keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.errors import ConfigError
from gateway.model import Eui64, eui64
from gateway.onboarding.field import shown

FORM: Final = "LW:D0:<JoinEUI>:<DevEUI>:<ProfileID>"
URN: Final = r"(?:URN:)?"
V1_0: Final = re.compile(rf"{URN}LW:D0:(?P<fields>.*)", re.IGNORECASE | re.DOTALL)
DRAFT_2: Final = re.compile(rf"{URN}LW:DP:(?P<fields>.*)", re.IGNORECASE | re.DOTALL)
DRAFT_3: Final = re.compile(rf"{URN}DEV:LW:(?P<fields>.*)", re.IGNORECASE | re.DOTALL)
PROFILE_ID: Final = re.compile(r"[0-9A-Fa-f]{8}")
NAMES: Final = {"O": "owner_token", "V": "owner_token", "S": "serial", "P": "proprietary"}  # V: of the drafts


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label. ``checksum_ok`` is None where there is no checksum; False mostly means a misread or mistyped code."""

    join_eui: Eui64
    dev_eui: Eui64
    vendor_id: str  # 4 lower-case hex digits, given by the LoRa Alliance
    profile_id: str  # 4 lower-case hex digits, the vendor's own
    owner_token: str = ""  # proves to a join server that one holds the device; it is a secret
    serial: str = ""
    proprietary: str = ""
    checksum_ok: bool | None = None

    def __repr__(self) -> str:
        return f"Label(dev_eui={self.dev_eui!r}, join_eui={self.join_eui!r})"


def is_tr005(text: str) -> bool:
    """Tell whether ``text`` begins as a TR005 code does."""
    return any(form.match(text.strip()) for form in (V1_0, DRAFT_2, DRAFT_3))


def read_tr005(text: str) -> Label:
    """Return what a QR code text says; raises ConfigError with everything that is wrong with it."""
    text = text.strip()
    if found := V1_0.fullmatch(text):
        label = _label(found["fields"].split(":"))
        return replace(label, checksum_ok=_checksum_ok(text))
    if found := DRAFT_2.fullmatch(text):
        first, *rest = found["fields"].replace("%25", "%").split("%")
        return _label([*first.rstrip(":").split(":"), *rest])
    if found := DRAFT_3.fullmatch(text):
        return _label(found["fields"].split("_"))
    raise ConfigError(f"label: {shown(text)} is no TR005 code: {FORM}")


def checksum(text: str) -> str:
    """Return the checksum of a code's text: CRC-16/MODBUS, 4 upper-case hex digits."""
    crc = 0xFFFF
    for octet in text.encode():
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return f"{crc:04X}"


def _label(parts: Sequence[str]) -> Label:
    join_eui, dev_eui, profile, *rest = [*parts, "", "", ""] if len(parts) < 3 else parts
    problems = [*_eui_problems("JoinEUI", join_eui), *_eui_problems("DevEUI", dev_eui)]
    if PROFILE_ID.fullmatch(profile) is None:
        problems.append(f"ProfileID: {shown(profile)} is no 8 hex digits (4 of the vendor, 4 of its profile)")
    named, wrong = _named(rest)
    problems += wrong
    if problems:
        raise ConfigError([f"label: {problem}; a code begins {FORM}" for problem in problems])
    return Label(
        join_eui=eui64(join_eui),
        dev_eui=eui64(dev_eui),
        vendor_id=profile[:4].lower(),
        profile_id=profile[4:].lower(),
        owner_token=named.get("owner_token", ""),
        serial=named.get("serial", ""),
        proprietary=named.get("proprietary", ""),
    )


def _eui_problems(name: str, text: str) -> Iterator[str]:
    if re.fullmatch(r"[0-9A-Fa-f]*", text) is None:
        yield f"{name}: {shown(text)} has characters that are no hex digits"
    elif len(text) != 16:
        yield f"{name}: {len(text)} hex digits where 16 are expected"


def _named(parts: Sequence[str]) -> tuple[Mapping[str, str], list[str]]:
    """Return the fields that begin with their letter; letters of later editions are passed over."""
    named: dict[str, str] = {}
    problems = []
    for part in parts:
        name = NAMES.get(part[:1].upper())
        if name is not None and name in named:
            problems.append(f"{name.replace('_', ' ')}: stands there twice")
        elif name is not None:
            named[name] = part[1:]
    return named, problems


def _checksum_ok(text: str) -> bool | None:
    before, mark, after = text.upper().rpartition(":C")
    if not mark or ":" in after:
        return None  # the checksum is the last field; a C elsewhere is covered by none
    given = after.strip()
    texts = {text[: len(before)], before}  # codes are printed in upper case, people type what they like
    return given in {checksum(one.removeprefix("URN:")) for one in texts} | {checksum(one) for one in texts}
