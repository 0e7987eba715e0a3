"""A whole box in a backup, and on another card."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.agent.boxes import Boxes
from tests.agent.commands import CONFIGURATION, Box
from tests.agent.conftest import boxes  # noqa: F401 - a fixture

SECRET = "hunter2"
CLOUD = f"""[decoders]
folder = "decoders"
[[destination]]
name = "cloud"
url = "https://cloud.example"
format = "ngsi_ld"
token = "{SECRET}"  # of ours
ids_file = "ids.csv"
"""


@pytest.fixture
def old(boxes: Boxes) -> Box:  # noqa: F811 - the fixture
    box = boxes.make("old", heard=3)
    files = {
        "brygga.toml": CONFIGURATION,
        "brygga.d/10-cloud.toml": CLOUD.replace('ids_file = "ids.csv"\n', ""),
        "cities/lund.toml": 'url = "https://lund.example"\ntoken_file = "lund.token"\n',
        "cities/lund.token": SECRET,
        "decoders/acme/one.yaml": "x: 1\n",
        "fleet.keys": "# none\n",
        "brygga.env": f"A={SECRET}\n",
    }
    for name, text in files.items():
        path = box.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o640)
    return box


def tree(folder: Path) -> dict[str, str]:
    return {
        one.relative_to(folder).as_posix(): one.read_text(encoding="utf-8")
        for one in folder.rglob("*")
        if one.is_file() and "data" not in one.relative_to(folder).parts
    }


def test_with_keys_a_box_is_there_again_as_it_was(boxes: Boxes, old: Box, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    assert boxes.brygga(old, "backup", "--with-keys", "../roof.backup").code == 0
    new = Box(tmp_path / "new")
    new.folder.mkdir()

    restored = boxes.brygga(new, "restore", "--with-config", "../roof.backup", "--config", "brygga.toml")

    assert (restored.code, restored.output.splitlines()[0]) == (0, "the configuration is in brygga.toml")
    assert tree(new.folder) == tree(old.folder)
    assert new.journal.exists()


def test_without_keys_no_secret_is_in_it_and_each_is_named(boxes: Boxes, old: Box, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    written = boxes.brygga(old, "backup", "../roof.backup")
    new = Box(tmp_path / "new")
    new.folder.mkdir()

    restored = boxes.brygga(new, "restore", "--with-config", "../roof.backup", "--config", "brygga.toml")

    with zipfile.ZipFile(tmp_path / "roof.backup") as archive:
        texts = [archive.read(name) for name in archive.namelist() if name.startswith("config/")]
    assert not any(SECRET.encode() in one for one in texts)
    hidden = ["brygga.d/10-cloud.toml: destination[0].token", "cities/lund.token", "brygga.env"]
    assert all(one in written.output and f"has to be put in: {one}" in restored.complaints for one in hidden)
    assert restored.code == 78
    assert "brygga.d/10-cloud.toml: destination[0].token: a secret is empty" in restored.complaints
    assert 'token = ""  # of ours' in (new.folder / "brygga.d/10-cloud.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cities/torsby.toml", f'token = "{SECRET}'),
        ("cities/client.pem", f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"),
        ("brygga.d/20-more.toml", f'[journal]\nlimit = "1 GB"\n# token = "{SECRET}"\n'),
        ("cities/ystad.toml", f'url = "https://me:{SECRET}@ystad.example"\n'),
    ],
    ids=["no TOML", "a private key", "put out of use", "in a URL"],
)
def test_a_secret_that_no_key_holds_is_not_in_it_either(boxes: Boxes, old: Box, name: str, text: str) -> None:  # noqa: F811 - the fixture
    (old.folder / name).write_text(text, encoding="utf-8")

    written = boxes.brygga(old, "backup", "../roof.backup")

    assert written.code == 0
    with zipfile.ZipFile(old.folder.parent / "roof.backup") as archive:
        assert [one for one in archive.namelist() if SECRET.encode() in archive.read(one)] == []


def test_a_configuration_that_lies_there_is_put_aside_only_when_that_is_said(boxes: Boxes, old: Box) -> None:  # noqa: F811 - the fixture
    boxes.brygga(old, "backup", "--with-keys", "../roof.backup")
    (old.folder / "brygga.toml").write_text(CONFIGURATION + "# own\n", encoding="utf-8")

    refused = boxes.brygga(old, "restore", "--with-config", "../roof.backup")
    forced = boxes.brygga(old, "restore", "--with-config", "--force", "../roof.backup")

    assert (refused.code, forced.code) == (78, 0)
    assert "a configuration lies here already; --force puts aside what differs" in refused.complaints
    (aside,) = old.folder.glob("brygga.toml.old-*")
    assert aside.read_text(encoding="utf-8").endswith("# own\n")


@pytest.mark.parametrize("name", ["config/../../x", "config//x/../../y", "decoders/../x"])
def test_names_that_lead_out_of_the_folder_are_refused(boxes: Boxes, old: Box, tmp_path: Path, name: str) -> None:  # noqa: F811 - the fixture
    boxes.brygga(old, "backup", "--with-keys", "../roof.backup")
    with zipfile.ZipFile(tmp_path / "roof.backup", "a") as archive:
        archive.writestr(name, "x")

    refused = boxes.brygga(old, "restore", "--with-config", "--force", "../roof.backup")

    assert refused.code == 78
    assert "in it is nothing that a backup has" in refused.complaints
