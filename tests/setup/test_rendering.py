"""What is written: every kind of radio gives a file that is right, and every line of it has its reason."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.config import load
from gateway.model import Eui64, Place
from gateway.setup.dialogue import Dialogue
from gateway.setup.findings import (
    Arrival,
    ChirpstackForwarder,
    Concentratord,
    Findings,
    LoraFwd,
    Modem,
    Receiver,
    Station,
)
from gateway.setup.placing import proved
from gateway.setup.plan import plan
from gateway.setup.rendering import configuration
from tests.setup.roots import box, known
from tests.setup.test_dialogue import answered

MODEM = Modem(port="/dev/serial/by-id/usb-x", family="rn2483", firmware="RN2483 1.0.5")
FOUND = Findings(
    box=box(),
    lora_fwds=(LoraFwd(file=Path("/etc/lorafwd.toml"), server="lns", process=None),),
    stations=(Station(tc_uri=Path("/etc/basicstation/tc.uri"), uri="", process=None),),
    chirpstack=(
        ChirpstackForwarder(
            title="ChirpStack MQTT Forwarder",
            file=Path("/etc/f.toml"),
            url="mqtt://127.0.0.1",
            prefix="eu868",
            username="gw",
            process=None,
        ),
    ),
    concentratords=(
        Concentratord(
            event_url="ipc:///tmp/concentratord_event", command_url="ipc:///tmp/concentratord_command", is_open=True
        ),
    ),
    modems=(MODEM,),
    receivers=(Receiver(port="/dev/serial/by-id/usb-g", baud=9600, place=Place(57.7, 11.9, 12.0)),),
    arrivals=(Arrival(gateway=Eui64("aa555a0000000001"), address="10.0.0.7"),),
)
ANSWERS = {
    "name": "mast",
    "server_application": "my-app@ttn",
    "server_username": "brygga",
    "server_password": "secret-of-the-broker",
    "city": "lund",
    "city_url": "mqtts://yggio.example",
    "city_username": "roof",
    "city_password": "secret-of-the-city",
    "dashboard": "network",
    "dashboard_password": "correct horse battery",
}
RADIOS = [
    "udp",
    "stations",
    "lorafwd",
    "station",
    "chirpstack_mqtt",
    "concentratord",
    "modem",
    "chirpstack",
    "the_things_stack",
    "none",
    "udp lorafwd",
    "station stations",
    "udp station concentratord modem chirpstack_mqtt",
]


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("radio", RADIOS)
def test_what_is_written_is_right_and_as_it_was_answered(tmp_path: Path, radio: str, language: str) -> None:
    done = answered(Dialogue(known(FOUND, language)), **ANSWERS, radio=radio)

    settings = proved(plan(done.known), tmp_path / "brygga.toml", load)

    assert settings.gateway.name == "mast"
    assert settings.gateway.place == Place(57.7, 11.9, 12.0)
    assert [one.name for one in settings.destinations] == ["lund@lund"]
    assert settings.web is not None
    assert settings.web.host == "0.0.0.0"
    wanted = 0 if radio == "none" else 1
    assert len(settings.sources) >= wanted + 1  # the GNSS receiver is one
    assert list(tmp_path.iterdir()) == []


def test_no_secret_stands_in_the_file(tmp_path: Path) -> None:
    done = answered(Dialogue(known(FOUND)), **ANSWERS, radio="chirpstack")

    made = plan(done.known)

    whole = made.configuration + "".join(one.text for one in made.files if not one.is_secret)
    assert "secret-of" not in whole
    assert "correct horse" not in whole
    assert {one.name for one in made.files if one.is_secret} == {"cities/lund.password", "chirpstack.password"}


@pytest.mark.parametrize("language", ["en", "sv"])
def test_every_key_has_its_reason_above_it(language: str) -> None:
    done = answered(Dialogue(known(FOUND, language)), **ANSWERS, radio="udp station concentratord modem")
    lines = configuration(done.known).splitlines()

    bare = [
        line
        for before, line in pairwise(lines)
        if line and line[0] not in "#[" and not before.startswith("# ") and line.split()[0] not in {"name", "type"}
    ]

    assert [one for one in bare if not one.startswith(("modem", "username"))] == []


def test_the_same_answers_give_the_same_sections_in_both_languages() -> None:
    english, swedish = (
        tomllib.loads(configuration(answered(Dialogue(known(FOUND, language)), **ANSWERS, radio="udp modem").known))
        for language in ("en", "sv")
    )

    assert english == swedish


def test_a_forwarder_elsewhere_is_let_in_by_its_eui_alone() -> None:
    done = answered(Dialogue(known(FOUND)), **ANSWERS, radio="udp")

    (source, _) = tomllib.loads(configuration(done.known))["source"]

    assert (source["host"], source["port"], source["gateways"]) == ("0.0.0.0", 1700, ["aa555a0000000001"])


THERE = '[gateway]\nname = "old"\n\n[[source]]\nname = "gateways"\ntype = "semtech_udp"\nport = 1699\n'


def test_a_radio_that_is_added_leaves_what_is_there_and_takes_a_name_of_its_own(tmp_path: Path) -> None:
    findings = Findings(box=box(configured=THERE), arrivals=FOUND.arrivals)
    done = answered(Dialogue(known(findings)), mode="radio", radio="udp")

    made = configuration(done.known)

    assert made.startswith(THERE)
    assert [one["name"] for one in tomllib.loads(made)["source"]] == ["gateways", "gateways-2"]
    assert len(proved(plan(done.known), tmp_path / "brygga.toml", load).sources) == 2


def test_a_city_that_is_added_twice_is_two_destinations() -> None:
    there = THERE + '\n[[destination]]\nname = "lund"\ncity = "lund"\n'
    findings = Findings(box=box(configured=there, connected=frozenset({"lund"})))

    done = answered(Dialogue(known(findings)), mode="city", city="lund")

    assert [one["name"] for one in tomllib.loads(configuration(done.known))["destination"]] == ["lund", "lund-2"]
    assert plan(done.known).files == ()


def test_what_a_fragment_has_is_not_lain_over(tmp_path: Path) -> None:
    fragment = '[[source]]\nname = "gateways"\n[[destination]]\nname = "lund"\n'
    findings = Findings(box=box(fragments=(fragment,), connected=frozenset({"lund"})), arrivals=FOUND.arrivals)

    done = answered(Dialogue(known(findings)), name="mast", radio="udp", city="lund")

    made = tomllib.loads(configuration(done.known))
    assert [one["name"] for one in (*made["source"], *made["destination"])] == ["gateways-2", "lund-2"]
    assert plan(done.known).destination == "lund-2"


@pytest.mark.parametrize("slug", sorted(known().catalogue.profiles))
def test_every_city_can_be_told_with_address_and_login_alone(tmp_path: Path, slug: str) -> None:
    told = known()
    (way, *_) = told.catalogue.kind(told.catalogue.profile(slug)).ways
    login = {"city_username": "roof", "city_password": "secret"}

    done = answered(Dialogue(told), city=slug, city_url=f"{way}s://platform.example", **login)

    assert proved(plan(done.known), tmp_path / "brygga.toml", load).destinations
