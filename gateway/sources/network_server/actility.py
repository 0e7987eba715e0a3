"""Actility ThingPark's uplink reports, as its application servers get them by HTTP POST (LRC-AS tunnel interface).

    {"DevEUI_uplink": {"Time": "2026-02-24T16:23:17.468+00:00", "DevEUI": "70B3D57050011422", "FPort": 20, "FCntUp": 3866, "ADRbit": 1,
      "MType": 4, "payload_hex": "901429c204282705", "mic_hex": "3af4037a", "DevAddr": "0405F519", "Frequency": 868.1, "SpFact": 8,
      "Lrrs": {"Lrr": [{"Lrrid": "FF0109A4", "Chain": 0, "LrrRSSI": -113.0, "LrrSNR": -11.0}]}, …}}

Source: "ThingPark LRC-AS Tunnel Interface" and "Adding a basic HTTPS connection" (docs.thingpark.com), the ThingPark community's page
"Connect your application with HTTPS", and reports that users of several networks have published. Values are texts in the content
type "JSON untyped", a single `Lrr` may stand without its list, and `AppSKey` comes with a payload that is encrypted still. A report has
no id: device, `FCntUp`, `Time` and `mic_hex` tell it from all others. The network keeps nothing for a server that is away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.model import DataRate, FromServer, Json, Place, Reception, ServerNews, ServerUplink
from gateway.sources.chirpstack_gateway.scalars import moment, number, whole
from gateway.sources.network_server import reading
from gateway.sources.network_server.bad_event import BadEvent, BadEventReason
from gateway.sources.network_server.reading import Circumstances

UPLINK: Final = "DevEUI_uplink"
CONFIRMED: Final = 4  # MType: confirmed data up (LoRaWAN 1.0.4, section 4.2.1)
BANDWIDTH_HZ: Final = 125_000  # the report has none; nearly all uplinks in Europe have this


def read(octets: bytes, about: Circumstances) -> Iterator[FromServer]:
    """Yield what a report tells: an uplink, a join, or nothing for us; raise BadEvent and nothing else."""
    said = reading.object_of(octets)
    if isinstance(report := said.get(UPLINK), dict):
        yield _uplink(report, about)
    elif isinstance(report := said.get("DevEUI_notification"), dict):
        if report.get("Type") == "join":
            at = moment(report.get("Time"))
            yield ServerNews(
                source=about.source,
                dev_eui=reading.dev_eui(report.get("DevEUI")),
                at=at,
                what=f"joined at {about.source}",
            )
    elif not any(name.startswith("DevEUI_") for name in said):
        raise BadEvent(BadEventReason.SHAPE, f"{UPLINK} is expected")


def _uplink(report: Mapping[str, Json], about: Circumstances) -> ServerUplink:
    if report.get("AppSKey"):
        raise BadEvent(BadEventReason.ENCRYPTED)
    f_cnt, f_port, time = reading.counter(report.get("FCntUp")), reading.port(report.get("FPort")), report.get("Time")
    return ServerUplink(
        source=about.source,
        id=reading.id_of(f"{f_cnt}/{time}/{report.get('mic_hex', '')}"),
        dev_eui=reading.dev_eui(report.get("DevEUI")),
        dev_addr=reading.dev_addr(report.get("DevAddr")),
        f_cnt=f_cnt,
        f_port=f_port,
        payload=reading.hex_of(report.get("payload_hex")) if f_port else b"",
        confirmed=whole(report.get("MType"), 7) == CONFIRMED,
        adr=whole(report.get("ADRbit", 0), 1) == 1,
        receptions=_receptions(report),
        server_time=reading.time_of(time),
        heard_at=about.heard_at,
        decoded=reading.decoded(report.get("payload"), None, about.decode),
    )


def _receptions(report: Mapping[str, Json]) -> tuple[Reception, ...]:
    """Return how it was heard, as ThingPark orders it: the best base station first. Many networks leave the frequency out, and then none."""
    frequency_mhz, rate = number(report.get("Frequency"), 10_000), reading.lora_rate(report.get("SpFact"), BANDWIDTH_HZ)
    if not frequency_mhz or rate is None:
        return ()
    lrrs = reading.part(report, "Lrrs").get("Lrr") if isinstance(report.get("Lrrs"), dict) else report.get("Lrrs")
    stations = [lrrs] if isinstance(lrrs, dict) else lrrs if isinstance(lrrs, list) else []
    best = _place(report)
    found = [
        _reception(one, round(frequency_mhz * 1e6), rate, best if one.get("Lrrid") == report.get("Lrrid") else None)
        for one in stations
        if isinstance(one, dict)
    ]
    return tuple(one for one in found if one is not None)


def _reception(lrr: Mapping[str, Json], frequency_hz: int, rate: DataRate, place: Place | None) -> Reception | None:
    gateway, rssi_dbm = reading.gateway_id(lrr.get("Lrrid")), number(lrr.get("LrrRSSI"), 300)
    if gateway is None or rssi_dbm is None:
        return None
    return Reception(
        gateway=gateway,
        frequency_hz=frequency_hz,
        data_rate=rate,
        rssi_dbm=rssi_dbm,
        snr_db=number(lrr.get("LrrSNR"), 100),
        antenna=whole(lrr.get("Chain", 0), 255) or 0,
        place=place,
    )


def _place(report: Mapping[str, Json]) -> Place | None:
    latitude, longitude = number(report.get("LrrLAT"), 90), number(report.get("LrrLON"), 180)
    return None if not latitude or not longitude else Place(latitude, longitude)
