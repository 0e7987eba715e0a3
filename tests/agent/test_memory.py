"""What the agent carries in memory: a gateway has little of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.process import SWITCH_INTERVAL


def modules_after(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(run.stdout.split())


def test_the_command_of_the_agent_carries_nothing_heavy() -> None:
    loaded = modules_after("import gateway.commands.cli, gateway.agent, gateway.control, gateway.config")

    assert loaded.isdisjoint(
        {"rich", "amqtt", "aiohttp", "paho", "pydantic", "yaml", "simulators", "numpy", "pytest", "hypothesis"}
    )


def test_a_command_beside_a_running_agent_is_there_without_the_journal_and_the_keys_of_the_configuration() -> None:
    loaded = modules_after(
        "from gateway.commands.cli import main\nfrom gateway.config.reaching import reached\nfrom gateway.control import ask_at"
    )

    assert loaded.isdisjoint(
        {
            "pydantic",
            "cryptography",
            "gateway.config.settings",
            "gateway.desk",
            "gateway.journal",
            "gateway.lorawan",
        }
    )


@pytest.mark.parametrize(
    ("url", "wanted", "unwanted"),
    [("mqtt://127.0.0.1:1", "paho", "aiohttp"), ("http://127.0.0.1:1", "aiohttp", "paho")],
)
def test_a_client_library_is_carried_only_where_a_destination_needs_it(
    tmp_path: Path, url: str, wanted: str, unwanted: str
) -> None:
    path = tmp_path / "brygga.toml"
    name = "senml" if url.startswith("mqtt") else "ngsi_ld"
    path.write_text(f'[gateway]\ndata = "d"\n[[destination]]\nname = "a"\nurl = "{url}"\nformat = "{name}"\n')
    run = (
        "import asyncio, pathlib\nfrom gateway.agent import running\nfrom gateway.config import load\n"
        "async def main():\n    async with running(load(pathlib.Path({path!r}))): pass\nasyncio.run(main())"
    )

    loaded = modules_after(run.format(path=str(path)))

    assert wanted in loaded
    assert unwanted not in loaded


def test_the_interpreter_is_told_to_let_the_journals_thread_in(configuration: Path) -> None:
    program = (
        "import asyncio, os, pathlib, signal, sys\nfrom gateway import process\nfrom gateway.config import load\n"
        "async def main():\n"
        "    asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), signal.SIGTERM)\n"
        f"    return await process.run(load(pathlib.Path({str(configuration)!r})))\n"
        "print(asyncio.run(main()), sys.getswitchinterval())"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert run.stdout.split() == ["0", str(SWITCH_INTERVAL)], run.stderr
