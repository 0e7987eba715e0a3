"""Files put in place, all or none: modes, what was there, what another user owns, and the way back."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.config import load
from gateway.errors import ConfigError
from gateway.setup import placing
from gateway.setup.dialogue import Dialogue
from gateway.setup.findings import Findings
from gateway.setup.forwarders import forwarders
from gateway.setup.placing import Done, proved, put_in_place
from gateway.setup.plan import File, Plan, plan
from tests.setup.roots import GLOBAL_CONF, LOCAL_CONF, box, forwarder, known, machine
from tests.setup.test_dialogue import answered
from tests.setup.test_rendering import ANSWERS, FOUND

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
ENDING = ".old-20260501-120000"


@pytest.fixture
def made() -> Plan:
    return plan(answered(Dialogue(known(FOUND)), **ANSWERS, radio="chirpstack").known)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_all_files_are_there_with_modes_that_keep_secrets(tmp_path: Path, made: Plan) -> None:
    path = tmp_path / "etc/brygga/brygga.toml"

    done = put_in_place(made, path, "", NOW)

    folder = path.parent
    assert names(folder) == {"brygga.toml", "chirpstack.password", "cities/lund.password", "cities/lund.toml"}
    assert (mode(path), mode(folder / "cities/lund.toml"), mode(folder)) == (0o640, 0o640, 0o750)
    assert (mode(folder / "cities/lund.password"), mode(folder / "chirpstack.password")) == (0o600, 0o600)
    assert load(path).gateway.name == "mast"
    assert done.kept == []


def test_what_was_there_is_kept_aside(tmp_path: Path, made: Plan) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text("# mine\n")

    done = put_in_place(made, path, "", NOW)

    assert done.kept == [tmp_path / f"brygga.toml{ENDING}"]
    assert done.kept[0].read_text() == "# mine\n"


@pytest.mark.parametrize("has_links", [True, False], ids=["links", "no-links"])
def test_a_configuration_is_there_at_every_moment_and_what_was_there_as_it_was(
    tmp_path: Path, made: Plan, monkeypatch: pytest.MonkeyPatch, *, has_links: bool
) -> None:
    path, at_last = tmp_path / "brygga.toml", list[tuple[str, str]]()
    path.write_text("# mine\n")
    path.chmod(0o604)
    replace_file = Path.replace

    def placed(self: Path, target: Path) -> Path:
        if target == path:
            at_last.append((path.read_text(), (tmp_path / f"brygga.toml{ENDING}").read_text()))
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", placed)
    if not has_links:
        monkeypatch.setattr(os, "link", _without_links)

    put_in_place(made, path, "", NOW)

    assert at_last == [("# mine\n", "# mine\n")]
    assert mode(tmp_path / f"brygga.toml{ENDING}") == 0o604
    assert path.read_text() == made.configuration


def _without_links(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_where_the_disk_fails_at_the_configuration_it_stays_under_its_name_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Plan, step: str
) -> None:
    (tmp_path / "brygga.toml").write_text("# mine\n")
    write, last = placing._write, [*made.files, None]

    def failing_at_last(path: Path, file: File, group: str, now: datetime, done: Done) -> None:
        last.pop()
        with monkeypatch.context() as patched:
            if not last:
                patched.setattr(step, _full)
            write(path, file, group, now, done)

    monkeypatch.setattr(placing, "_write", failing_at_last)

    with pytest.raises(ConfigError, match="nothing was changed"):
        put_in_place(made, tmp_path / "brygga.toml", "", NOW)

    assert names(tmp_path) == {"brygga.toml"}
    assert (tmp_path / "brygga.toml").read_text() == "# mine\n"


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_where_one_file_cannot_be_written_nothing_is_changed(tmp_path: Path, made: Plan) -> None:
    (tmp_path / "brygga.toml").write_text("# mine\n")
    (tmp_path / "cities").write_text("a file where a folder has to be")
    before = {name: (tmp_path / name).read_text() for name in names(tmp_path)}

    with pytest.raises(ConfigError, match="nothing was changed"):
        put_in_place(made, tmp_path / "brygga.toml", "", NOW)

    assert {name: (tmp_path / name).read_text() for name in names(tmp_path)} == before


def test_who_leaves_in_the_middle_leaves_nothing(tmp_path: Path, made: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "brygga.toml").write_text("# mine\n")
    write, written = placing._write, list[Path]()

    def interrupted(path: Path, file: File, group: str, now: datetime, done: Done) -> None:
        written.append(path)
        if len(written) == 3:
            raise KeyboardInterrupt
        write(path, file, group, now, done)

    monkeypatch.setattr(placing, "_write", interrupted)

    with pytest.raises(KeyboardInterrupt):
        put_in_place(made, tmp_path / "brygga.toml", "", NOW)

    assert names(tmp_path) == {"brygga.toml"}
    assert (tmp_path / "brygga.toml").read_text() == "# mine\n"
    assert not (tmp_path / "cities").exists()


def pointed(root: Path) -> Plan:
    there = machine(root)
    findings = Findings(box=box(), forwarders=tuple(forwarders(there, list(there.processes()))))
    return plan(answered(Dialogue(known(findings)), name="mast").known)


def test_a_forwarders_files_are_changed_and_copies_kept(tmp_path: Path) -> None:
    folder = forwarder(tmp_path / "root")
    (folder / "global_conf.json").chmod(0o604)

    put_in_place(pointed(tmp_path / "root"), tmp_path / "brygga.toml", "", NOW)

    assert (folder / "global_conf.json").read_text() == GLOBAL_CONF.replace("eu1.cloud.thethings.network", "127.0.0.1")
    assert (folder / "local_conf.json").read_text() == LOCAL_CONF.replace("1680", "1700")
    assert (folder / f"local_conf.json{ENDING}").read_text() == LOCAL_CONF
    assert mode(folder / "global_conf.json") == 0o604


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\n", b"\r\n"),
        (b'"gateway_ID"', b'/* p\xe5 taket */ "gateway_ID"'),
        (b'{"gateway_conf', b'\xef\xbb\xbf{"gateway_conf'),
    ],
    ids=["line-ends", "latin-1", "byte-order-mark"],
)
def test_a_forwarders_file_that_windows_wrote_stays_so(tmp_path: Path, before: bytes, after: bytes) -> None:
    local = forwarder(tmp_path / "root") / "local_conf.json"
    local.write_bytes(written := local.read_bytes().replace(before, after))

    put_in_place(pointed(tmp_path / "root"), tmp_path / "brygga.toml", "", NOW)

    assert local.read_bytes() == written.replace(b"1680", b"1700")


def test_a_power_cut_leaves_the_configuration_that_was(
    tmp_path: Path, made: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brygga.toml").write_text("# mine\n")
    fsync = os.fsync

    def cut(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == ".brygga.toml.part":
            raise SystemError("the light goes out")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", cut)
    monkeypatch.setattr(Done, "take_back", lambda _: None)  # nobody is there to do it

    with pytest.raises(SystemError):
        put_in_place(made, tmp_path / "brygga.toml", "", NOW)

    assert (tmp_path / "brygga.toml").read_text() == "# mine\n"


def test_a_secret_is_no_groups_where_the_services_cannot_have_it(
    tmp_path: Path, made: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, group: str) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr("gateway.setup.placing.shutil.chown", refused)

    put_in_place(made, tmp_path / "brygga.toml", "brygga", NOW)

    assert mode(tmp_path / "cities/lund.password") == 0o600


def test_a_forwarders_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    folder = forwarder(tmp_path / "root")
    made = pointed(tmp_path / "root")
    (folder / "local_conf.json").write_text('{"gateway_conf": {"serv_port_up": 99, "other": 12345678}}')

    with pytest.raises(ConfigError, match="has changed meanwhile"):
        put_in_place(made, tmp_path / "brygga.toml", "", NOW)

    assert (folder / "global_conf.json").read_text() == GLOBAL_CONF
    assert names(tmp_path) == names(tmp_path) - {"brygga.toml"}
    assert not any(ENDING in name for name in names(tmp_path))


def test_what_is_wrong_is_told_by_the_names_that_it_will_have(tmp_path: Path, made: Plan) -> None:
    wrong = replace(made, configuration=made.configuration.replace('"lund"', '"nowhere-at-all"'))

    with pytest.raises(ConfigError) as caught:
        proved(wrong, tmp_path / "brygga.toml", load)

    assert not any("brygga-init-" in problem for problem in caught.value.problems)


def test_what_is_there_may_name_files_anywhere_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/broker").write_text("secret\n")
    there = '[[source]]\nname = "c"\ntype = "chirpstack"\nurl = "mqtt://127.0.0.1"\nusername = "u"\npassword_file = "secrets/broker"\n'
    (tmp_path / "brygga.toml").write_text(there)
    findings = Findings(box=box(configured=there))
    made = plan(answered(Dialogue(known(findings)), mode="radio", radio="udp").known)

    settings = proved(made, tmp_path / "brygga.toml", load)

    assert [one.name for one in settings.sources] == ["c", "gateways"]
    assert names(tmp_path) == {"brygga.toml", "secrets/broker"}
