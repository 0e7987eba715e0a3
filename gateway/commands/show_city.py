"""What `brygga city list` and `city show` print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.cities.catalogue import CITIES
from gateway.cities.profile import Kind, Known, Profile, Said, Sure
from gateway.commands.lines import say
from gateway.commands.listing import Column, lay_out, terminal_width
from gateway.model import Json

COLUMNS = (
    Column("city"), Column("name", leaves=2), Column("platform", is_cut=True), Column("format"),
    Column("operator", leaves=1, is_cut=True), Column("how sure"), Column("connected"),
)  # fmt: skip

WORDS: Final[Mapping[str, Said]] = {
    "platform": Said("Platform", "Plattform"),
    "operator": Said("LoRaWAN operator", "LoRaWAN-operatör"),
    "told": Said("Told as", "Format"),
    "known": Said("What is known", "Vad som är känt"),
    "policy": Said("What becomes of what it does not take", "Vad som händer med det som inte tas emot"),
    "repetition": Said("A repetition", "Vid upprepning"),
    "asks": Said("What to ask the city for", "Vad kommunen behöver svara på"),
    "nothing": Said("not known", "inte känt"),
    "fact": Said("fact", "fakta"),
    "inference": Said("inference", "slutsats"),
    "unknown": Said("unknown", "okänt"),
}


def row(profile: Profile, kind: Kind, folder: Path) -> dict[str, Json]:
    """Return a line of the list."""
    return {
        "city": profile.slug,
        "name": profile.name,
        "platform": profile.platform or None,
        "formats": {way: str(table["format"]) for way, table in kind.ways.items()},
        "operator": profile.operator or None,
        "sure": str(sure(profile)),
        "connected": (folder / CITIES / f"{profile.slug}.toml").exists(),
    }


def sure(profile: Profile) -> Sure:
    """Return how sure the platform of a city is."""
    told = {one.sure for one in profile.known if one.about == "platform"}
    return next((one for one in Sure if one in told and profile.platform), Sure.UNKNOWN)


def listed(rows: Sequence[Mapping[str, Json]]) -> None:
    """Print all cities."""
    for line in lay_out(COLUMNS, [_row(one) for one in rows], terminal_width()):
        say(line)
    say(
        "`brygga city show CITY` tells the sources and what to ask for, `brygga city connect CITY` prepares the way there"
    )


def _row(one: Mapping[str, Json]) -> tuple[str, ...]:
    return (
        one["city"],
        one["name"],
        one["platform"] or "not known",
        "/".join(dict.fromkeys(one["formats"].values())),
        one["operator"] or "",
        one["sure"],
        "yes" if one["connected"] else "",
    )


def story(profile: Profile, kind: Kind, language: str) -> Iterator[str]:
    """Yield all that is known of a city, line by line."""

    def words(said: Said) -> str:
        return str(getattr(said, language))

    def head(name: str) -> str:
        return words(WORDS[name])

    yield f"{profile.name} ({profile.slug}{f', {profile.code}' if profile.code else ''})"
    yield f"{head('platform')}: {profile.platform or words(WORDS['nothing'])} ({kind.title})"
    yield f"{head('operator')}: {profile.operator or words(WORDS['nothing'])}"
    yield f"{head('told')}: " + ", ".join(f"{table['format']} ({way.upper()})" for way, table in kind.ways.items())
    yield from ["", f"{head('known')}:", *(f"  * {_known(one, words)}" for one in profile.known)]
    yield from ["", f"{head('policy')}:", *(f"  * {words(one)}" for one in kind.policy)]
    yield f"  * {head('repetition')}: {words(kind.repetition)}"
    yield from ["", f"{head('asks')}:"]
    yield from (f"  {number}. {words(one)}" for number, one in enumerate([*profile.asks, *kind.asks], 1))


def _known(one: Known, words: object) -> str:
    assert callable(words)
    where = ", ".join(text for text in (one.source, str(one.year or "")) if text)
    return f"{words(one.says)} ({words(WORDS[one.sure])}{f'; {where}' if where else ''})"


def as_json(profile: Profile, kind: Kind, folder: Path) -> Json:
    """Return all that is known of a city, for programs."""

    def both(said: Said) -> dict[str, str]:
        return {"en": said.en, "sv": said.sv}

    return {
        **row(profile, kind, folder),
        "code": profile.code or None,
        "kind": kind.name,
        "known": [
            {
                "about": one.about,
                "sure": str(one.sure),
                **both(one.says),
                "source": one.source or None,
                "year": one.year,
            }
            for one in profile.known
        ],
        "policy": [both(one) for one in kind.policy],
        "repetition": both(kind.repetition),
        "ask": [both(one) for one in [*profile.asks, *kind.asks]],
    }
