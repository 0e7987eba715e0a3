"""Machines as folders: what the probes look into, laid out as on real gateways."""

from __future__ import annotations

from pathlib import Path

from gateway.cities.catalogue import Catalogue
from gateway.model import TimeQuality
from gateway.setup.asking import Known
from gateway.setup.findings import Box, Findings
from gateway.setup.machine import Machine

FORWARDER = "opt/ttn-gateway/packet_forwarder/lora_pkt_fwd"
GLOBAL_CONF = """\
/* EU868, as a maker ships it: the gateway's own file is local_conf.json */
{
    "SX130x_conf": {
        "radio_0": {"enable": true, "freq": 867500000},
        "radio_1": {"enable": true, "freq": 868500000},
        "chan_multiSF_0": {"enable": true, "radio": 1, "if": -400000}, /* 868.1 */
        "chan_multiSF_1": {"enable": true, "radio": 1, "if": -200000},
        "chan_multiSF_2": {"enable": true, "radio": 1, "if": 0},
        "chan_multiSF_3": {"enable": true, "radio": 0, "if": -400000},
        "chan_multiSF_4": {"enable": false, "radio": 0, "if": -200000}
    },
    "gateway_conf": {
        "gateway_ID": "AA555A0000000000",
        // where it sends
        "server_address": "eu1.cloud.thethings.network",
        "serv_port_up": 1700,
        "serv_port_down": 1700
    }
}
"""
LOCAL_CONF = '{"gateway_conf": {\n  "gateway_ID": "AA555A0000000001",\n  "serv_port_up": 1680\n}}\n'


def machine(root: Path, **other: object) -> Machine:
    """Return a machine whose files lie below ``root``, where nobody is root and nothing is the test machine's."""
    facts = {
        "hostname": lambda: "roof",
        "is_root": lambda: False,
        "clock": lambda: TimeQuality.NTP,
        "has_group": lambda _: False,
    }
    return Machine(root=root, **(facts | other))  # type: ignore[arg-type]


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def process(root: Path, number: int, *words: str, folder: str = "/", unit: str = "") -> None:
    """Lay out a program that runs, as /proc shows it."""
    write(root, f"proc/{number}/cmdline", "".join(f"{word}\0" for word in words))
    write(root, f"proc/{number}/cgroup", f"0::/system.slice/{unit}\n" if unit else "0::/user.slice\n")
    (root / f"proc/{number}/cwd").symlink_to(folder)


def forwarder(root: Path, *, local: str = LOCAL_CONF, runs: bool = True) -> Path:
    """Lay out a packet forwarder, and return its folder."""
    write(root, f"{FORWARDER}/global_conf.json", GLOBAL_CONF)
    write(root, f"{FORWARDER}/local_conf.json", local)
    if runs:
        process(root, 77, "./lora_pkt_fwd", folder=f"/{FORWARDER}", unit="ttn-gateway.service")
    return root / FORWARDER


def box(**other: object) -> Box:
    facts: dict[str, object] = {
        "hostname": "roof",
        "is_root": True,
        "has_systemd": False,
        "has_unit": False,
        "group": "",
        "clock": TimeQuality.NTP,
    }
    return Box(**(facts | other))  # type: ignore[arg-type]


def known(findings: Findings | None = None, language: str = "en", **other: object) -> Known:
    return Known(
        findings=findings or Findings(box=box()),
        catalogue=Catalogue.load(),
        decoders=lambda: ("elsys/elt2", "elsys/ers", "milesight/em300-th"),
        language=language,
        **other,  # type: ignore[arg-type]
    )
