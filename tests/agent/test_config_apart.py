"""The configuration read in a process of its own: whatever it says comes out of there, and whatever is wrong with it."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Final

import pytest

from gateway.cities.catalogue import Catalogue
from gateway.config import load, load_apart
from gateway.config.apart import in_a_process_of_its_own
from gateway.errors import Brygga, ConfigError
from gateway.formats.catalogue import PATHS, WAYS, options_of
from simulators.platforms.certificates import Authority
from tests.formats.matrix.backlog import DEVICES

DEV_EUI: Final = DEVICES[0].dev_eui
OPTIONS: Final = {  # of those that have no default with which a destination could be
    ("azure_iot", "mqtts"): 'device = "roof"',
    ("aws_iot", "mqtts"): 'thing = "roof"',
    ("sensorthings_mqtt", "mqtt"): f'datastreams = {{ "{DEV_EUI}/air_temperature" = 5 }}',
    ("sensorthings_mqtt", "mqtts"): f'datastreams = {{ "{DEV_EUI}/air_temperature" = 5 }}',
}
CERTIFICATE, KEY = "roof-certificate.pem", "roof-key.pem"
MORE: Final = {"azure_iot": 'sas_key_file = "sas.key"\n'}
EVERY_WAY: Final = [(name, scheme) for name, schemes in WAYS.items() for scheme in schemes]


EVERY_KIND: Final = [(name, way) for name, kind in sorted(Catalogue.load().kinds.items()) for way in kind.ways]


def topic(name: str, scheme: str) -> str:
    """Return the option that says where a format's messages go over HTTP, where it has one."""
    usual = options_of(name).get("topic")
    if not scheme.startswith("http") or usual is None or str(usual).startswith("/"):
        return ""
    return f'topic = "{PATHS.get(name, f"/{usual}")}"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sas.key").write_text(b64encode(b"a device's key of some thirty octets").decode(), encoding="utf-8")
    (tmp_path / "sas.key").chmod(0o640)
    mine = Authority(tmp_path).client("roof")
    mine.certificate.rename(tmp_path / CERTIFICATE)
    mine.key.rename(tmp_path / KEY)
    return tmp_path


@pytest.mark.parametrize(("name", "scheme"), EVERY_WAY)
def test_every_format_comes_out_of_the_process_that_reads_it(folder: Path, name: str, scheme: str) -> None:
    options = OPTIONS.get((name, scheme), "") or topic(name, scheme)
    text = (
        f'[[destination]]\nname = "city"\nurl = "{scheme}://127.0.0.1"\nformat = "{name}"\noptions = {{ {options} }}\n'
    )
    (folder / "brygga.toml").write_text(text + MORE.get(name, "") + certificate(name, folder), encoding="utf-8")

    (there,) = load_apart(folder / "brygga.toml").destinations

    (here,) = load(folder / "brygga.toml").destinations
    assert type(there.format) is type(here.format)
    assert there.platform == here.platform


@pytest.mark.parametrize(("kind", "way"), EVERY_KIND)
def test_a_city_that_is_merely_connected_keeps_no_agent_from_starting(folder: Path, kind: str, way: str) -> None:
    profiles = folder / "cities" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "boras.toml").write_text(f'name = "Borås"\nkind = "{kind}"\n', encoding="utf-8")
    name = str(Catalogue.load().kinds[kind].ways[way]["format"])
    scheme = next(one for one in WAYS[name] if one.startswith(way))
    more = f"options = {{ {OPTIONS.get((name, scheme), '')} }}\n" + MORE.get(name, "").replace("sas.key", "../sas.key")
    (folder / "cities" / "boras.toml").write_text(
        f'url = "{scheme}://127.0.0.1"\n{more}{certificate(name, folder, "tls")}', encoding="utf-8"
    )
    (folder / "brygga.toml").write_text(
        '[[destination]]\nname = "water"\nurl = "http://127.0.0.1"\nformat = "ngsi_ld"\n', encoding="utf-8"
    )

    settings = load_apart(folder / "brygga.toml")

    assert [one.name for one in settings.former] == ["water@boras"], settings.warnings


def certificate(name: str, folder: Path, table: str = "destination.tls") -> str:
    """Return who we are at AWS, which knows its things by nothing else."""
    if name != "aws_iot":
        return ""
    return f'[{table}]\ncertificate_file = "{folder / CERTIFICATE}"\nkey_file = "{folder / KEY}"\n'


# ── what goes wrong there ──


class Unpicklable(Exception):
    """An error that holds what no other process can have."""

    def __init__(self) -> None:
        super().__init__("too much to carry")
        self.what = lambda: None


def value(error: BaseException) -> object:
    raise error


def test_problems_are_told_as_they_are() -> None:
    with pytest.raises(ConfigError) as caught:
        in_a_process_of_its_own(value, ConfigError(["one", "two"]))

    assert caught.value.problems == ("one", "two")


def test_a_bug_there_is_the_same_bug_here_with_the_place_where_it_was() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        in_a_process_of_its_own(divmod, 1, 0)

    assert "in work_done" in "".join(caught.value.__notes__)


def test_what_cannot_come_out_is_told_as_that_and_not_as_want_of_memory() -> None:
    with pytest.raises((AttributeError, TypeError)) as caught:
        in_a_process_of_its_own(lambda: lambda: None)

    assert "pickle" in str(caught.value) or "local object" in str(caught.value)


def test_an_error_that_cannot_come_out_is_told_by_its_words() -> None:
    with pytest.raises(Brygga, match="Unpicklable: too much to carry"):
        in_a_process_of_its_own(_raise_unpicklable)


def _raise_unpicklable() -> None:
    raise Unpicklable
