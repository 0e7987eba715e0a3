"""What a configuration says of the network in the box: addresses, antennas, and the key that seals keys."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.config.whole import KEY_TEXT
from gateway.journal.vault import Vault
from gateway.lorawan.dev_addr import AddressBlock
from gateway.lorawan.region import REGIONS
from tests.agent.brygga_toml import MQTT, SOURCE, loaded, problems

KEY = "5f" * 32


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


# ── addresses, region, antenna ──


def test_a_block_of_addresses_of_the_own_network_is_taken(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[radio]\nnet_id = "000013"\ndev_addr_block = "26010000/16"\n')

    assert settings.radio.dev_addr_block == AddressBlock.parse("26010000/16")


def test_without_a_block_all_addresses_of_the_network_are_meant(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").radio.dev_addr_block is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            'net_id = "000013"\ndev_addr_block = "00130000/20"',
            "'00130000/20' is no part of '26000000/7', the addresses of NetID 000013",
        ),
        ('dev_addr_block = "0013"', "'0013' is no block of DevAddrs: 8 hex digits, a slash and 0 to 32 bits, e.g."),
        ('dev_addr_block = "00130fff/20"', "'00130fff/20' has digits behind its 20 bits; '00130000/20' is the block meant"),
        ("dev_addr_block = 7", '7 where a block of DevAddrs such as "00130000/20" is expected'),
    ],
)  # fmt: skip
def test_a_block_that_cannot_be_is_said_with_what_would_be_right(tmp_path: Path, text: str, words: str) -> None:
    (said,) = problems(tmp_path, f"[radio]\n{text}\n")

    assert said.startswith(f"brygga.toml: radio.dev_addr_block: {words}")


@pytest.mark.parametrize("name", REGIONS)
def test_every_region_can_be_chosen(tmp_path: Path, name: str) -> None:
    assert loaded(tmp_path, f'[radio]\nregion = "{name}"\n').radio.region == name


def test_a_region_that_there_is_not_is_told_the_ones_there_are(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, '[radio]\nregion = "EU686"\n')

    assert said == f"brygga.toml: radio.region: 'EU686' is none of {', '.join(REGIONS)}"


def test_each_source_has_its_antenna(tmp_path: Path) -> None:
    other = SOURCE.replace("mast", "cellar") + "port = 1701\n"

    settings = loaded(tmp_path, f"{SOURCE}antenna_gain_dbi = 5.5\n{other}")

    assert [one.antenna_gain_dbi for one in settings.sources] == [5.5, 0.0]


@pytest.mark.parametrize("value", ["31.0", '"5"', "nan"])
def test_a_gain_that_no_antenna_has_is_refused(tmp_path: Path, value: str) -> None:
    (said,) = problems(tmp_path, f"{SOURCE}antenna_gain_dbi = {value}\n")

    assert said.startswith("brygga.toml: source[0].antenna_gain_dbi: ")
    assert said.endswith(" where a number of dBi from -30 to 30, the cable's loss taken off is expected")


# ── the key that seals keys ──


def test_the_key_lies_beside_the_journal_where_nothing_else_is_said(tmp_path: Path) -> None:
    assert loaded(tmp_path, '[gateway]\ndata = "data"\n').gateway.key_file == tmp_path / "data" / "brygga.key"


def test_a_credential_of_systemd_is_the_key_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    before = loaded(tmp_path, '[gateway]\ndata = "data"\n').gateway.key_file
    (tmp_path / "brygga.key").write_text(KEY, encoding="ascii")

    after = loaded(tmp_path, '[gateway]\ndata = "data"\n').gateway.key_file

    assert (before, after) == (tmp_path / "data" / "brygga.key", tmp_path / "brygga.key")


def test_a_named_key_goes_before_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "brygga.key").write_text(KEY, encoding="ascii")

    settings = loaded(tmp_path, '[gateway]\ndata = "data"\nkey_file = "box.key"\n')

    assert settings.gateway.key_file == tmp_path / "box.key"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), " is a folder where a file is expected"),
        (lambda path: path.write_text("secret", encoding="ascii"), " cannot be read, or is no key file: 64 hex digits are"),
        (lambda path: path.write_bytes(b"\xff"), " cannot be read, or is no key file: 64 hex digits are"),
    ],
)  # fmt: skip
def test_a_key_file_that_is_none_is_said_before_the_agent_starts(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "box.key"
    make(path)  # type: ignore[operator]  # what makes the file

    (said,) = problems(tmp_path, '[gateway]\ndata = "data"\nkey_file = "box.key"\n')

    assert said.startswith(f"brygga.toml: gateway.key_file: {path}{words}")


def test_a_key_file_in_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, '[gateway]\ndata = "data"\nkey_file = "keys/box.key"\n')

    assert said == (
        f"brygga.toml: gateway.key_file: {tmp_path}/keys/box.key cannot be made, for {tmp_path}/keys is not there; "
        "make it, or give another place"
    )


def test_a_key_that_every_user_can_read_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "box.key"
    path.write_text(KEY, encoding="ascii")
    path.chmod(0o644)

    settings = loaded(tmp_path, f'[gateway]\nname = "roof"\ndata = "data"\nkey_file = "box.key"\n{SOURCE}{MQTT}')

    assert settings.warnings == (f"brygga.toml: gateway.key_file: every user can read it; chmod o-r {path}",)


def test_what_is_taken_for_a_key_is_what_the_vault_makes(tmp_path: Path) -> None:
    Vault.at(tmp_path / "brygga.key")

    assert re.fullmatch(KEY_TEXT, (tmp_path / "brygga.key").read_text(encoding="ascii").strip())
