"""The radios that were chosen, as [[source]] sections. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.cities.profile import Said
from gateway.model import Json
from gateway.setup import radios
from gateway.setup.asking import Known
from gateway.setup.findings import ChirpstackForwarder, Concentratord, Forwarder, LoraFwd, Modem, Station
from gateway.setup.sections import Line, Section, unused

LOOPBACK: Final = "127.0.0.1"
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - gateways of other boxes are meant, and the file says so
PASSWORD: Final = "{}.password"  # noqa: S105 - how a secret's file is called, by its source

WHY_HERE: Final = Said("from this box alone: the protocol proves nothing", "bara från boxen: protokollet bevisar inget")
WHY_EVERYWHERE: Final = Said(
    "other boxes' gateways; the port has to be open in the firewall",
    "andra boxars gateways; porten ska vara öppen i brandväggen",
)
WHY_GATEWAYS: Final = Said(
    "these alone may speak, by the EUI on their label; left out: whoever reaches the port",
    "bara dessa får tala, med EUI från etiketten; utan: vem som än når porten",
)
WHY_FILE: Final = Said("one line, for this service's eyes alone", "en rad, bara för tjänstens ögon")


def sources(known: Known, taken: frozenset[str]) -> Iterator[Section]:
    """Yield a section for each radio, with names that are not ``taken``."""
    names = set(taken)
    for usual, kind, lines, above in _all(known):
        name = unused(usual, names)
        names.add(name)
        filled = [Line(one.key, PASSWORD.format(name), one.why) if one.key == "password_file" else one for one in lines]
        head = (Line("name", name), Line("type", kind))
        yield Section("[[source]]", (*head, *filled), (above,))


def password_files(known: Known, taken: frozenset[str]) -> list[str]:
    """Return the files that the sources' passwords are to be in."""
    return [str(line.value) for one in sources(known, taken) for line in one.lines if line.key == "password_file"]


Made = tuple[str, str, list[Line], Said]  # usual name, type, keys, what stands above


def _all(known: Known) -> Iterator[Made]:
    yield from _udp(known)
    yield from _stations(known)
    for one in radios.chosen_of(known, Concentratord):
        yield _concentratord(one)
    for bridge in radios.chosen_of(known, ChirpstackForwarder):
        yield _chirpstack_mqtt(bridge)
    for modem in radios.chosen_of(known, Modem):
        yield _modem(known, modem)
    yield from _servers(known)
    yield from _gnss(known)


def _udp(known: Known) -> Iterator[Made]:
    """Yield one source a port: who listens for other boxes hears this one's forwarder, too."""
    here: dict[int, Forwarder | None] = {radios.udp_port(known, one): one for one in radios.chosen_of(known, Forwarder)}
    if radios.chosen_of(known, LoraFwd):
        here.setdefault(radios.udp_port(known), None)
    if "udp" in known.given("radio").split():
        port = radios.udp_port(known)
        own = here.pop(port, None)
        yield _from_others(known, port, own)
    for port, forwarder in here.items():
        what = "" if forwarder is None else f" ({forwarder.folder})"
        above = Said(f"The packet forwarder on this box{what}", f"Packet forwardern på denna box{what}")
        yield "forwarder", "semtech_udp", [Line("host", LOOPBACK, WHY_HERE), _port(port)], above


def _port(port: int) -> Line:
    return Line("port", port, Said("UDP; both ports of the forwarder", "UDP; forwarderns båda portar"))


def _from_others(known: Known, port: int, own: Forwarder | None) -> Made:
    euis: list[Json] = sorted({one.gateway for one in known.findings.arrivals})
    if euis and own is not None and own.gateway is not None:
        euis = sorted({*euis, own.gateway})
    gateways = Line("gateways", euis or ["0016c001f153a14c"], WHY_GATEWAYS, is_idle=not euis)
    above = Said("Packet forwarders of other boxes", "Packet forwarders på andra boxar")
    return "gateways", "semtech_udp", [Line("host", EVERYWHERE, WHY_EVERYWHERE), _port(port), gateways], above


def _stations(known: Known) -> Iterator[Made]:
    others = "stations" in known.given("radio").split()
    if not others and not radios.chosen_of(known, Station):
        return
    host = Line("host", EVERYWHERE, WHY_EVERYWHERE) if others else Line("host", LOOPBACK, WHY_HERE)
    port = Line("port", radios.STATION_PORT, Said("as in the station's tc.uri", "som i stationens tc.uri"))
    gateways = [Line("gateways", ["0016c001ff10a235"], WHY_GATEWAYS, is_idle=True)] if others else []
    above = Said(
        "LoRa Basics Stations; channels and power they get from here",
        "LoRa Basics Stations; kanaler och effekt får de härifrån",
    )
    yield "station", "basics_station", [host, port, *gateways], above


def _concentratord(one: Concentratord) -> Made:
    lines = [
        Line("event_url", one.event_url, Said("where it says what it hears", "där den säger vad den hör")),
        Line(
            "command_url", one.command_url, Said("where it is told what to send", "där den får veta vad den ska sända")
        ),
    ]
    return (
        "concentratord",
        "concentratord",
        lines,
        Said("ChirpStack Concentratord on this box", "ChirpStack Concentratord på denna box"),
    )


def _chirpstack_mqtt(one: ChirpstackForwarder) -> Made:
    lines = [
        Line("url", one.url, Said(f"the broker, as in {one.file}", f"brokern, som i {one.file}")),
        Line(
            "prefix",
            one.prefix,
            Said("what stands before gateway/ in its topics", "det som står före gateway/ i dess topics"),
        ),
    ]
    if one.username:
        lines += [Line("username", one.username), Line("password_file", "", WHY_FILE)]
    return (
        "gateways",
        "chirpstack_mqtt",
        lines,
        Said(f"{one.title}, over its broker", f"{one.title}, genom dess broker"),
    )


def _modem(known: Known, one: Modem) -> Made:
    lines = [
        Line("port", one.port, Said("the name that it keeps in every socket", "namnet som den har i varje uttag")),
        Line("modem", one.family),
        Line(
            "frequency_hz",
            int(known.given("modem_frequency") or 868_100_000),
            Said(
                "its one channel: devices must be set to it", "dess enda kanal: enheterna måste vara inställda på den"
            ),
        ),
        Line(
            "spreading_factor",
            int(known.given("modem_spreading_factor") or 7),
            Said("its one data rate; ABP devices without ADR", "dess enda datahastighet; ABP-enheter utan ADR"),
        ),
    ]
    return (
        "modem",
        "serial_modem",
        lines,
        Said(f"LoRa modem ({one.firmware}): it cannot answer", f"LoRa-modem ({one.firmware}): det kan inte svara"),
    )


def _servers(known: Known) -> Iterator[Made]:
    keys = known.given("radio").split()
    url = Line("url", known.given("server_url"), Said("its broker", "dess broker"))
    secret = [Line("password_file", "", WHY_FILE)] if known.given("server_password") else []
    if "chirpstack" in keys:
        user = known.given("server_username")
        lines = [url, *([Line("username", user)] if user else []), *secret]
        yield (
            "chirpstack",
            "chirpstack",
            lines,
            Said("Behind a ChirpStack, which does the network", "Bakom en ChirpStack, som sköter nätet"),
        )
    if "the_things_stack" in keys:
        application = known.given("server_application")
        lines = [url, Line("application", application), Line("username", application), *secret]
        yield (
            "things-stack",
            "the_things_stack",
            lines,
            Said("Behind The Things Network, which does the network", "Bakom The Things Network, som sköter nätet"),
        )


def _gnss(known: Known) -> Iterator[Made]:
    if known.is_yes("gnss"):
        for one in known.findings.receivers:
            port = Line(
                "port", one.port, Said("the name that it keeps in every socket", "namnet som den har i varje uttag")
            )
            yield "gnss", "gnss", [port], Said("This box's place and time", "Boxens plats och tid")
