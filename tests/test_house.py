"""The house's plan, held against the imports: arrows point one way (docs/architecture.md, "The rooms")."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# room: what it may see of ours besides itself
MAY_SEE: dict[str, set[str]] = {
    "decoders": set(),
    "gateway/model.py": {"decoders.contract"},
    "gateway/errors.py": set(),
    "gateway/config": {
        "gateway.model",
        "gateway.errors",
        "gateway.formats",
        "gateway.lorawan.channel_plan",
        "gateway.lorawan.dev_addr",
        "gateway.lorawan.mac_commands",
        "gateway.lorawan.mac_layer",
        "gateway.lorawan.region",
        "gateway.transports",
        "gateway.cities",
        "gateway.sharing",
        "gateway.sources.settings",
        "gateway.relay.settings",
        "gateway.sources.basics_station.cups_folder",
        "gateway.sources.basics_station.plan",
        "gateway.sources.basics_station.router_config",
        "gateway.sources.web_tls",
        "gateway.sources.network_server.decode",
        "gateway.web.settings",
        "gateway.observe.settings",
    },
    "gateway/pull": {
        "gateway.model",
        "gateway.errors",
        "gateway.config",
        "gateway.control",
        "gateway.transports",
        "gateway.trial",
        "gateway.whole_files",
        "gateway.version",
    },
    "gateway/cities": {"gateway.model", "gateway.errors", "gateway.whole_files"},
    "gateway/doctor": {
        "gateway.model",
        "gateway.errors",
        "gateway.clock",
        "gateway.config",
        "gateway.dating",
        "gateway.journal",
        "gateway.minutes",
        "gateway.relay.settings",
        "gateway.sources.settings",
        "gateway.spans",
        "gateway.transports",
        "gateway.trial",
        "gateway.version",
        "gateway.wear",
    },
    "gateway/minutes.py": {"gateway.model"},
    "gateway/spans.py": set(),
    "gateway/groundwork.py": {"gateway.model", "gateway.clock", "gateway.config", "decoders.registry"},
    "gateway/sharing.py": {"gateway.model", "decoders.vocabulary"},
    "gateway/clock.py": {"gateway.model", "gateway.errors", "gateway.dating"},
    "gateway/servers": {"gateway.model", "gateway.errors", "gateway.journal", "gateway.dating", "gateway.network"},
    "gateway/sources": {"gateway.model", "gateway.errors", "gateway.machine", "gateway.minutes", "gateway.transports"},
    "gateway/relay": {
        "gateway.model",
        "gateway.errors",
        "gateway.sources",
        "gateway.lorawan",
        "gateway.journal",
        "gateway.transports",
        "gateway.version",
    },
    "gateway/lorawan": {"gateway.model", "gateway.errors"},
    "gateway/dating.py": {"gateway.model"},
    "gateway/pulse.py": set(),
    "gateway/service": {"gateway.pulse"},
    "gateway/here.py": {"gateway.model"},
    "gateway/setup": {
        "gateway.model",
        "gateway.errors",
        "gateway.config",
        "gateway.cities",
        "gateway.clock",
        "gateway.lorawan.region",
        "gateway.sources",
        "gateway.transports.endpoint",
        "gateway.transports.secret",
        "gateway.onboarding",
        "gateway.devices_file",
        "gateway.web.passwords",
        "gateway.whole_files",
        "decoders.makers",
    },
    "gateway/recorder.py": {"gateway.model", "gateway.sources"},
    "gateway/journal": {"gateway.model", "gateway.errors", "gateway.dating", "gateway.pulse"},
    "gateway/onboarding": {"gateway.model", "gateway.errors", "gateway.journal", "gateway.devices_file"},
    "gateway/codecs.py": {"gateway.model", "decoders"},
    "gateway/normalise": {"gateway.model", "decoders"},
    "gateway/formats": {"gateway.model", "gateway.version", "decoders"},
    "gateway/version.py": {"gateway"},
    "gateway/transports": {"gateway.model", "gateway.errors"},
    # web/ is a joint (docs/architecture.md); what decides who may, and the events, see nothing of the agent.
    "gateway/web/guard.py": {"gateway.errors", "gateway.web"},
    "gateway/web/live.py": {"gateway.model"},
    "gateway/web/passwords.py": {"gateway.errors"},
    "gateway/web/settings.py": {"gateway.sources.web_tls"},
    "gateway/web/tokens.py": {"gateway.errors", "gateway.web.roles"},
    # observe/: what is told is found in a status and written, purely; its room is a joint.
    "gateway/observe/metric.py": {"gateway.model"},
    "gateway/observe/exposition.py": {"gateway.observe"},
    "gateway/observe/box_metrics.py": {"gateway.model", "gateway.journal", "gateway.observe"},
    "gateway/observe/radio_metrics.py": {"gateway.model", "gateway.errors", "gateway.observe"},
    "gateway/observe/telling_metrics.py": {"gateway.model", "gateway.journal", "gateway.observe"},
    "gateway/observe/table.py": {"gateway.observe"},
    "gateway/observe/message.py": {"gateway.model", "gateway.observe"},
    "gateway/observe/machine.py": {"gateway.model"},
    "gateway/observe/lag.py": set(),
    "gateway/observe/port.py": {"gateway.model", "gateway.errors", "gateway.observe", "gateway.sources", "gateway.web"},
    "gateway/observe/settings.py": {"gateway.sources.web_tls", "gateway.transports.broker", "gateway.web.settings"},
    "gateway/delivery": {
        "gateway.model",
        "gateway.errors",
        "gateway.codecs",
        "gateway.dating",
        "gateway.formats",
        "gateway.journal",
        "gateway.line",
        "gateway.normalise",
        "gateway.pulse",
        "gateway.revisions",
        "gateway.sharing",
        "gateway.standing",
        "gateway.transports",
        "decoders.contract",
    },
}
JOINTS = {"agent.py", "tellers.py", "commanding.py", "control.py"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where an arrow points"
            yield node.module or ""


def files(room: str) -> list[Path]:
    place = ROOT / room
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def ours(name: str) -> bool:
    return name.split(".", maxsplit=1)[0] in {"gateway", "decoders", "simulators", "tests"}


@pytest.mark.parametrize("room", sorted(MAY_SEE))
def test_a_room_sees_only_its_neighbours_on_the_path(room: str) -> None:
    own = room.removesuffix(".py").replace("/", ".")
    allowed = MAY_SEE[room] | {own}

    strangers = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files(room)
        for name in imports(path)
        if ours(name) and not any(name == one or name.startswith(f"{one}.") for one in allowed)
    ]

    assert strangers == []


def test_the_agent_needs_no_simulator_but_for_the_demo_command() -> None:
    seen = {
        path.name
        for path in files("gateway")
        for name in imports(path)
        if name.split(".")[0] in {"simulators", "tests"}
    }

    assert seen <= {"cli.py"}


def test_only_the_joints_see_several_rooms() -> None:
    rooms = {"sources", "lorawan", "journal", "normalise", "formats", "transports"}
    seeing_many = {
        path.name
        for path in (ROOT / "gateway").glob("*.py")
        if len({name.split(".")[1] for name in imports(path) if name.startswith("gateway.")} & rooms) > 1
    }

    assert seeing_many <= JOINTS
