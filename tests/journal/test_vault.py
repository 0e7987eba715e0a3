from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.journal.vault import Vault
from gateway.model import Key

KEYS = (Key(bytes(range(16))), None, Key(bytes(range(16, 32))))
OWNER = bytes.fromhex("a81758fffe051d02")


def test_what_is_sealed_is_opened_with_its_gaps() -> None:
    vault = Vault(bytes(32))

    assert vault.open(vault.seal(KEYS, OWNER), 3, OWNER) == KEYS


def test_a_sealed_text_shows_no_key_and_no_repetition() -> None:
    vault = Vault(bytes(32))

    sealed = [vault.seal(KEYS, OWNER) for _ in range(2)]

    assert sealed[0] != sealed[1]
    assert all(key.reveal()[:4] not in text for text in sealed for key in KEYS if key)


def test_another_device_cannot_have_them() -> None:
    vault = Vault(bytes(32))
    sealed = vault.seal(KEYS, OWNER)

    with pytest.raises(ConfigError, match="another key file"):
        vault.open(sealed, 3, bytes(8))


def test_every_flipped_bit_is_noticed() -> None:
    vault = Vault(bytes(32))
    sealed = vault.seal(KEYS, OWNER)

    for bit in range(8 * len(sealed)):
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ConfigError):
            vault.open(bytes(flipped), 3, OWNER)


def test_a_key_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "brygga.key"

    sealed = Vault.at(path).seal(KEYS, OWNER)

    assert path.stat().st_mode & 0o777 == 0o600
    assert Vault.at(path).open(sealed, 3, OWNER) == KEYS


@pytest.mark.parametrize("content", ["", "abc", "zz" * 32, "00" * 31])
def test_a_damaged_key_file_says_what_it_means(tmp_path: Path, content: str) -> None:
    path = tmp_path / "brygga.key"
    path.write_text(content)

    with pytest.raises(ConfigError, match="restore it"):
        Vault.at(path)

    assert path.read_text() == content


def test_a_key_file_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be made: No such file"):
        Vault.at(tmp_path / "nowhere" / "brygga.key")
