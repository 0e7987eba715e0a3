"""What a store had accepted and does not have after harm, ours and others': `python -m bench.peers [--json]`.

ThingsBoard Gateway's SQLite storage (its class alone, from PyPI, in an environment of its own), mosquitto's bridge with persistence,
and our journal, under one harness: offered numbered messages, harmed, started again, counted. Power cuts and the full disk are an
ext4 of their own in a file, which needs root. What cannot be had here is said and left out. Exit code 1 where our journal lost
one message.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from bench import figures
from bench.keepers import Keeper, Program, Task, await_accepted
from bench.keepers.bridge import DEFAULTS, EACH_5_S, EACH_CHANGE, Bridge
from simulators.faults.freezing import freeze
from simulators.faults.missing import Missing
from simulators.faults.volume import Volume

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".peers"  # ignored by git
THINGSBOARD = "thingsboard-gateway==3.8.5"
INSTALL_LIMIT_S = 300.0
BURST = Task(messages=5_000)
PACED = Task(messages=1_000, per_s=50)
FLOOD = Task(messages=30_000)
DISK_BYTES = 64 * 2**20  # where power is cut
FULL_BYTES = 8 * 2**20  # where the flood does not fit
REST_S = 3.0  # for what a store writes after it has accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What one harm did to one store."""

    accepted: int
    lost: int


Harm = Callable[[Keeper, Path], Loss]


def killed_after_burst(keeper: Keeper, folder: Path, burst: Task = BURST) -> Loss:
    """Offer as fast as it goes; SIGKILL when the last is accepted."""
    keeper.start(folder, burst)
    await_accepted(keeper, burst.messages)
    return _counted(keeper, keeper.end(signal.SIGKILL), folder)


def killed_while_paced(keeper: Keeper, folder: Path) -> Loss:
    """Offer fifty a second; SIGKILL at a moment that chance says."""
    keeper.start(folder, PACED)
    await_accepted(keeper, random.randint(100, 200))
    time.sleep(random.uniform(0.0, 0.2))
    return _counted(keeper, keeper.end(signal.SIGKILL), folder)


def stopped_after_burst(keeper: Keeper, folder: Path) -> Loss:
    """Offer as fast as it goes, then end it in good order."""
    keeper.start(folder, BURST)
    await_accepted(keeper, BURST.messages)
    return _counted(keeper, keeper.end(signal.SIGTERM), folder)


def power_cut(keeper: Keeper, folder: Path) -> Loss:
    """Offer fifty a second; take what the disk has at one moment for all that is left."""
    with Volume(folder.with_suffix(".image"), folder, DISK_BYTES) as volume:
        keeper.start(folder, PACED)
        await_accepted(keeper, random.randint(300, 400))
        freeze(keeper.pid)
        image = volume.as_it_is_now()
        accepted = keeper.end(signal.SIGKILL)
        volume.replace_by(image)
        return _counted(keeper, accepted, folder)


def full_disk(keeper: Keeper, folder: Path) -> Loss:
    """Offer more than the disk has room for, and end it in good order."""
    with Volume(folder.with_suffix(".image"), folder, FULL_BYTES) as volume, tempfile.TemporaryDirectory() as roomy:
        keeper.start(folder, FLOOD)
        await_accepted(keeper, FLOOD.messages)
        time.sleep(REST_S)
        accepted = keeper.end(signal.SIGTERM)
        copy = Path(roomy) / "copy"
        shutil.copytree(volume.place, copy, ignore=shutil.ignore_patterns("lost+found"))
        return _counted(keeper, accepted, copy)


def _counted(keeper: Keeper, accepted: frozenset[int], folder: Path) -> Loss:
    return Loss(accepted=len(accepted), lost=len(accepted - keeper.count(folder)))


HARMS: Mapping[str, Harm] = {
    "kill -9 after 5,000 at once": killed_after_burst,
    "kill -9 at 50 a second": killed_while_paced,
    "stopped in good order after 5,000 at once": stopped_after_burst,
    "power cut at 50 a second": power_cut,
    "full disk, 30,000 offered": full_disk,
}


# ── whom there is to measure ──

OURS = "our journal"
Make = Callable[[], Keeper]


def keepers() -> Iterator[tuple[str, Make]]:
    """Yield the stores that can be had here."""
    yield OURS, partial(Program, [sys.executable, "-m", "bench.keepers.journal"])
    try:
        python = thingsboard()
    except Missing as error:
        print(f"not measured: {error}", file=sys.stderr)
    else:
        script = str(ROOT / "bench" / "keepers" / "thingsboard_storage.py")
        yield THINGSBOARD.replace("==", " "), partial(Program, [str(python), script])
    yield "mosquitto bridge, defaults", partial(Bridge, DEFAULTS)
    yield "mosquitto bridge, saved each 5 s", partial(Bridge, EACH_5_S)
    yield "mosquitto bridge, saved at each change", partial(Bridge, EACH_CHANGE)


def thingsboard() -> Path:
    """Return a Python that has ThingsBoard Gateway; it is installed where it is not there. Missing says why it is not to be had."""
    python = ENVIRONMENT / "bin" / "python"
    commands = (
        [sys.executable, "-m", "venv", str(ENVIRONMENT)],
        [str(python), "-m", "pip", "install", "--quiet", "--no-deps", THINGSBOARD],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False)
        if done.returncode:
            raise Missing(f"{THINGSBOARD} cannot be installed from PyPI: {done.stderr.strip()[-300:]}")
    return python


def measure(make: Make, harm: Harm) -> Loss | str:
    """Do one harm to one store; words where it cannot be done here."""
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as name, closing(make()) as keeper:
        folder = Path(name) / "store"
        folder.mkdir()
        try:
            return harm(keeper, folder)
        except Missing as error:
            return str(error)


# ── what is said of it ──

Found = Mapping[str, Mapping[str, Sequence[Loss | str]]]  # by harm, then store


def shown(found: Found) -> str:
    """Return the table: lost of accepted."""
    names = list(dict.fromkeys(name for stores in found.values() for name in stores))
    rows = [(harm, *(_cell(stores[name]) for name in names)) for harm, stores in found.items()]
    reasons = sorted(
        {one for stores in found.values() for runs in stores.values() for one in runs if isinstance(one, str)}
    )
    return "\n".join([figures.table(("lost of accepted", *names), rows), *(f"not done: {why}" for why in reasons)])


def _cell(runs: Sequence[Loss | str]) -> str:
    done = [one for one in runs if isinstance(one, Loss)]
    return ", ".join(f"{one.lost:,} of {one.accepted:,}" for one in done) or "not done"


def lost_by_us(found: Found) -> int:
    """Return how many messages our journal had accepted and does not have."""
    return sum(one.lost for stores in found.values() for one in stores.get(OURS, ()) if isinstance(one, Loss))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.peers", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--only", default="", help="stores whose names have this in them")
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    facts, stores = figures.machine(), [one for one in keepers() if options.only in one[0]]
    found: dict[str, dict[str, list[Loss | str]]] = {harm: {name: [] for name, _ in stores} for harm in HARMS}
    for _ in range(options.repetitions):
        for harm, do in HARMS.items():
            for name, make in stores:
                found[harm][name].append(measure(make, do))
    if options.json:
        said = {
            harm: {
                name: [one if isinstance(one, str) else asdict(one) for one in runs] for name, runs in by_name.items()
            }
            for harm, by_name in found.items()
        }
        figures.print_json({"machine": facts, "found": said})
    else:
        print(f"{figures.machine_line(facts)}\n\n{shown(found)}")
    if lost := lost_by_us(found):
        print(f"BROKEN: our journal lost {lost} messages that it had accepted", file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
