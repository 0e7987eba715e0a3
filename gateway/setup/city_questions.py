"""What is asked about a city, and about a network server in front: where it is, who we are there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.cities.profile import MQTT, Kind, Profile, Said
from gateway.cities.slugs import slug
from gateway.setup import radios
from gateway.setup.asking import Known, NotRight, Question, mode, yes_or_no
from gateway.setup.findings import ChirpstackForwarder
from gateway.transports.endpoint import endpoint

LIST: Final = frozenset({"?", "list", "lista"})
MOST_LISTED: Final = 8  # cities that a short answer may mean
MOST_ASKS: Final = 4  # lines of what to ask a city for
APPLICATION: Final = re.compile(r"[a-z0-9](?:-?[a-z0-9]){1,35}(@[a-z0-9](?:-?[a-z0-9]){1,35})?")


def _adds_city(known: Known) -> bool:
    return mode(known) in {"new", "city"}


def profile(known: Known) -> Profile | None:
    """Return the city that was chosen."""
    chosen = known.given("city")
    return known.catalogue.profile(chosen) if chosen else None


def is_connected(known: Known) -> bool:
    """Tell whether that city has been connected before."""
    return known.given("city") in known.findings.box.connected


def _city(text: str, known: Known) -> str:
    if not text:
        return ""
    if text in LIST:
        raise NotRight("\n".join(_listed(known.catalogue.profiles.values())))
    try:
        meant = slug(text)
    except ValueError as error:
        raise NotRight(str(error)) from None
    if meant in known.catalogue.wrong:
        raise NotRight("; ".join(known.catalogue.wrong[meant]))
    if meant in known.catalogue.profiles:
        return meant
    fitting = [one for one in known.catalogue.profiles.values() if _fits(text.casefold(), one)]
    if len(fitting) == 1:
        return fitting[0].slug
    if fitting:
        some = ", ".join(one.name for one in fitting[:MOST_LISTED])
        raise NotRight(f"several: {some}; which?", f"flera: {some}; vilken?")
    return meant


def _connected(known: Known) -> Sequence[str]:
    some = ", ".join(sorted(known.findings.box.connected))
    how = Said(
        f"Connected already: {some}. `brygga city connect CITY --replace` changes address or login.",
        f"Redan anslutna: {some}. `brygga city connect STAD --replace` ändrar adress eller inloggning.",
    )
    return [known.says(how)] if some else ()


def _fits(word: str, one: Profile) -> bool:
    return any(word in text.casefold() for text in (one.name, one.slug, one.platform, one.code) if text)


def _listed(profiles: Iterable[Profile]) -> list[str]:
    return [f"{one.slug}: {one.platform or one.kind}" for one in profiles]


def _is_unknown(known: Known) -> bool:
    return bool(known.given("city")) and known.given("city") not in known.catalogue.profiles


def _unknown(known: Known) -> Sequence[str]:
    near = known.catalogue.near(known.given("city"))
    hint = known.says(Said(f" Did you mean {near[0]}?", f" Menade du {near[0]}?")) if near else ""
    return [
        known.says(
            Said(
                "Nobody has sent in a profile of it: it is told as any unknown city, NGSI-LD over https or SenML over mqtts.",
                "Ingen har skickat in en profil: den får mätningar som en okänd stad, NGSI-LD över https eller SenML över mqtts.",
            )
        )
        + hint
    ]


def _sure(text: str, known: Known) -> str:
    if yes_or_no(text, known) == "no":
        raise NotRight("then: back", "då: tillbaka")
    return "yes"


def _of_the_city(known: Known) -> Sequence[str]:
    city = profile(known)
    if city is None:
        return ()
    kind = known.catalogue.kind(city)
    ways = ", ".join(f"{table['format']} ({way.upper()})" for way, table in kind.ways.items())
    asks = [known.says(one) for one in (*city.asks, *kind.asks)][:MOST_ASKS]
    wanted = known.says(Said("The city is to give you:", "Staden ska ge dig:"))
    return [f"{city.name}: {city.platform or kind.title}; {ways}", wanted, *(f"  - {one}" for one in asks)]


def _url(text: str, known: Known) -> str:
    city = profile(known)
    if not text:
        raise NotRight("an address is needed, or: back", "en adress behövs, eller: tillbaka")
    try:
        there = endpoint(text)
    except ValueError as error:
        raise NotRight(str(error)) from None
    kind = None if city is None else known.catalogue.kind(city)
    if kind is not None and _way(there.scheme) not in kind.ways:
        right = " / ".join(_schemes(kind))
        raise NotRight(f"{there.scheme}://: {kind.title} takes {right}", f"{there.scheme}://: {kind.title} tar {right}")
    return text.strip()


def _way(scheme: str) -> str:
    return "mqtt" if scheme.startswith(MQTT) else "http"


def _schemes(kind: Kind) -> list[str]:
    return [f"{way}s://" for way in kind.ways]


def _is_new_city(known: Known) -> bool:
    return _adds_city(known) and bool(known.given("city")) and not is_connected(known)


def _wants_token(known: Known) -> bool:
    return _is_new_city(known) and not known.given("city_username") and _way(known.given("city_url")) == "http"


OF_A_CITY: Final = (
    Question(
        id="city",
        text=Said("Which city is told? (Enter: none yet)", "Vilken stad får mätningarna? (Enter: ingen än)"),
        helps=Said(
            "a name or a part of it, or of a platform; list: all. It can be added later: brygga init",
            "ett namn eller en del av det, eller av en plattform; lista: alla. Den kan läggas till senare: brygga init",
        ),
        read=_city,
        due=_adds_city,
        found=_connected,
    ),
    Question(
        id="city_unknown",
        text=Said("Go on with it?", "Fortsätt med den?"),
        helps=Said("y, or: back", "j, eller: tillbaka"),
        read=_sure,
        usual=lambda _: "yes",
        due=lambda known: _is_unknown(known) and _is_new_city(known),
        found=_unknown,
    ),
    Question(
        id="city_url",
        text=Said("Address of its platform", "Plattformens adress"),
        helps=Said(
            "mqtts://host or https://host, as the city says; without s nothing is encrypted",
            "mqtts://värd eller https://värd, som staden säger; utan s är inget krypterat",
        ),
        read=_url,
        due=_is_new_city,
        found=_of_the_city,
    ),
    Question(
        id="city_username",
        text=Said("User name there (Enter: none)", "Användarnamn där (Enter: inget)"),
        helps=Said("with a password; without it a token may be asked for", "med lösenord; annars frågas efter token"),
        due=_is_new_city,
    ),
    Question(
        id="city_password",
        text=Said("Password (not shown)", "Lösenord (visas inte)"),
        helps=Said("it goes into a file that others cannot read", "det läggs i en fil som andra inte kan läsa"),
        due=lambda known: _is_new_city(known) and bool(known.given("city_username")),
        is_secret=True,
    ),
    Question(
        id="city_token",
        text=Said("Token (not shown; Enter: none)", "Token (visas inte; Enter: ingen)"),
        helps=Said("it goes into a file that others cannot read", "den läggs i en fil som andra inte kan läsa"),
        due=_wants_token,
        is_secret=True,
    ),
)


# ── a network server in front ──


def _adds_server(known: Known) -> bool:
    return not radios.OF_SERVERS.isdisjoint(known.given("radio").split())


def _has_a_password(known: Known) -> bool:
    if any(one.username for one in radios.chosen_of(known, ChirpstackForwarder)):
        return True
    return _adds_server(known) and (_is_things_stack(known) or bool(known.given("server_username")))


def _is_things_stack(known: Known) -> bool:
    return "the_things_stack" in known.given("radio").split()


def _usual_server(known: Known) -> str:
    if _is_things_stack(known):
        return "mqtts://eu1.cloud.thethings.network"
    return next((one.url for one in known.findings.servers), "mqtt://127.0.0.1")


def _broker(text: str, _: Known) -> str:
    try:
        there = endpoint(text)
    except ValueError as error:
        raise NotRight(str(error)) from None
    if not there.scheme.startswith(MQTT):
        raise NotRight(f"{text!r}: mqtt:// or mqtts:// is right", f"{text!r}: mqtt:// eller mqtts:// är rätt")
    return text.strip()


def _application(text: str, _: Known) -> str:
    if APPLICATION.fullmatch(text) is None:
        raise NotRight(f"{text!r}: such as my-app@ttn", f"{text!r}: till exempel my-app@ttn")
    return text


OF_A_SERVER: Final = (
    Question(
        id="server_url",
        text=Said("Its broker", "Dess broker"),
        helps=Said("mqtts://host, or mqtt:// on this box", "mqtts://värd, eller mqtt:// på boxen själv"),
        read=_broker,
        usual=_usual_server,
        due=_adds_server,
    ),
    Question(
        id="server_application",
        text=Said("Its application, as my-app@ttn", "Dess applikation, som my-app@ttn"),
        helps=Said("the console: Integrations, MQTT, Username", "konsolen: Integrations, MQTT, Username"),
        read=_application,
        due=lambda known: _adds_server(known) and _is_things_stack(known),
    ),
    Question(
        id="server_username",
        text=Said("User name there (Enter: none)", "Användarnamn där (Enter: inget)"),
        helps=Said("of the broker", "hos brokern"),
        due=lambda known: _adds_server(known) and not _is_things_stack(known),
    ),
    Question(
        id="server_password",
        text=Said("Password or API key (not shown)", "Lösenord eller API-nyckel (visas inte)"),
        helps=Said("it goes into a file that others cannot read", "det läggs i en fil som andra inte kan läsa"),
        due=_has_a_password,
        is_secret=True,
    ),
)
