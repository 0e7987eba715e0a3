"""Answers → brygga.toml, every line with its reason, in the language that was spoken. Pure."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.cities.profile import Said
from gateway.model import Json
from gateway.setup import source_sections
from gateway.setup.asking import Known, mode
from gateway.setup.reading import SERVICE_DATA, place_of
from gateway.setup.sections import Line, Section, unused

HEAD: Final = Said(
    "# {name}. Written by `brygga init`; change it as you like. `brygga check` says all that is wrong with it at once,\n"
    "# `systemctl reload brygga` takes it up. Every key and its default: docs/reference/configuration.md\n",
    "# {name}. Skriven av `brygga init`; ändra som du vill. `brygga check` säger allt som är fel på en gång,\n"
    "# `systemctl reload brygga` tar i bruk. Alla nycklar och vad som gäller utan dem: docs/reference/configuration.md\n",
)


@dataclass(frozen=True, slots=True)
class Names:
    """What files that stay have already: a section of the same name would lie over theirs."""

    sources: frozenset[str] = frozenset()
    destinations: frozenset[str] = frozenset()

    @classmethod
    def of(cls, text: str) -> Names:
        """Read them; none of a file that cannot be read."""
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return cls()
        return cls(_names(document.get("source")), _names(document.get("destination")))

    @classmethod
    def taken(cls, known: Known) -> Names:
        """Return those of the fragments, and of the box's own file where that is not written anew."""
        box = known.findings.box
        files = [cls.of(text) for text in (*box.fragments, *([] if mode(known) == "new" else [box.configured]))]
        return cls(
            frozenset(name for one in files for name in one.sources),
            frozenset(name for one in files for name in one.destinations),
        )


def _names(sections: Json) -> frozenset[str]:
    some = sections if isinstance(sections, list) else []
    return frozenset(str(one.get("name")) for one in some if isinstance(one, dict))


def configuration(known: Known) -> str:
    """Return the file: a new one, or the one that is there with what is added to it."""
    if mode(known) == "new":
        return known.says(HEAD).format(name=known.given("name")) + _text(known, _whole(known))
    before = known.findings.box.configured
    return before.rstrip("\n") + "\n" + _text(known, _added(known))


def destination_name(known: Known) -> str:
    """Return what the destination is called: its city, with a number where there is one of that name."""
    return unused(known.given("city"), Names.taken(known).destinations)


def _text(known: Known, sections: Iterable[Section]) -> str:
    return "".join(f"\n{_section(known, one)}" for one in sections)


def _section(known: Known, section: Section) -> str:
    lines = [f"# {line}" for said in section.above for line in known.says(said).split("\n")]
    lines.append(section.head)
    for one in section.lines:
        lines += [f"# {known.says(one.why)}"] if one.why is not None else []
        lines.append(f"{'# ' if one.is_idle else ''}{one.key} = {json.dumps(one.value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


# ── sections ──


def _whole(known: Known) -> Iterator[Section]:
    yield _gateway(known)
    yield _clock(known)
    if known.given("region"):
        yield _radio(known)
    yield from source_sections.sources(known, Names.taken(known).sources)
    yield from _destination(known)
    yield from _web(known)


def _added(known: Known) -> Iterator[Section]:
    if mode(known) == "radio":
        yield from source_sections.sources(known, Names.taken(known).sources)
    if mode(known) == "city":
        yield from _destination(known)


def _gateway(known: Known) -> Section:
    lines = [
        Line(
            "name",
            known.given("name"),
            Said("brokers and people tell gateways apart by it", "brokrar och folk skiljer gateways åt med det"),
        )
    ]
    if (place := place_of(known.given("place"))) is not None:
        height = [] if place.altitude_m is None else [place.altitude_m]
        why = Said(
            "degrees north and east (and metres up): where what this box hears was heard",
            "grader nord och ost (och meter upp): där det som boxen hör hördes",
        )
        lines.append(Line("place", [place.latitude, place.longitude, *height], why))
    if (data := known.given("data")) and data != SERVICE_DATA:
        why = Said("the journal: what was heard and is not told yet", "journalen: det som hörts och inte lämnats än")
        lines.append(Line("data", data, why))
    return Section("[gateway]", tuple(lines))


def _clock(known: Known) -> Section:
    if known.given("clock") == "system":
        why = Said(
            "this box's clock is believed as it is: wrong times where it is wrong",
            "boxens klocka blir trodd som den är: fel tider när den går fel",
        )
        return Section("[clock]", (Line("trust", "system", why),))
    why = Said(
        "readings wait until the clock has been set from the network, so that none goes out with a wrong time",
        "mätningar väntar tills klockan ställts från nätet, så att ingen går ut med fel tid",
    )
    return Section("[clock]", (Line("trust", "ntp", why),))


def _radio(known: Known) -> Section:
    why = Said(
        "channels and limits by law; devices must be of it",
        "kanaler och gränser enligt lag; enheterna måste vara för den",
    )
    return Section("[radio]", (Line("region", known.given("region"), why),))


def _destination(known: Known) -> Iterator[Section]:
    city = known.given("city")
    if not city:
        if mode(known) == "new":
            yield Section(
                "# [[destination]]",
                (Line("name", "lund", is_idle=True), Line("city", "lund", is_idle=True)),
                (
                    Said(
                        "No city yet: what is heard is kept. `brygga init` adds one, or `brygga city connect` and this:",
                        "Ingen stad än: det som hörs sparas. `brygga init` lägger till en, eller `brygga city connect` och detta:",
                    ),
                ),
            )
        return
    name = destination_name(known)
    connection = f"cities/{city}.toml"
    yield Section(
        "[[destination]]",
        (
            Line(
                "name",
                name,
                Said(
                    "the journal knows by it what was delivered: keep it",
                    "journalen vet med det vad som lämnats: behåll det",
                ),
            ),
            Line("city", city, Said(f"{connection} has address and login", f"{connection} har adress och inloggning")),
            Line(
                "tags",
                ["air"],
                Said(
                    "only devices with one of these tags; left out: all",
                    "bara enheter med någon av dessa taggar; utan: alla",
                ),
                is_idle=True,
            ),
        ),
    )


def _web(known: Known) -> Iterator[Section]:
    match known.given("dashboard"):
        case "here":
            above = Said(
                "The dashboard, on this box alone: `ssh -L 8080:127.0.0.1:8080 THIS-BOX`, then http://127.0.0.1:8080",
                "Webbsidan, bara på boxen: `ssh -L 8080:127.0.0.1:8080 BOXEN`, sedan http://127.0.0.1:8080",
            )
            yield Section("[web]", (), (above,))
        case "network":
            above = Said(
                "The dashboard, in this box's network; `brygga web password` changes its password,\n`brygga web certificate` makes it https",
                "Webbsidan, i boxens nät; `brygga web password` byter lösenord,\n`brygga web certificate` gör den till https",
            )
            why = Said("every address of this box", "boxens alla adresser")
            yield Section("[web]", (Line("host", "0.0.0.0", why),), (above,))  # noqa: S104 - asked for, with a password
