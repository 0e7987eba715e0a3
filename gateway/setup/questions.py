"""What is asked about the box itself, in the order in which it is asked; cities and devices have tables of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.cities.profile import Said
from gateway.lorawan.region import REGIONS
from gateway.model import TimeQuality
from gateway.setup import city_questions, device_questions, pointing, radios, reading
from gateway.setup.asking import Known, Option, Question, chosen, is_whole, mode, yes_or_no
from gateway.setup.findings import Modem
from gateway.web.passwords import SHORTEST

COMMON_NAMES: Final = frozenset(
    {"raspberrypi", "localhost", "debian", "raspberry", ""}
)  # they tell no box from another
NAME_LIMIT: Final = 64  # characters, as gateway.name
SERVICE_DATA: Final = "/var/lib/brygga"
LEAST_PASSWORD: Final = 8  # characters, of the dashboard's
MODES: Final = (
    Option("keep", Said("Keep it as it is, and watch", "Behåll den som den är, och titta på")),
    Option("radio", Said("Add a radio", "Lägg till en radio")),
    Option("city", Said("Add a city", "Lägg till en stad")),
    Option("new", Said("Start anew (the old file is kept aside)", "Börja om (den gamla filen läggs åt sidan)")),
)
DASHBOARDS: Final = (
    Option("off", Said("None", "Ingen")),
    Option("here", Said("On this box alone (through ssh)", "Bara på boxen själv (genom ssh)")),
    Option("network", Said("In its network, with a password", "I dess nät, med lösenord")),
)
CLOCKS: Final = (
    Option("ntp", Said("Wait until it is set from the network (right)", "Vänta tills den ställts från nätet (rätt)")),
    Option("system", Said("Believe it as it is", "Tro på den som den är")),
)


def _adds_radio(known: Known) -> bool:
    return mode(known) in {"new", "radio"}


def _has_modem(known: Known) -> bool:
    return _adds_radio(known) and bool(radios.chosen_of(known, Modem))


def _usual_name(known: Known) -> str:
    hostname = known.findings.box.hostname
    return "" if hostname in COMMON_NAMES else hostname


def _region_found(known: Known) -> Sequence[str]:
    told = radios.region(known)
    return (
        [known.says(Said(f"The radio's channels are those of {told}.", f"Radions kanaler är de i {told}."))]
        if told
        else ()
    )


def _usual_data(known: Known) -> str:
    return reading.SERVICE_DATA if known.findings.box.is_root else "brygga-data"


def _may_start(known: Known) -> bool:
    box = known.findings.box
    return box.has_systemd and box.has_unit and box.is_root and mode(known) != "keep"


OF_THE_BOX: Final = (
    Question(
        id="mode",
        text=Said("This box is configured. What now?", "Boxen är inställd. Vad nu?"),
        helps=Said(
            "keep: change nothing; radio, city: add one; new: write a new file",
            "keep: ändra inget; radio, city: lägg till; new: skriv en ny fil",
        ),
        read=lambda text, _: chosen(text, MODES),
        usual=lambda _: "keep",
        due=lambda known: bool(known.findings.box.configured),
        options=lambda _: MODES,
    ),
    Question(
        id="radio",
        text=Said("Where does the radio come in?", "Varifrån kommer radion?"),
        helps=Said(
            "one number, or several with blanks; docs/sources/README.md tells which is which",
            "ett nummer, eller flera med mellanslag; docs/sources/README.md berättar vilken som är vilken",
        ),
        read=reading.radio,
        usual=radios.usual,
        due=_adds_radio,
        options=radios.options,
    ),
    Question(
        id="point",
        text=Said("Shall I change that, and start it again?", "Ska jag ändra det, och starta om den?"),
        helps=Said(
            "y: the other side's file is changed (a copy is kept) and its service started again; n: you do it",
            "j: den andra sidans fil ändras (en kopia sparas) och dess tjänst startas om; n: du gör det själv",
        ),
        read=yes_or_no,
        usual=lambda _: "yes",
        due=pointing.is_offered,
        found=lambda known: [
            known.says(Said("To be heard here, this has to change:", "För att höras här måste detta ändras:")),
            *(f"  {known.says(one.words)}" for one in pointing.changes(known) if one.is_possible),
        ],
    ),
    Question(
        id="modem_frequency",
        text=Said("The modem's one channel (MHz)", "Modemets enda kanal (MHz)"),
        helps=Said("devices must be set to it", "enheterna måste vara inställda på den"),
        read=reading.frequency,
        usual=lambda _: "868.1",
        due=_has_modem,
    ),
    Question(
        id="modem_spreading_factor",
        text=Said("Its one spreading factor (7-12)", "Dess enda spreading factor (7-12)"),
        helps=Said("7 is short and quick, 12 far and slow", "7 är kort och snabb, 12 lång och långsam"),
        read=reading.spreading_factor,
        usual=lambda _: "7",
        due=_has_modem,
    ),
    *city_questions.OF_A_SERVER,
    Question(
        id="gnss",
        text=Said("Use the GNSS receiver for place and time?", "Använd GNSS-mottagaren för plats och tid?"),
        helps=Said("its place goes with what is heard", "dess plats följer med det som hörs"),
        read=yes_or_no,
        usual=lambda _: "yes",
        due=lambda known: _adds_radio(known) and bool(known.findings.receivers),
        found=lambda known: [f"  {one.port}, {one.baud} baud" for one in known.findings.receivers],
    ),
    Question(
        id="name",
        text=Said("What is this gateway called?", "Vad heter denna gateway?"),
        helps=Said("people and brokers tell gateways apart by it", "folk och brokrar skiljer gateways åt med det"),
        read=reading.name,
        usual=_usual_name,
        due=is_whole,
    ),
    Question(
        id="place",
        text=Said("Where is it? (north, east; Enter: not said)", "Var står den? (nord, ost; Enter: sägs inte)"),
        helps=Said(
            "degrees as a map shows them: 57.70887, 11.97456; the height in metres may follow",
            "grader som en karta visar dem: 57.70887, 11.97456; höjden i meter kan följa",
        ),
        read=reading.place,
        usual=lambda known: reading.place_words(known.findings.place),
        due=is_whole,
    ),
    Question(
        id="region",
        text=Said("Region of the air", "Region för radion"),
        helps=Said(f"one of {', '.join(REGIONS)}", f"något av {', '.join(REGIONS)}"),
        read=reading.region,
        usual=lambda known: radios.region(known) or "EU868",
        due=lambda known: is_whole(known) and not radios.is_behind_a_server(known),
        found=_region_found,
    ),
    *city_questions.OF_A_CITY,
    *device_questions.OF_A_DEVICE,
    Question(
        id="dashboard",
        text=Said("A dashboard for the browser?", "En webbsida med läget?"),
        helps=Said("pages on this box; `brygga web --help` later", "sidor på boxen; `brygga web --help` senare"),
        read=lambda text, _: chosen(text, DASHBOARDS),
        usual=lambda _: "here",
        due=is_whole,
        options=lambda _: DASHBOARDS,
    ),
    Question(
        id="dashboard_password",
        text=Said("Its password (not shown)", "Dess lösenord (visas inte)"),
        helps=Said(f"{SHORTEST} characters at least", f"minst {SHORTEST} tecken"),
        read=reading.password,
        due=lambda known: known.given("dashboard") == "network",
        is_secret=True,
    ),
    Question(
        id="clock",
        text=Said("Its clock is not set from the network yet", "Klockan är inte ställd från nätet än"),
        helps=Said(
            "readings wait until chrony or systemd-timesyncd has set it; where neither will ever run: system",
            "mätningar väntar tills chrony eller systemd-timesyncd har ställt den; där ingen av dem kör: system",
        ),
        read=lambda text, _: chosen(text, CLOCKS),
        usual=lambda _: "ntp",
        due=lambda known: is_whole(known) and known.findings.box.clock < TimeQuality.NTP,
        options=lambda _: CLOCKS,
    ),
    Question(
        id="data",
        text=Said("Folder of the journal", "Mapp för journalen"),
        helps=Said(
            "what was heard is kept there; on a disk that lasts, not in /tmp",
            "där sparas det som hörts; på en disk som håller, inte i /tmp",
        ),
        read=reading.folder,
        usual=_usual_data,
        due=lambda known: is_whole(known) and not known.findings.box.has_unit,
    ),
    Question(
        id="start",
        text=Said("Start Brygga now, and at each boot?", "Starta Brygga nu, och vid varje start?"),
        helps=Said("systemctl enable --now brygga", "systemctl enable --now brygga"),
        read=yes_or_no,
        usual=lambda _: "yes",
        due=_may_start,
    ),
)
