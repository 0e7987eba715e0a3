"""All that is to be done for a set of answers: files, changes at the other side, devices, the service. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.cities import connection
from gateway.cities.profile import Said
from gateway.model import Json
from gateway.setup import city_questions, pointing, source_sections
from gateway.setup.asking import Known
from gateway.setup.pointing import Change
from gateway.setup.reading import SERVICE_DATA
from gateway.setup.rendering import Names, configuration, destination_name


@dataclass(frozen=True, slots=True)
class File:
    """A file beside brygga.toml, by its name from there."""

    name: str
    text: str
    is_secret: bool = False  # for the service's eyes alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be written, changed and done."""

    configuration: str
    files: tuple[File, ...]
    changes: tuple[Change, ...]  # at the other side, by the wizard
    by_hand: tuple[Said, ...]  # at the other side, by a person
    devices: tuple[Mapping[str, str], ...]
    destination: str  # that is new; "" for none
    data: str  # the journal's folder
    password: str  # of the dashboard; "" for none
    starts: bool


def plan(known: Known) -> Plan:
    """Return what comes of all answers."""
    return Plan(
        configuration=configuration(known),
        files=(*_of_the_city(known), *_of_sources(known)),
        changes=tuple(one for one in pointing.changes(known) if one.is_possible and known.is_yes("point")),
        by_hand=tuple(pointing.by_hand(known)),
        devices=known.devices,
        destination=destination_name(known) if known.given("city") else "",
        data=known.given("data") or SERVICE_DATA,
        password=known.given("dashboard_password"),
        starts=known.is_yes("start"),
    )


def _of_the_city(known: Known) -> Iterator[File]:
    city = city_questions.profile(known)
    if city is None or city_questions.is_connected(known):
        return
    secrets = {
        "password_file": (f"{city.slug}.password", known.given("city_password")),
        "token_file": (f"{city.slug}.token", known.given("city_token")),
    }
    table: dict[str, Json] = {"url": known.given("city_url")}
    if user := known.given("city_username"):
        table["username"] = user
    for key, (name, secret) in secrets.items():
        if secret:
            table[key] = name
            yield File(f"cities/{name}", f"{secret}\n", is_secret=True)
    yield File(f"cities/{city.slug}.toml", connection.rendered(city.name, table))


def _of_sources(known: Known) -> Iterator[File]:
    secret = known.given("server_password")
    if secret:
        for name in source_sections.password_files(known, Names.taken(known).sources):
            yield File(name, f"{secret}\n", is_secret=True)
