"""What `brygga device show` prints: a device's whole story, readable on 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from gateway.commands.lines import say
from gateway.commands.listing import pairs, terminal_width
from gateway.commands.show_network import moment, signal
from gateway.spans import ago

if TYPE_CHECKING:
    from gateway.model import Json

MHZ = 1e6


def device(row: Mapping[str, Json]) -> None:
    """Print all that is known of one device."""
    told = {name: value for name, value in _story(row) if value}
    for line in pairs(told, terminal_width()):
        say(line)


def _story(row: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    yield "DevEUI", row["dev_eui"]
    yield "name", row["name"] or "-"
    yield "decoder", row["decoder"] or "none: its uplinks are kept undecoded"
    yield "activation", f"{row['activation']}, LoRaWAN {row['mac_version']}, class {row['device_class']}"
    yield "JoinEUI", row["join_eui"] or "any"
    yield "measures", " ".join(filter(None, row["entity"].values())) or "-"
    yield "place", _place(row["place"])
    yield "tags", " ".join(row["tags"]) or "-"
    yield "ADR margin", "" if row["adr_margin_db"] is None else f"{row['adr_margin_db']:g} dB, its own"
    yield "counter", "may begin again at 0 (counter_reset_allowed)" if row["counter_reset_allowed"] else ""
    yield "answered", f"by the network server of relay {row['answered_by']!r}" if row.get("answered_by") else ""
    yield "last heard", _last_heard(row)
    yield "behind", _behind(row)
    yield "session", "\n".join(map(_session, row["sessions"])) or _no_session(row)
    yield "events", _lines(f"{moment(one['at'])}  {one['what']}" for one in row["events"])
    if row["radio"] is not None:
        yield from _radio(row["radio"])
    yield "margin", _margin(row)
    yield "battery", _battery(row["status"])
    yield "gateways", _lines(map(_gateway, row["gateways"]))
    yield "frames", _lines(map(_frame, row["frames"]))
    yield "refused", _lines(map(_refused, row["refused"]))
    yield "downlinks", _lines(map(_downlink, row["downlinks"])) or "none wait"


def _lines(some: Iterator[str]) -> str:
    return "\n".join(some)


def _place(place: Mapping[str, Json] | None) -> str:
    if place is None:
        return "-"
    height = "" if place["altitude_m"] is None else f", {place['altitude_m']:g} m"
    return f"{place['latitude']}, {place['longitude']}{height}"


def _last_heard(row: Mapping[str, Json]) -> str:
    if row["last_heard_s"] is not None:
        return ago(row["last_heard_s"])
    if row["last_heard"] is not None:
        return f"{moment(row['last_heard'])} UTC"
    return "not since the agent started" if row["running"] else "never, as far as the journal goes back"


def _behind(row: Mapping[str, Json]) -> str:
    if not row.get("behind"):
        return ""
    server = f"the network server that source {row['behind']} tells of"
    return (
        f"{server}. It has a session here, too: what both hear is told twice, under two ids"
        if row["sessions"]
        else server
    )


def _no_session(row: Mapping[str, Json]) -> str:
    return "none here: its network server has it" if row.get("behind") else "none: it has not joined yet"


def _session(session: Mapping[str, Json]) -> str:
    counters = f"next uplink {session['next_f_cnt_up']}, next downlink {session['next_f_cnt_down']}"
    if "next_a_f_cnt_down" in session:
        counters += f" and {session['next_a_f_cnt_down']} of the application"
    return f"DevAddr {session['dev_addr']} (activation {session['activation']}), {counters}"


# ── radio ──


def _radio(radio: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    power = "" if radio["eirp_dbm"] is None else f" ({radio['eirp_dbm']} dBm EIRP)"
    times = "once" if radio["nb_trans"] == 1 else f"{radio['nb_trans']} times"
    yield "sends", f"{radio['region']}, {radio['data_rate']}, TXPower {radio['tx_power']}{power}, each frame {times}"
    yield "channels", _channels(radio["channels"])
    rx1, rx2 = radio["rx1"], radio["rx2"]
    first = f"RX1 after {rx1['delay_s']} s, data rate offset {rx1['dr_offset']}"
    yield "listens", f"{first}; RX2 on {_mhz(rx2['frequency_hz'])} MHz, {rx2['data_rate']}"
    yield "asked", ", ".join(radio["asked"])


def _channels(channels: Sequence[Mapping[str, Json]]) -> str:
    used = [one for one in channels if one["enabled"]]
    if len(used) > 16:  # a fixed plan: its frequencies follow from the numbers
        return f"{len(used)} of {len(channels)}: {_ranges([one['number'] for one in used])}"
    frequencies = " ".join(_mhz(one["frequency_hz"]) for one in used)
    off = len(channels) - len(used)
    return f"{frequencies} MHz" + (f"; {off} more are switched off" if off else "")


def _ranges(numbers: Sequence[int]) -> str:
    """Return numbers as people write them: "0-7, 64"."""
    told: list[list[int]] = []
    for number in numbers:
        if told and number == told[-1][-1] + 1:
            told[-1][-1] = number
        else:
            told.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in told)


def _mhz(frequency_hz: int) -> str:
    return f"{frequency_hz / MHZ:g}" if frequency_hz % 1000 else f"{frequency_hz / MHZ:.3f}".rstrip("0")


def _margin(row: Mapping[str, Json]) -> str:
    if row["margin_db"] is None:
        return ""
    frames = max((one["of"] for one in row["gateways"]), default=0)
    return f"{row['margin_db']:g} dB above what its data rate needs, the best of the last {frames} frames"


def _battery(status: Mapping[str, Json] | None) -> str:
    if status is None:
        return ""
    charge = "external power" if status["external_power"] else "not measured"
    if status["battery_percent"] is not None:
        charge = f"{status['battery_percent']} %"
    return f"{charge}; it hears this network with {status['margin_db']} dB to spare; told {ago(status['age_s'])}"


# ── what was heard, and what waits ──


def _gateway(one: Mapping[str, Json]) -> str:
    best = signal({"rssi_dbm": one["best_rssi_dbm"], "snr_db": one["best_snr_db"]})
    return f"{one['gateway']}  {one['frames']} of {one['of']} frames, at best {best}"


def _frame(one: Mapping[str, Json]) -> str:
    kind = "confirmed, " if one["confirmed"] else ""
    radio = "" if one["data_rate"] is None else f"{one['data_rate']} {_mhz(one['frequency_hz'])} MHz, "
    heard = f"{radio}signal {signal(one)}" if not radio else f"{radio}{signal(one)}"
    return f"{moment(one['heard_at'])}  FCnt {one['f_cnt']}, port {one['f_port']}, {kind}{heard}\n  {one['payload']}"


def _refused(one: Mapping[str, Json]) -> str:
    return f"{moment(one['at'])}  {one['words']}\n  → {one['helps']}"


def _downlink(one: Mapping[str, Json]) -> str:
    return f"{one['id']}: {one['payload']} to port {one['f_port']}, {one['words']}"
