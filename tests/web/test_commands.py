"""`brygga web …`: passwords never shown, tokens shown once, and a running agent that takes both at once."""

from __future__ import annotations

import io
import json
import ssl
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.commands.cli import main
from gateway.config import load
from gateway.sources.web_tls import server_context
from gateway.web import tokens
from gateway.web.passwords import fits
from gateway.web.roles import Role
from tests.web.visiting import PASSWORD

CONFIGURATION = '[gateway]\nname = "roof"\ndata = "data"\n'
Brygga = Callable[..., tuple[int, str, str]]


@pytest.fixture
def brygga(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Brygga:
    monkeypatch.delenv("BRYGGA_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "brygga.toml").write_text(CONFIGURATION, encoding="utf-8")

    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = main(["web", *arguments])
        output, complaints = capsys.readouterr()
        return code, output, complaints

    return run


def test_a_script_sets_a_password_and_only_its_hash_is_kept(brygga: Brygga, tmp_path: Path) -> None:
    code, output, _ = brygga("password", "--stdin", stdin=f"{PASSWORD}\n")

    kept = tmp_path / "data" / "web.password"
    assert code == 0
    assert PASSWORD not in output
    assert fits(PASSWORD, kept.read_text(encoding="ascii").strip())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize("stdin", ["", "kort\n", "x" * 300])
def test_a_password_that_cannot_be_one_changes_nothing(brygga: Brygga, tmp_path: Path, stdin: str) -> None:
    code, _, complaints = brygga("password", "--stdin", stdin=stdin)

    assert code == 78
    assert "characters where at" in complaints
    assert not (tmp_path / "data" / "web.password").exists()


def test_without_a_terminal_a_person_is_told_of_stdin(brygga: Brygga) -> None:
    code, _, complaints = brygga("password")

    assert code == 78
    assert "--stdin" in complaints


def test_two_different_passwords_change_nothing(
    brygga: Brygga, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([PASSWORD, "ett annat lösenord"])
    monkeypatch.setattr("gateway.commands.web.asked_secret", lambda _: next(answers))
    monkeypatch.setattr("gateway.commands.lines.is_terminal", lambda _: True)

    code, _, complaints = brygga("password")

    assert code == 78
    assert "two different ones" in complaints
    assert PASSWORD not in complaints
    assert not (tmp_path / "data" / "web.password").exists()


def test_a_token_is_shown_once_and_only_its_hash_is_kept(brygga: Brygga, tmp_path: Path) -> None:
    code, output, _ = brygga("token", "add", "grafana", "--role", "metrics")

    token, kept = output.strip(), (tmp_path / "data" / "web.tokens").read_text(encoding="utf-8")
    assert code == 0
    assert token.startswith(tokens.PREFIX)
    assert token not in kept
    found = tokens.TokensFile(tmp_path / "data" / "web.tokens").find(token)
    assert found is not None
    assert found.role is Role.METRICS


def test_tokens_that_are_made_and_removed_at_once_are_all_kept_and_all_gone(brygga: Brygga, tmp_path: Path) -> None:
    brygga("token", "add", "old")
    commands = [["web", "token", "add", f"one-{number}"] for number in range(6)] + [["web", "token", "remove", "old"]]

    with ThreadPoolExecutor(len(commands)) as threads:
        codes = [*threads.map(main, commands)]

    assert codes == [0] * len(commands)
    kept = {one.name for one in tokens.read(tmp_path / "data" / "web.tokens")}
    assert kept == {f"one-{number}" for number in range(6)}


def test_tokens_are_listed_and_removed_by_name(brygga: Brygga) -> None:
    brygga("token", "add", "grafana", "--role", "metrics")
    brygga("token", "add", "report")

    listed = json.loads(brygga("token", "list", "--json")[1])
    twice = brygga("token", "add", "report")
    removed = brygga("token", "remove", "grafana")
    unknown = brygga("token", "remove", "grafan")

    assert [(one["name"], one["role"]) for one in listed] == [("grafana", "metrics"), ("report", "view")]
    assert twice[0] == 78
    assert removed[0] == 0
    assert unknown[0] == 78
    assert "report" in unknown[2]


def test_a_certificate_is_one_that_a_server_can_show(brygga: Brygga, tmp_path: Path) -> None:
    code, output, _ = brygga("certificate", "--host", "gateway.local", "--host", "192.0.2.7")

    path = tmp_path / "brygga.toml"
    path.write_text(f"{CONFIGURATION}[web]\n", encoding="utf-8")
    settings = load(path).web
    assert code == 0
    assert "SHA-256" in output
    assert settings is not None
    assert settings.tls is not None
    assert isinstance(server_context(settings.tls), ssl.SSLContext)
    assert stat.S_IMODE((tmp_path / "data" / "web.key").stat().st_mode) == 0o600
    assert brygga("certificate", "--host", "gateway.local")[0] == 78
    assert brygga("certificate", "--host", "gateway.local", "--force")[0] == 0


def test_a_folder_that_is_not_there_is_told_and_nothing_is_left(brygga: Brygga, tmp_path: Path) -> None:
    (tmp_path / "data").rmdir()

    code, _, complaints = brygga("password", "--stdin", stdin=f"{PASSWORD}\n")

    assert code == 78
    assert "web.password: cannot be written" in complaints


# ── the section ──


def configured(folder: Path, text: str) -> str:
    """Return what is said of a section."""
    path = folder / "brygga.toml"
    path.write_text(f"{CONFIGURATION}{text}", encoding="utf-8")
    try:
        return "\n".join(load(path).warnings)
    except Exception as error:  # noqa: BLE001 - its words are what is asked for
        return str(error)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ('[web]\nhost = "0.0.0.0"\n', "is not opened before there is a password"),
        ('[web]\nhost = "0.0.0.0"\n', "sends password and session in the clear"),
        ('[web]\npassword_file = "typo"\n', "whoever is on this machine gets in without a password"),
        ('[web]\nkey_file = "brygga.toml"\n', "web.certificate_file: is missing"),
        ('[web]\ncertificate_file = "brygga.toml"\n', "no certificate and its unencrypted private key"),
        ("[web]\nport = 99999\n", "web.port"),
        ("[web]\nsession_hours = 0\n", "a number of hours above 0"),
        ("[web]\nprot = 1\n", "did you mean 'port'?"),
        (
            '[web]\nport = 8887\n[[source]]\nname = "s"\ntype = "basics_station"\nport = 8887\n',
            "listens on 8887 already",
        ),
    ],
    ids=["password", "clear", "no_password", "key", "certificate", "port", "hours", "typo", "taken"],
)
def test_what_is_wrong_or_unwise_is_said(tmp_path: Path, section: str, said: str) -> None:
    assert said in configured(tmp_path, section)


def test_a_password_file_that_this_user_may_not_look_at_is_no_missing_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_look = Path.stat

    def stat_of(path: Path, **about: bool) -> object:
        if path.name == "hidden":
            raise PermissionError(13, "Permission denied", str(path))
        return may_look(path, **about)

    monkeypatch.setattr(Path, "stat", stat_of)

    assert "password" not in configured(tmp_path, '[web]\npassword_file = "hidden"\n')


def test_without_the_section_there_is_no_dashboard(tmp_path: Path) -> None:
    (tmp_path / "brygga.toml").write_text(CONFIGURATION, encoding="utf-8")

    assert load(tmp_path / "brygga.toml").web is None


def test_systemds_credentials_are_taken_before_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "web.password").write_text("x", encoding="ascii")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    (tmp_path / "brygga.toml").write_text(f"{CONFIGURATION}[web]\n", encoding="utf-8")

    found = load(tmp_path / "brygga.toml").web

    assert found is not None
    assert found.password_file == tmp_path / "credentials" / "web.password"
    assert found.tokens_file == tmp_path / "data" / "web.tokens"
