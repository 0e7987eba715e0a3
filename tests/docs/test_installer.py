"""The installer's guide: both languages say the same, what it quotes is what Brygga says, and its commands work as they stand.

Here they run against an agent with a simulated radio; what is the system's own (apt, systemctl, mount) is noted only. `scripts/guide-trial` runs all
of them in a clean Debian, with the package.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest

from gateway.commands import places
from gateway.commands.command_line import parser
from gateway.commands.init_watching import LOOK_S
from gateway.doctor.table import CHECKS
from gateway.model import Eui64
from gateway.setup import city_questions, device_questions, questions
from simulators.packet_forwarder import PacketForwarder
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.ports import free_udp_port
from tests.agent.commands import BRYGGA, LIMIT_S, Box
from tests.docs.guide import GUIDE, LANGUAGES, Page, pages

BOTH = [(en, sv) for en, sv in zip_longest(pages("en"), pages("sv"))]
NAMES = [en.path.stem for en, _ in BOTH]
DOCTORS_SWEDISH = GUIDE.parent.parent / "gateway/web/pages/words/doctor-sv.json"

NOTED = ("apt-get", "systemctl", "mount", "umount", "journalctl", "timedatectl", "dpkg")  # the system's, not done here
REAL = ("cat", "mkdir", "mv")
AT_A_TERMINAL = ("init", "web")  # they ask: tests/setup, tests/web and scripts/guide-trial answer
NEW_CARD = "brygga restore"
MAY_COMPLAIN = ("brygga doctor",)  # 1: it found something, and no box here is without a finding
CONFIGURATION = """
[gateway]
name = "roof"
data = "data"
[clock]
trust = "system"
[web]
port = 0
[[source]]
name = "forwarder"
type = "semtech_udp"
host = "127.0.0.1"
port = {port}
[[destination]]
name = "lund"
url = "{url}"
format = "ngsi_ld"
"""


def same_in_each_language(command: str) -> str:
    return command.replace(" --language sv", "").replace("Biblioteket", "Library")


@pytest.mark.parametrize(("en", "sv"), BOTH, ids=NAMES)
def test_both_languages_type_the_same_commands(en: Page, sv: Page) -> None:
    assert en.path.name == sv.path.name
    assert [same_in_each_language(one) for one in sv.commands] == [same_in_each_language(one) for one in en.commands]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_linked_and_every_link_leads_somewhere(language: str) -> None:
    contents = Page(GUIDE / language / "README.md", (GUIDE / language / "README.md").read_text(encoding="utf-8"))
    targets = {
        one.path.parent / link.partition("#")[0]
        for one in (contents, *pages(language))
        for link in re.findall(r"\]\(([^)]+)\)", one.text)
    }

    assert [str(one) for one in targets if not one.exists()] == []
    assert [one.path.name for one in pages(language)] == re.findall(r"\]\((\d[^)]+)\)", contents.text)


@pytest.mark.parametrize(("en", "sv"), BOTH, ids=NAMES)
def test_every_command_in_a_sentence_is_one(en: Page, sv: Page) -> None:
    for page in (en, sv):
        for words in map(shlex.split, page.mentioned):
            parser().parse_args(words[1:])  # leaves with a message where it is none


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wizards_questions_are_quoted_as_it_asks_them(language: str) -> None:
    asked = [
        getattr(one.text, language)
        for one in (*questions.OF_THE_BOX, *city_questions.OF_A_CITY, *device_questions.OF_A_DEVICE)
    ]
    (page,) = (one for one in pages(language) if "ten-minutes" in one.path.stem)
    quoted = [row.split(" | ")[0].removeprefix("| ") for row in page.text.splitlines() if row.startswith("| ")][1:]

    assert len(quoted) > 5
    assert [one for one in quoted if one not in asked] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_doctors_findings_are_quoted_as_it_says_them(language: str) -> None:
    swedish: Mapping[str, str] = json.loads(DOCTORS_SWEDISH.read_text(encoding="utf-8"))
    meanings = {
        one.id: [ill.means for ill in one.ills]
        if language == "en"
        else [words for key, words in swedish.items() if key.startswith(f"ill.{one.id}.")]
        for one in CHECKS
    }
    (page,) = (one for one in pages(language) if "trouble" in one.path.stem)
    quoted = re.findall(r"^\| `([a-z.]+)` ([^|]+) \|", page.text, re.MULTILINE)

    assert len(quoted) == 5
    for check, words in quoted:
        assert any(means.startswith(words) for means in meanings[check]), (check, words, meanings[check])


@dataclass(frozen=True, slots=True)
class Roof:
    """A box, where programs of the system are noted, and a USB stick."""

    box: Box
    programs: Path
    stick: Path

    @property
    def noted(self) -> list[str]:
        return (self.programs / "noted").read_text(encoding="utf-8").splitlines()

    async def types(self, line: str) -> tuple[int | None, str]:
        """Run one line of the guide as a shell does; the stick is where it says /mnt."""
        folder = self.box.folder if NEW_CARD not in line else self.box.folder.parent / "new-card"
        path = f"{self.programs}:{BRYGGA.parent}:{os.environ['PATH']}"
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", line.replace("/mnt", str(self.stick))), cwd=folder,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={"PATH": path, "HOME": str(folder), "BRYGGA_CONFIG": str(folder / "brygga.toml")},
        )  # fmt: skip
        try:
            async with asyncio.timeout(LIMIT_S):
                said, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode, said.decode()


def lay_out(folder: Path, configuration: str) -> Roof:
    roof = Roof(Box(folder / "box"), folder / "programs", folder / "stick")
    for one in (roof.box.folder, roof.programs, roof.stick, folder / "new-card"):
        one.mkdir()
    (roof.box.folder / "brygga.toml").write_text(configuration, encoding="utf-8")
    (roof.box.folder / "brygga_0.deb").touch()
    (roof.box.folder / "devices.csv").write_text(pages("en")[4].blocks("csv")[0], encoding="utf-8")
    note = f'#!/bin/sh\necho "${{0##*/}} $*" >>{shlex.quote(str(roof.programs / "noted"))}\n'
    for name, script in {"sudo": '#!/bin/sh\nexec "$@"\n', **dict.fromkeys(NOTED, note)}.items():
        (roof.programs / name).write_text(script, encoding="utf-8")
        (roof.programs / name).chmod(0o755)
    return roof


def lines() -> Iterator[str]:
    """Yield what the guide types, chapter by chapter, the first time: the English lines, and the Swedish ones that differ."""
    yield from dict.fromkeys(line for both in BOTH for page in both for line in page.commands)


def asks(line: str) -> bool:
    words = shlex.split(line.removeprefix("sudo "))
    bare = [one for one in words if one not in {"--language", *LANGUAGES}]
    return bare[0] == "brygga" and bare[1] in AT_A_TERMINAL and bare[1:] in (["init"], ["web", "password"])


@pytest.fixture
async def platform() -> AsyncIterator[NgsiLdReceiver]:
    receiver = NgsiLdReceiver()
    yield receiver
    await receiver.stop()


async def test_the_guides_commands_work_as_written(tmp_path: Path, platform: NgsiLdReceiver) -> None:
    port = free_udp_port()
    roof = lay_out(tmp_path, CONFIGURATION.format(port=port, url=await platform.start()))
    typed = [line for line in lines() if not asks(line)]

    async with (
        roof.box.agent(),
        PacketForwarder(Eui64("aa555a0000000001"), ("127.0.0.1", port), keep_alive_s=LOOK_S) as mast,
    ):
        await mast.connected()
        outcomes = {line: await roof.types(line) for line in typed}

    assert {line.removeprefix("sudo ").split()[0] for line in typed} == {"brygga", *NOTED, *REAL}
    failed = {line: said for line, (code, said) in outcomes.items() if code}
    assert {
        line: said for line, said in failed.items() if not line.removeprefix("sudo ").startswith(MAY_COMPLAIN)
    } == {}
    assert not any("Traceback" in said for _, said in outcomes.values())
    assert (tmp_path / "new-card/brygga.toml").read_text() == (roof.box.folder / "brygga.toml").read_text()
    assert (roof.box.folder / "box.zip").stat().st_size > 0
    assert [one for one in roof.noted if one.startswith("apt-get purge")] == ["apt-get purge -y brygga"]


def test_who_follows_the_guide_is_told_to_start_the_service_and_no_second_agent() -> None:
    assert places.start(Path("/etc/brygga/brygga.toml")) == "sudo systemctl restart brygga"
    assert places.start(Path("brygga.toml")) == "brygga run --config brygga.toml"
