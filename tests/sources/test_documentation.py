"""docs/sources: every configuration that stands there is right, what can start here does, and every type has its page."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from gateway.clock import SystemClock
from gateway.commands.command_line import parser
from gateway.commands.source_words import WORDS
from gateway.config import Settings, load
from gateway.config.sources import SOURCES
from gateway.model import Heard
from gateway.sources import catalogue
from gateway.sources.settings import SourceSettings, type_of
from simulators.platforms.certificates import Authority, Identity
from tests.sources.conftest import LIMIT_S, VECTORS

PAGES: Final = Path(__file__).parent.parent.parent / "docs" / "sources"
BLOCK: Final = re.compile(r"^```toml\n(.*?)^```", re.DOTALL | re.MULTILINE)
FILE: Final = re.compile(r'^(\w*file) = "([^"]+)"', re.MULTILINE)
LISTENING: Final = {"semtech_udp", "basics_station", "webhook"}  # on an address of this machine
SECRET: Final = b"a-secret-of-more-than-16-characters\n"


def blocks() -> list[object]:
    return [
        pytest.param(block, id=f"{page.stem}-{number}")
        for page in sorted(PAGES.glob("*.md"))
        for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1)
    ]


def contents(authority: Authority, identity: Identity) -> Mapping[str, Callable[[], bytes]]:
    """Return what has to be in a file, by the key that names it; all others are secrets of one line."""
    return {
        "file": (VECTORS / "captured_gwmp.jsonl").read_bytes,
        "certificate_file": identity.certificate.read_bytes,
        "key_file": identity.key.read_bytes,
        "ca_file": authority.certificate.read_bytes,
        "client_ca_file": authority.certificate.read_bytes,
        "tokens_file": lambda: b"0016c001ff10a235 " + SECRET,
    }


def loaded(folder: Path, block: str) -> Settings:
    """Read a configuration; the files that it names are made, in ``folder`` instead of where they would be."""
    authority = Authority(folder)
    known = contents(authority, authority.server("gateway.example"))

    def made(found: re.Match[str]) -> str:
        name = f"{found[1]}-{Path(found[2]).name}"
        (folder / name).write_bytes(known.get(found[1], lambda: SECRET)())
        (folder / name).chmod(0o600)
        return f'{found[1]} = "{name}"'

    path = folder / "brygga.toml"
    path.write_text(FILE.sub(made, block), encoding="utf-8")
    path.chmod(0o600)
    return load(path)


@pytest.mark.parametrize("block", blocks())
def test_a_configuration_that_stands_there_is_right(tmp_path: Path, block: str) -> None:
    settings = loaded(tmp_path, block)

    assert settings.sources


@pytest.mark.parametrize("block", blocks())
async def test_what_can_start_on_this_machine_does(tmp_path: Path, block: str) -> None:
    for settings in loaded(tmp_path, block).sources:
        if type_of(settings) in LISTENING:
            await started(replace(settings, host="127.0.0.1", port=0))  # type: ignore[call-arg]  # as each of them has
        elif type_of(settings) == "recording":
            await started(settings)


async def started(settings: SourceSettings) -> None:
    source = catalogue.make(settings, SystemClock())

    async def hear(_: Heard) -> None:
        """Take it."""

    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        run = group.create_task(source.run(hear), name="source")
        await source.listening()
        run.cancel()


def test_the_first_page_names_every_page_and_no_other() -> None:
    text = (PAGES / "README.md").read_text(encoding="utf-8")

    named = set(re.findall(r"\]\(([a-z-]+\.md)\)", text))

    assert named == {page.name for page in PAGES.glob("*.md")} - {"README.md"}


def commands() -> list[str]:
    """Return the commands that a reader of the pages may type, without comments."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in sorted(PAGES.glob("*.md")))
    quoted = re.findall(r"`(brygga [^`…]+)`", text) + re.findall(r"^\s*[$#] (brygga [^…\n]+)$", text, re.MULTILINE)
    return sorted({one.partition("#")[0].strip() for one in quoted})


@pytest.mark.parametrize("command", commands())
def test_a_command_that_stands_there_is_one(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        parser().parse_args(shlex.split(command)[1:])
    except SystemExit:
        assert "the following arguments are required" in capsys.readouterr().err  # named, not written out


@pytest.mark.parametrize("kind", SOURCES)
def test_every_type_has_its_page_with_a_configuration(kind: str) -> None:
    text = (PAGES / f"{WORDS[kind].page}.md").read_text(encoding="utf-8")

    assert any(f'type = "{kind}"' in block for block in BLOCK.findall(text))
    assert f"`{kind}`" in (PAGES / "README.md").read_text(encoding="utf-8")
