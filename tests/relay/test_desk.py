"""What the commands say of relays and of devices that a server answers; and that a box without a relay carries nothing of it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.commands.cli import main
from gateway.config import load
from gateway.errors import ConfigError
from gateway.model import DevAddr, Downlink, Eui64
from gateway.network.rejoining import check_rejoin
from simulators.end_device import EndDevice
from simulators.network_server_udp import NetworkServerUdp
from tests.pipeline.rig import registration
from tests.relay.scene import NOON, RELAY, relay_to, scene
from tests.relay.test_commands import filled, frame

OWN = Eui64("a81758fffe051d02")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return asyncio.run(filled(tmp_path, [frame(1), frame(2)]))


def test_the_status_of_a_stopped_agent_tells_what_is_kept(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--json", "--config", str(config)]) == 0

    (relay,) = json.loads(capsys.readouterr().out)["relays"].values()
    assert relay["configured"] is True
    assert relay["kept"]["frames"] == 2


def test_frames_of_a_relay_that_is_no_longer_configured_are_told_and_exported(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(text[: text.index("[[relay]]")], encoding="utf-8")

    assert main(["status", "--config", str(config)]) == 0
    assert main(["relay", "export", "city", "--config", str(config)]) == 0

    said = capsys.readouterr()
    assert "relay city: no longer configured" in said.out
    assert said.err == "2 frames written\n"


def test_a_device_that_a_relay_is_to_answer_which_there_is_not_is_told(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--dev-eui", OWN, "--app-key", "00" * 16, "--answered-by", "citty", "--config", str(config)]

    assert main(["device", "add", *options]) == 0

    warning = "1 device is to be answered by the server of relay 'citty', and there is no [[relay]] of that name"
    assert warning in capsys.readouterr().err
    assert load(config).relays[0].name == "city"


async def test_nothing_is_queued_for_a_device_that_a_server_answers(tmp_path: Path) -> None:
    known = registration(EndDevice.abp(OWN, DevAddr("26011bda")), answered_by=RELAY)
    downlink = Downlink(id=0, dev_eui=OWN, f_port=1, payload=b"\x01", queued_at=NOON)
    async with NetworkServerUdp() as server, scene(tmp_path, relay_to(server)) as box:
        await box.register(known)

        with pytest.raises(ConfigError, match="answered by the network server of relay 'city'"):
            await box.agent.office.enqueue(known.device, downlink)
        with pytest.raises(ConfigError, match="have it rejoin there"):
            check_rejoin(known.device, None)


def test_a_box_without_a_relay_carries_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text(
        '[gateway]\ndata = "d"\n[[source]]\nname = "a"\ntype = "semtech_udp"\nport = 0\nhost = "127.0.0.1"\n'
    )
    program = (
        "import asyncio, pathlib, sys\nfrom gateway.agent import running\nfrom gateway.config import load\n"
        f"async def main():\n    async with running(load(pathlib.Path({str(path)!r}))): pass\nasyncio.run(main())\n"
        "print(*(one for one in sys.modules if one.startswith('gateway.relay')))"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert set(run.stdout.split()) <= {"gateway.relay", "gateway.relay.settings"}
