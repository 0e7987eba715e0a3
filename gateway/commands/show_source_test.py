"""What `brygga source test` prints: first whether anything arrives, then whose it is and how, last what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.commands.lines import say
from gateway.commands.listing import folded, printable, terminal_width
from gateway.commands.show_source import GATEWAYS_SHOWN
from gateway.model import Json
from gateway.spans import ago, span
from gateway.survey import Kind

KINDS: Final[Mapping[str, str]] = {
    Kind.OWN: "of your devices",
    Kind.OWN_JOIN: "of your devices, which ask to join",
    Kind.STRANGER: "of others' devices",
    Kind.STRANGER_JOIN: "of others' devices, which ask to join",
    Kind.DOWNLINK: "downlinks of other gateways",
    Kind.UNREADABLE: "that are no LoRaWAN",
    Kind.TOLD: "news of the server: joins, receipts and the like",
    Kind.FIX: "fixes: where this box is",
}
TIMES: Final[Mapping[str, str]] = {"gps": "from GPS", "gateway": "from the gateway's own clock", "none": "none"}


def said(report: Mapping[str, Json]) -> None:
    """Print a report, folded to the terminal."""
    width = terminal_width()
    for line in lines(report):
        for part in folded(line, width):
            say(part)


def lines(report: Mapping[str, Json]) -> Iterator[str]:
    """Yield a report, line by line."""
    yield _verdict(report)
    yield f"  {report['what']}"
    yield f"  {report['stands']}"
    if report["hears"]:
        yield f"  hears {printable(str(report['hears']))}"
    if not report["running"]:
        yield f"  the agent does not run: {report['left']}"
    yield from _gateways(report["gateways"])
    yield from _frames(report)
    yield from _dropped(report["dropped"])
    yield from (f"! {printable(words)}" for words in report["advice"])
    if report["check"]:
        yield "what to look at"
        yield from (f"  {number}. {printable(words)}" for number, words in enumerate(report["check"], 1))
    if report["check"] or report["advice"]:
        yield f"{report['page']} tells more"


def _verdict(report: Mapping[str, Json]) -> str:
    kinds, time = report["frames"], span(report["seconds"])
    fixes, told = kinds.get(Kind.FIX, 0), kinds.get(Kind.TOLD, 0)
    if frames := sum(kinds.values()) - fixes - told:
        return f"{report['source']}: {frames} frames in {time}"
    if fixes:
        return f"{report['source']}: {fixes} fixes in {time}"
    if report["arrives"]:
        return f"{report['source']}: somebody is there; no frame in {time}"
    return f"{report['source']}: nothing arrives in {time}"


def _gateways(gateways: Mapping[str, Mapping[str, Json]]) -> Iterator[str]:
    if not gateways:
        return
    yield f"gateways: {len(gateways)}"
    last = sorted(gateways, key=lambda eui: (gateways[eui]["last_seen_s"], eui))[:GATEWAYS_SHOWN]
    for eui in last:
        one = gateways[eui]
        transmits = "can transmit" if one["can_transmit"] else "cannot transmit"
        where = f", {printable(str(one['address']))}" if one.get("address") else ""
        yield f"  {eui} {ago(one['last_seen_s'])}, {transmits}{where}"
    if more := len(gateways) - len(last):
        yield f"  and {more} more, heard earlier"


def _frames(report: Mapping[str, Json]) -> Iterator[str]:
    frames = report["frames"]
    if not frames:
        return
    yield "what came"
    yield from (f"  {frames[kind]:6} {words}" for kind, words in KINDS.items() if frames.get(kind))
    yield from _signal(report)
    if not frames.keys() - {Kind.FIX, Kind.TOLD}:
        return
    if not report["devices"]:
        yield "! no devices are registered: `brygga device add` makes one yours"
    elif not frames.get(Kind.OWN) and not frames.get(Kind.OWN_JOIN):
        yield "! none was of your devices: they speak every ten minutes or so, --seconds 900 waits for them"


def _signal(report: Mapping[str, Json]) -> Iterator[str]:
    signal = [
        f"{name} {' to '.join(f'{end:g}' for end in dict.fromkeys(ends))} {unit}"
        for name, unit, ends in (
            ("RSSI", "dBm", report["signal"]["rssi_dbm"]),
            ("SNR", "dB", report["signal"]["snr_db"]),
        )
        if ends
    ]
    if signal:
        yield f"  {', '.join(signal)}"
    if rates := report["data_rates"]:
        yield f"  {', '.join(f'{rate} {count}' for rate, count in sorted(rates.items()))}"
    right, bad = report["counts"].get("frames", 0), {one["reason"]: one["count"] for one in report["dropped"]}
    if right and bad.get("bad_crc"):
        share = 100 * right // (right + bad["bad_crc"])
        yield f"  CRC right of {share} % ({right} of {right + bad['bad_crc']})"
    if times := [f"{report['times'][kind]} {words}" for kind, words in TIMES.items() if report["times"].get(kind)]:
        yield f"  times: {', '.join(times)}"


def _dropped(dropped: list[Mapping[str, Json]]) -> Iterator[str]:
    if dropped:
        yield "dropped"
    for one in dropped:
        yield f"  {one['count']:6} {one['reason']}: {one['words']}"
        if one["deed"]:
            yield f"         what to do: {one['deed']}"
