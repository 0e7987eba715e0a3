"""Dead letters of a running agent come back by themselves when the file tells its platform in other words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from gateway.agent import Agent, running
from gateway.config import load
from gateway.groundwork import system_clock
from gateway.journal import Changes, Registration
from simulators.platforms.event_receiver import EventReceiver
from tests.delivery.scene import DEVICE, uplink
from tests.journal.samples import RECEPTION

LIMIT_S = 20.0
ERS = replace(DEVICE, decoder="elsys/ers")
PAYLOAD = bytes.fromhex(
    "0100e2 0229 040027 0506 060308"
)  # TheThingsNetwork/lorawan-devices, vendor/elsys/ers-co2-codec.yaml
FILE = """
[gateway]
name = "roof"
data = "data"
[clock]
trust = "system"
[[destination]]
name = "lund"
url = "{url}"
format = "json"
begin = "oldest"
token_file = "{token}"
[destination.options]
topic = "{topic}"
"""


async def run(folder: Path, text: str, until: Callable[[Agent], bool], hears: Sequence[int] = ()) -> None:
    """Run an agent with ``text`` as its file until that holds."""
    path = folder / "brygga.toml"
    path.write_text(text, encoding="utf-8")
    settings = load(path)
    clock = system_clock(settings)
    async with running(settings, clock) as agent:
        await agent.journal.put_devices([Registration(device=ERS)])
        await agent.devices_changed()
        heard = tuple(
            replace(uplink(f_cnt, clock()), f_port=5, payload=PAYLOAD, receptions=(RECEPTION,)) for f_cnt in hears
        )
        await agent.journal.commit(Changes(uplinks=heard))
        async with asyncio.timeout(LIMIT_S):
            while not until(agent):  # noqa: ASYNC110 - sockets and a disk are real
                await asyncio.sleep(0.02)


def refused(agent: Agent) -> int:
    return int(agent.status()["destinations"]["lund"]["counts"].get("refused", 0))


async def test_dead_letters_are_told_again_when_the_options_change_and_not_when_a_token_does(tmp_path: Path) -> None:
    receiver = EventReceiver(judge=lambda message: "not here" if message.path != "/right" else "")
    url = await receiver.start()
    for token in ("first", "second"):
        (tmp_path / token).write_text(token, encoding="utf-8")
        (tmp_path / token).chmod(0o600)
    try:
        wrong = FILE.format(url=url, token="first", topic="/wrong")
        await run(tmp_path, wrong, lambda agent: refused(agent) == 3, hears=(1, 2, 3))
        renewed = FILE.format(url=url, token="second", topic="/wrong")
        await run(tmp_path, renewed, lambda agent: refused(agent) == 1, hears=(4,))
        asked = receiver.answers[422]
        mended = FILE.format(url=url, token="second", topic="/right")
        await run(tmp_path, mended, lambda _: len(receiver.kept.messages) == 4)
    finally:
        await receiver.stop()

    assert asked == 4
    assert receiver.kept.repeated == 0
