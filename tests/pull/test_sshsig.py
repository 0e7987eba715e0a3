"""Signatures that OpenSSH's own ssh-keygen made, and what is none of them."""

from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.pull.sshsig import BadSignature, proved, signers
from tests.pull.fleets import Operator, keygen

TEXT = b"[bundle]\nserial = 1\n"


@pytest.fixture
def file(operator: Operator) -> Path:
    path = operator.folder / "fleet.toml"
    path.write_bytes(TEXT)
    return path


@pytest.mark.parametrize("hash_name", ["sha512", "sha256"])
def test_what_ssh_keygen_signs_is_believed(operator: Operator, file: Path, hash_name: str) -> None:
    signature = operator.sign(file, "brygga-fleet", "-O", f"hashalg={hash_name}")

    signer = proved(TEXT, signature, signers(operator.public, "fleet.keys"))

    assert signer.name == "ops"


def test_a_line_of_allowed_signers_is_a_key_too(operator: Operator, file: Path) -> None:
    kind, key, _ = operator.public.split()
    known = signers(f"# ours\n\nanna@city.example {kind} {key}\n", "fleet.keys")

    assert proved(TEXT, operator.sign(file), known).name == "anna@city.example"


def test_another_key_another_purpose_and_another_file_are_not(operator: Operator, file: Path) -> None:
    known = signers(operator.public, "fleet.keys")
    stranger = Operator(operator.folder, "stranger")
    with pytest.raises(BadSignature, match="signed by a key that is none of those that count here"):
        proved(TEXT, stranger.sign(file), known)
    with pytest.raises(BadSignature, match="signed for 'git', where 'brygga-fleet' is expected"):
        proved(TEXT, operator.sign(file, "git"), known)
    with pytest.raises(BadSignature, match="not one of this file"):
        proved(TEXT + b"#", operator.sign(file), known)


def test_no_flipped_bit_and_no_shorter_one_is_believed(operator: Operator, file: Path) -> None:
    known = signers(operator.public, "fleet.keys")
    blob = base64.b64decode(b"".join(operator.sign(file).splitlines()[1:-1]))
    flipped = [blob[:at] + bytes([blob[at] ^ 1 << bit]) + blob[at + 1 :] for at in range(len(blob)) for bit in (0, 7)]

    for wrong in [*flipped, *(blob[:size] for size in range(len(blob))), blob + b"\0\0\0\0"]:
        with pytest.raises(BadSignature):
            proved(TEXT, _armoured(wrong), known)


def test_noise_is_refused_and_nothing_else_happens(operator: Operator) -> None:
    known, seeded = signers(operator.public, "fleet.keys"), random.Random(1)

    for size in range(0, 5000, 97):
        for wrong in (seeded.randbytes(size), _armoured(b"SSHSIG\0\0\0\1" + seeded.randbytes(size))):
            with pytest.raises(BadSignature):
                proved(TEXT, wrong, known)


def _armoured(blob: bytes) -> bytes:
    return b"-----BEGIN SSH SIGNATURE-----\n" + base64.b64encode(blob) + b"\n-----END SSH SIGNATURE-----\n"


def test_a_signature_of_another_kind_of_key_is_said(operator: Operator, file: Path) -> None:
    keygen("-q", "-t", "ecdsa", "-N", "", "-f", operator.folder / "ops2_key")

    with pytest.raises(BadSignature, match="by another kind of key than ssh-ed25519"):
        proved(TEXT, Operator(operator.folder, "ops2").sign(file), signers(operator.public, "fleet.keys"))


@pytest.mark.parametrize(
    "line",
    [
        "ssh-rsa AAAA x",
        'anna@x namespaces="git" ssh-ed25519 AAAA',
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 !!!!",
        "hello",
    ],
)
def test_a_line_that_is_no_key_is_a_problem(operator: Operator, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        signers(operator.public + line, "fleet.keys")

    assert str(caught.value).startswith("fleet.keys line 2: ")


def test_a_file_without_keys_is_a_problem() -> None:
    with pytest.raises(ConfigError, match="holds no key; `ssh-keygen -t ed25519"):
        signers("# none yet\n", "fleet.keys")
