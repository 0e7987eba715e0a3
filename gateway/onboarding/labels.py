"""Labels that are no TR005: what people type from them, and what some vendors put into their QR codes.

Forms:

DevEUI: A8-17-58-FF-FE-05-1D-02 AppEUI: 70B3D5… AppKey: …      typed; in one line or several, with any separators
DevEui:A81758FFFE000000⏎AppEui:…⏎AppKey:…                      Elsys, text of the NFC tag (its NFC settings page)
DevEUI=…⏎AppEUI=…⏎AppKey=…                                     Dragino, text of the key sheet
{"DevEUI": "…", "AppEUI": "…", "AppKey": "…"}                  JSON of several tools
URN:LWDP:<JoinEUI>:<DevEUI>:<product>:<token>                  Browan
HTTPS://WWW.MILESIGHT-IOT.COM/…&SN=…                           Milesight: a serial number, mostly no DevEUI
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import ConfigError
from gateway.journal import Registration
from gateway.model import Activation, DevAddr, Device, Eui64, Key, MacVersion, RootKeys, Session, SessionKeys
from gateway.onboarding.field import NO_EUI, Field
from gateway.onboarding.tr005 import Label, is_tr005, read_tr005

NAMES: Final = {
    "dev_eui": r"dev\W?_?eui",
    "join_eui": r"(?:join|app)\W?_?eui",
    "app_key": r"app\W?_?key",
    "nwk_key": r"nwk\W?_?key",
    "dev_addr": r"dev\W?_?addr(?:ess)?",
    "nwk_s_key": r"nwk\W?_?s\W?_?key",
    "app_s_key": r"app\W?_?s\W?_?key",
    "serial": r"serial(?:\s*(?:number|no\.?))?|s/?n",
}
NAME: Final = re.compile(
    "|".join(rf"(?P<{name}>(?<![A-Za-z0-9])(?:{pattern})(?![A-Za-z]))" for name, pattern in NAMES.items()),
    re.IGNORECASE,
)
HEX_RUN: Final = re.compile(r"[\s:=\"']*((?:\b[0-9A-Fa-f]+\b[-:. ]?)*)")
BROWAN: Final = re.compile(r"URN:LWDP:(?P<join_eui>[^:]*):(?P<dev_eui>[^:]*):.*", re.IGNORECASE | re.DOTALL)
MILESIGHT: Final = re.compile(
    r"https?://(?:www\.)?milesight[^/]*/.*[?&]SN=(?P<serial>\w+).*", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedLabel:
    """What stands on a label that is no TR005 code: a DevEUI at least."""

    dev_eui: Eui64
    join_eui: Eui64 | None = None
    app_key: Key | None = None
    nwk_key: Key | None = None
    dev_addr: DevAddr | None = None
    nwk_s_key: Key | None = None
    app_s_key: Key | None = None
    serial: str = ""


def read_label(text: str) -> Label | TypedLabel:
    """Return what a label says in any of its forms; raises ConfigError with everything that is wrong with it."""
    return read_tr005(text) if is_tr005(text) else read_typed(text)


def names_a_device(text: str) -> bool:
    """Tell whether ``text`` is a label's that is no TR005 code: a named DevEUI with digits, or one EUI alone."""
    named = _named(text.strip())
    has_digits = re.match(r"[0-9A-Fa-f]{2}", named.get("dev_eui", "")) is not None
    return has_digits and ("\n" not in text.strip() or NAME.search(text) is not None)


def read_typed(text: str) -> TypedLabel:
    """Return what a label that is no TR005 code says; raises ConfigError with everything that is wrong with it."""
    problems: list[str] = []
    named = _named(text.strip())
    label = Field(named, "", problems)
    dev_eui = label.at("dev_eui").dev_eui()
    read = TypedLabel(
        dev_eui=dev_eui or NO_EUI,
        join_eui=label.at("join_eui").eui64(),
        app_key=label.at("app_key").key(),
        nwk_key=label.at("nwk_key").key(),
        dev_addr=label.at("dev_addr").dev_addr(),
        nwk_s_key=label.at("nwk_s_key").key(),
        app_s_key=label.at("app_s_key").key(),
        serial=named.get("serial", ""),
    )
    if dev_eui is None and not problems:
        problems.append(_no_dev_eui(named))
    if problems:
        raise ConfigError([f"label: {problem}" for problem in problems])
    return read


def registration(label: Label | TypedLabel) -> Registration:
    """Return the registration that a label begins; raises ConfigError where an ABP label is not complete.

    A TR005 code has no keys: they come from the vendor's delivery list or a join server.
    """
    if isinstance(label, Label):
        return Registration(device=Device(dev_eui=label.dev_eui, join_eui=label.join_eui))
    mac_version = MacVersion.V1_0_3 if label.nwk_key is None else MacVersion.V1_1
    session = _session(label)
    device = Device(
        dev_eui=label.dev_eui,
        join_eui=label.join_eui,
        activation=Activation.ABP if session else Activation.OTAA,
        mac_version=mac_version,
    )
    return Registration(
        device=device, root_keys=RootKeys(app_key=label.app_key, nwk_key=label.nwk_key), session=session
    )


def _session(label: TypedLabel) -> Session | None:
    wanted = {"DevAddr": label.dev_addr, "NwkSKey": label.nwk_s_key, "AppSKey": label.app_s_key}
    if label.app_key is not None or not any(wanted.values()):
        return None  # with a root key the session is one of many to come
    missing = [name for name, value in wanted.items() if value is None]
    if label.dev_addr is None or label.nwk_s_key is None or label.app_s_key is None:
        raise ConfigError(f"label: {', '.join(missing)}: missing; an ABP device needs {', '.join(wanted)}")
    return Session(
        dev_eui=label.dev_eui,
        dev_addr=label.dev_addr,
        activation=f"{label.dev_addr}-abp0",
        mac_version=MacVersion.V1_0_3,
        keys=SessionKeys.v1_0(nwk_s_key=label.nwk_s_key, app_s_key=label.app_s_key),
    )


def _named(text: str) -> Mapping[str, str]:
    for form in (BROWAN, MILESIGHT):
        if found := form.fullmatch(text):
            return found.groupdict()
    named = dict(_pairs(text))
    return named or _bare(text)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield each name and what stands between it and the next."""
    names = list(NAME.finditer(text))
    for index, found in enumerate(names):
        end = names[index + 1].start() if index + 1 < len(names) else len(text)
        between = text[found.end() : end]
        name = found.lastgroup or ""
        yield name, _serial(between) if name == "serial" else _value(between)


def _value(between: str) -> str:
    """Return the hex digits that follow a name; where there are none, what stands there instead."""
    run = HEX_RUN.match(between)
    digits = re.sub(r"[-:.\s]", "", run[1]) if run else ""
    return digits or between.strip(" \t\r\n:=\"',;{}")


def _serial(between: str) -> str:
    found = re.search(r"[A-Za-z0-9][\w./-]*", between)
    return found[0] if found else ""


def _bare(text: str) -> Mapping[str, str]:
    """Return what digits alone can say: one group of 16 is a DevEUI, one of 32 an AppKey; of two EUIs none is either."""
    groups = re.findall(r"[0-9A-Fa-f]+", re.sub(r"(?<=[0-9A-Fa-f]{2})[-:](?=[0-9A-Fa-f]{2}\b)", "", text))
    euis = [group for group in groups if len(group) == 16]
    keys = [group for group in groups if len(group) == 32]
    named = {"dev_eui": euis[0]} if len(euis) == 1 else {}
    return named | ({"app_key": keys[0]} if named and len(keys) == 1 else {})


def _no_dev_eui(named: Mapping[str, str]) -> str:
    if named.get("serial"):
        return f"a serial number ({named['serial']}) and no DevEUI; enter the 16 hex digits that stand beside 'DevEUI'"
    return "no DevEUI; write for example 'DevEUI: A8-17-58-FF-FE-05-1D-02 AppEUI: … AppKey: …', or the QR code's text"
