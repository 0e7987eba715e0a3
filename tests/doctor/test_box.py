"""The box itself: disk, machine, files, network; by real causes where a test may make them, else by a tree in place of /."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.doctor import Answering, Finding
from gateway.doctor.disk import Card, Disk
from gateway.doctor.mounts import mount_of
from gateway.doctor.permissions import Mode, Port, Rights
from gateway.doctor.versions import Versions
from gateway.journal import Journal
from gateway.journal.schema import APPLICATION_ID, SCRIPTS
from gateway.model import TimeQuality
from tests.doctor.scene import (
    CONFIGURATION,
    NOW,
    answers,
    box,
    configured,
    finding,
    found,
    judged,
    provoked,
    running,
    settings,
    tree,
    well,
)
from tests.journal.samples import clock

ROOT_LINE = "21 1 259:1 / / rw,relatime - ext4 /dev/root rw\n"


# ── configuration ──


async def test_without_a_configuration_the_wizard_is_named() -> None:
    findings = await finding(box(), "configuration", "agent", "radio", "disk.room")

    assert provoked(findings, "configuration.file:missing").do == "brygga init"
    assert [one.check for one in findings] == ["configuration.file"]


async def test_every_problem_and_warning_of_a_configuration_is_a_finding(tmp_path: Path) -> None:
    broken = box(
        path=tmp_path / "brygga.toml", problems=[f"brygga.toml: source[{one}].port: is missing" for one in range(9)]
    )
    unreadable = box(path=tmp_path / "brygga.toml", problems=["brygga.toml: cannot be read: Permission denied"])

    found = await finding(broken, "configuration")

    provoked(found, "configuration.file:broken")
    assert (len(found), found[-1].seen) == (6, "and 4 problems more")
    provoked(await finding(unreadable, "configuration"), "configuration.file:unreadable")
    unwise = await finding(configured(tmp_path), "configuration")
    assert "no [[destination]]" in provoked(unwise, "configuration.file:unwise").seen


# ── the disk ──


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder that is in memory on every Linux."""
    folder = Path("/dev/shm", f"brygga-doctor-{os.getpid()}")
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


async def test_a_data_folder_in_memory_is_wrong(memory: Path) -> None:
    findings = await finding(configured(memory), "disk.mount")

    assert "tmpfs" in provoked(findings, "disk.mount:volatile").seen


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of 1 MB, which a test may also mount read-only."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=100", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small file system needs root, and a kernel that lets it mount one")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_full_and_one_that_is_read_only(small_disk: Path) -> None:
    one = configured(small_disk)
    for number in range(99):
        (small_disk / str(number)).touch(exist_ok=True)
        if not os.statvfs(small_disk).f_favail:
            break

    provoked(found(one, "disk.room"), "disk.room:full")
    provoked(found(one, "disk.inodes"), "disk.inodes:inodes")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    provoked(found(one, "disk.mount"), "disk.mount:read_only")


def disk(**more: object) -> Disk:
    known: dict[str, object] = {"folder": Path("/var/lib/brygga"), "free": 10**10, "size": 2 * 10**10}
    rest = {"inodes_free": 10**6, "inodes": 2 * 10**6, "limit": 10**9, "taken": 10**6, "is_read_only": False}
    return Disk(**{**known, **rest, "mount": None, "status": None, **more})  # type: ignore[arg-type]  # a row of a table


def test_the_room_that_is_left() -> None:
    well(judged("disk.room", disk()))

    provoked(judged("disk.room", disk(free=10**6)), "disk.room:full")
    assert "limit below 201" in provoked(judged("disk.room", disk(free=2 * 10**8)), "disk.room:short").do
    provoked(judged("disk.inodes", disk(inodes_free=10)), "disk.inodes:inodes")
    assert judged("disk.inodes", disk(inodes=0, inodes_free=0)) == []


MOUNTS = (
    ("40 21 259:2 / /var/lib ro,relatime - ext4 /dev/mmcblk0p2 rw", "read_only"),
    ("40 21 259:2 / /var/lib rw - ext4 /dev/mmcblk0p2 ro,errors=remount-ro", "read_only"),
    ("40 21 0:30 / /var/lib rw - tmpfs tmpfs rw,size=64m", "volatile"),
    ("40 21 8:1 / /var/lib rw - vfat /dev/sda1 rw", "fat"),
    ("40 21 0:50 / /var/lib rw - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w", "overlay"),
    (
        "39 21 0:31 / /mem rw - tmpfs tmpfs rw\n40 21 0:50 / /var/lib rw - overlay overlay rw,lowerdir=/l,upperdir=/mem/u",
        "volatile",
    ),
    ("40 21 0:60 / /var/lib rw - nfs4 nas:/export rw", "remote"),
)


@pytest.mark.parametrize(
    ("line", "ill"),
    MOUNTS,
    ids=["ro", "ro by the kernel", "tmpfs", "vfat", "overlay", "overlay in memory", "nfs"],
)
def test_a_mount_is_judged_by_what_the_kernel_says_of_it(line: str, ill: str) -> None:
    mount = mount_of(Path("/var/lib/brygga"), f"{ROOT_LINE}{line}\n50 21 0:70 / /var/lib/other rw - ext4 /dev/x rw\n")

    provoked(judged("disk.mount", disk(mount=mount)), f"disk.mount:{ill}")


def test_an_ordinary_mount_is_well_and_a_blank_in_its_name_is_read() -> None:
    line = "40 21 259:2 / /media/my\\040card rw - ext4 /dev/sdb1 rw"

    mount = mount_of(Path("/media/my card/brygga"), ROOT_LINE + line)

    assert mount is not None
    assert mount.point == "/media/my card"
    well(judged("disk.mount", disk(mount=mount)))


def test_how_long_the_card_lasts() -> None:
    def card(years: float | None = 9.0, life: int | None = None) -> Card:
        return Card(card="consumer", years=years, life=life, name="mmcblk0")

    well(judged("disk.life", card()))
    provoked(judged("disk.life", card(years=0.5)), "disk.life:wearing")
    assert "80 %" in provoked(judged("disk.life", card(life=9)), "disk.life:ageing").seen
    provoked(judged("disk.life", card(life=11)), "disk.life:worn")
    assert judged("disk.life", card(years=None)) == []


async def test_a_cards_own_word_is_read_from_the_kernel(tmp_path: Path) -> None:
    one = configured(tmp_path)
    device = (tmp_path / "data").stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    files = {
        f"sys/dev/block/{number}/device/life_time": "0x01 0x0b",
        "proc/uptime": "10.0 1.0",
        "proc/self/stat": "1 (x) S" + " 0" * 40,
    }
    files |= {f"sys/dev/block/{number}/size": "1000", f"sys/dev/block/{number}/stat": "0 " * 17}

    provoked(await finding(replace(one, root=tree(tmp_path, files)), "disk.life"), "disk.life:worn")


KERNEL = """2026-11-26T11:00:00+0100 roof kernel: mmc0: Timeout waiting for hardware interrupt.
2026-11-26T11:00:01+0100 roof kernel: I/O error, dev mmcblk0, sector 4096 op 0x1:(WRITE)
2026-11-26T11:00:02+0100 roof kernel: usb 1-1.3: USB disconnect, device number 4
2026-11-26T11:00:03+0100 roof kernel: usb 1-1.3: USB disconnect, device number 5
2026-11-26T11:00:04+0100 roof kernel: usb 1-1.3: USB disconnect, device number 6
2026-11-26T11:00:05+0100 roof kernel: hwmon hwmon1: Undervoltage detected!
"""


async def test_what_the_kernel_says_of_disks_usb_and_voltage() -> None:
    findings = await finding(box(run=answers(journalctl=KERNEL)), "disk.errors", "machine.usb")

    assert provoked(findings, "disk.errors:failing").seen.startswith("2 errors")
    provoked(findings, "machine.usb:loose")
    provoked(findings, "machine.usb:was_low")
    well(await finding(box(run=answers(dmesg="usb 1-1: new high-speed USB device")), "disk.errors", "machine.usb"))


async def test_a_kernels_log_that_may_not_be_read_is_unknown_and_says_so() -> None:
    (one,) = await finding(box(), "disk.errors")

    assert (one.standing, one.seen) == ("unknown", "the kernel's log may not be read")
    assert "sudo" in one.do


# ── the machine ──

PI = {
    "proc/meminfo": "MemTotal: 1000000 kB\nMemAvailable: 500000 kB\nSwapTotal: 100000 kB\nSwapFree: 90000 kB\n",
    "proc/loadavg": "0.10 0.20 0.30 1/100 1234",
    "proc/uptime": "86400.00 1.0",
    "proc/vmstat": "nr_free_pages 1\noom_kill 0\n",
    "sys/class/thermal/thermal_zone0/temp": "51000",
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "0",
    "sys/class/hwmon/hwmon1/name": "rpi_volt",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0",
}
MACHINE = ("machine.heat", "machine.power", "machine.memory", "machine.load")


async def test_a_raspberry_pi_that_is_well(tmp_path: Path) -> None:
    findings = await finding(box(root=tree(tmp_path, PI)), *MACHINE)

    well(findings)
    assert findings[0].seen == "51 °C (cpu-thermal)"


TEMPERATURE = "sys/class/thermal/thermal_zone0/temp"
THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


async def test_heat_power_memory_and_load(tmp_path: Path) -> None:
    async def seen(name: str, text: str) -> list[Finding]:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        return await finding(box(root=tree(folder, {**PI, name: text})), *MACHINE)

    def meminfo(free: int, swap_free: int = 90_000) -> str:
        return f"MemTotal: 1000000 kB\nMemAvailable: {free} kB\nSwapTotal: 100000 kB\nSwapFree: {swap_free} kB\n"

    provoked(await seen(TEMPERATURE, "82000"), "machine.heat:hot")
    provoked(await seen(TEMPERATURE, "90000"), "machine.heat:too_hot")
    provoked(await seen(THROTTLED, "0x50005"), "machine.power:low")
    provoked(await seen(THROTTLED, "0x50000"), "machine.power:was_low")
    provoked(await seen(THROTTLED, "0x80000"), "machine.power:slowed")
    provoked(await seen("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1"), "machine.power:low")
    provoked(await seen("proc/meminfo", meminfo(80_000)), "machine.memory:short")
    provoked(await seen("proc/meminfo", meminfo(20_000)), "machine.memory:out")
    provoked(await seen("proc/meminfo", meminfo(500_000, 5_000)), "machine.memory:swapping")
    provoked(await seen("proc/vmstat", "oom_kill 2\n"), "machine.memory:killed")
    provoked(await seen("proc/loadavg", f"9 9 {10 * (os.cpu_count() or 1)}.0 1/1 1"), "machine.load:loaded")


async def test_boots_within_a_day_are_counted(tmp_path: Path) -> None:
    one = configured(tmp_path)
    assert one.settings is not None
    journal = await Journal.open(one.settings.journal_path, clock=clock, key_file=one.settings.gateway.key_file)
    for number in range(5):
        await journal.learn_boot(f"boot {number}", NOW - timedelta(hours=number + 1), TimeQuality.NTP)
    await journal.close()

    provoked(await finding(one, "machine.boots"), "machine.boots:booting")


# ── files ──


async def test_files_that_every_user_can_read(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("not-for-all")
    token.chmod(0o644)
    more = '[[destination]]\nname = "lund"\nurl = "http://127.0.0.1:1"\nformat = "ngsi_ld"\ntoken_file = "token"\n'

    one = configured(tmp_path, more)

    findings = await finding(one, "permissions.secrets", "configuration")
    open_to_all = provoked(findings, "permissions.secrets:open")
    assert (open_to_all.about, open_to_all.seen) == (str(token), "mode 0644")
    assert "every user can read" not in str([two.seen for two in findings if two.check == "configuration.file"])
    token.chmod(0o600)
    well(await finding(one, "permissions.secrets"))


async def test_a_data_folder_that_others_may_enter(tmp_path: Path) -> None:
    one = configured(tmp_path)
    (tmp_path / "data").chmod(0o755)

    assert str(tmp_path / "data") in provoked(await finding(one, "permissions.data"), "permissions.data:open").do


async def test_a_serial_port_that_is_not_there(tmp_path: Path) -> None:
    more = '[[source]]\nname = "stick"\ntype = "serial_modem"\nport = "/dev/ttyUSB77"\nfrequency_hz = 868100000\nspreading_factor = 7\n'

    findings = await finding(configured(tmp_path, more), "permissions.serial")

    assert provoked(findings, "permissions.serial:missing").about == "/dev/ttyUSB77"


def rights(**more: object) -> Rights:
    data = Mode(path=Path("/var/lib/brygga"), mode=0o40750, uid=900, gid=900)
    known = {"uid": 900, "user": "brygga", "groups": frozenset({900}), "secrets": [], "data": data, "within": []}
    return Rights(**{**known, "ports": [], "group": "dialout", **more})  # type: ignore[arg-type]  # a row of a table


def test_whose_files_and_ports_are() -> None:
    def of_root(path: str, mode: int, gid: int = 0) -> Mode:
        return Mode(path=Path(path), mode=mode, uid=0, gid=gid)

    well([*judged("permissions.data", rights()), *judged("permissions.user", rights())])
    provoked(judged("permissions.user", rights(uid=0, user="root")), "permissions.user:root")
    foreign = judged("permissions.data", rights(within=[of_root("/var/lib/brygga/journal.db-wal", 0o100600)]))
    assert provoked(foreign, "permissions.data:foreign").do == "sudo chown -R brygga /var/lib/brygga"
    provoked(
        judged("permissions.data", rights(data=of_root("/var/lib/brygga", 0o40750))), "permissions.data:not_writable"
    )
    port = Port(path=Path("/dev/ttyACM0"), found=of_root("/dev/ttyACM0", 0o20660, gid=20))
    refused = provoked(judged("permissions.serial", rights(ports=[port])), "permissions.serial:refused")
    assert refused.do.startswith("sudo usermod -aG dialout brygga")
    well(judged("permissions.serial", rights(ports=[port], groups=frozenset({20}))))


async def test_as_whom_the_agent_runs_is_read_from_its_process(tmp_path: Path) -> None:
    files = {"proc/1/status": "Name:\tpython3\nUid:\t0\t0\t0\t0\nGroups:\t20 44\n"}

    provoked(await finding(running(tmp_path, root=tree(tmp_path, files)), "permissions.user"), "permissions.user:root")


def test_of_an_agent_that_does_not_run_it_is_not_said_that_it_does() -> None:
    stopped = judged("permissions.user", rights(uid=0, user="root", is_running=False))

    assert provoked(stopped, "permissions.user:root").seen == "its data folder is root's"


# ── versions, backups, the dashboard ──


def versions(**more: object) -> Versions:
    debian = {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}
    known = {
        "python": (3, 11, 2),
        "wanting": [],
        "packages": 9,
        "journal": (APPLICATION_ID, len(SCRIPTS)),
        "system": debian,
    }
    return Versions(**{**known, "now": NOW, **more})  # type: ignore[arg-type]  # a row of a table


def test_versions_of_all_that_is_needed() -> None:
    checks = ("versions.python", "versions.packages", "versions.journal", "versions.system")
    well([one for check in checks for one in judged(check, versions())])

    provoked(judged("versions.python", versions(python=(3, 9, 2))), "versions.python:old")
    provoked(judged("versions.packages", versions(wanting=["aiohttp is not installed"])), "versions.packages:missing")
    provoked(judged("versions.journal", versions(journal=(APPLICATION_ID, 99))), "versions.journal:newer")
    provoked(judged("versions.journal", versions(journal=(APPLICATION_ID, 1))), "versions.journal:older")
    old = {"ID": "debian", "VERSION_ID": "10", "PRETTY_NAME": "Debian GNU/Linux 10 (buster)"}
    provoked(judged("versions.system", versions(system=old)), "versions.system:ended")
    soon = versions(now=datetime(2028, 5, 1, tzinfo=UTC))
    provoked(judged("versions.system", soon), "versions.system:ending")
    well(judged("versions.system", versions(system={"ID": "openwrt", "VERSION_ID": "23.05"})))


DEBIAN_12 = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n'
UBUNTU_26_10 = 'ID=ubuntu\nVERSION_ID="26.10"\nPRETTY_NAME="Ubuntu 26.10"\n'
DEBIAN_CSV = "version,codename,series,created,release,eol,eol-lts,eol-elts\n12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-07-11,{}\n"
UBUNTU_CSV = "version,codename,series,created,release,eol,eol-server\n26.10,Stonking Stingray,stonking,2026-04-24,2026-10-15,2026-12-15\n"


@pytest.mark.parametrize(
    ("system", "files", "seen"),
    [
        (DEBIAN_12, {}, "until 2028-06-30"),
        (DEBIAN_12, {"debian.csv": DEBIAN_CSV.format("2026-10-01")}, "until 2026-10-01"),
        (DEBIAN_12, {"debian.csv": DEBIAN_CSV.format("soon")}, "until 2028-06-30"),
        (DEBIAN_12, {"debian.csv": "version\n12\n"}, "until 2028-06-30"),
        (UBUNTU_26_10, {"ubuntu.csv": UBUNTU_CSV}, "until 2026-12-15"),
    ],
    ids=["our table", "its own calendar", "no date", "no column", "a release that is newer than our table"],
)
async def test_until_when_the_system_gets_updates(
    tmp_path: Path, system: str, files: dict[str, str], seen: str
) -> None:
    calendars = {f"usr/share/distro-info/{name}": text for name, text in files.items()}
    root = tree(tmp_path, {"etc/os-release": system, **calendars})

    (one,) = await finding(box(root=root), "versions.system")

    assert one.seen.endswith(seen)
    assert one.ill == {"until 2026-10-01": "ended", "until 2026-12-15": "ending"}.get(seen, "")


async def test_what_lies_in_the_journals_place_and_is_none(tmp_path: Path) -> None:
    one = configured(tmp_path)
    (tmp_path / "data/journal.db").write_text("this is no database at all, whatever its name says" * 100)

    provoked(await finding(one, "versions.journal"), "versions.journal:none")
    (tmp_path / "data/journal.db").unlink()
    sqlite3.connect(tmp_path / "data/journal.db").execute("CREATE TABLE another (one)").connection.close()
    provoked(await finding(one, "versions.journal"), "versions.journal:none")


async def test_backups_are_looked_for_in_the_data_folder(tmp_path: Path) -> None:
    one = configured(tmp_path, now=datetime.now(UTC))
    (tmp_path / "data/journal.db").touch()
    provoked(await finding(one, "backups"), "backups.age:none")
    backup = tmp_path / "data/backups/roof.backup"
    backup.parent.mkdir()
    backup.touch()
    provoked(await finding(one, "backups"), "backups.age:empty")
    backup.write_bytes(b"x" * 1000)
    well(await finding(one, "backups"))

    provoked(await finding(replace(one, now=one.now + timedelta(days=20)), "backups"), "backups.age:old")


async def test_a_dashboard_that_others_may_reach(tmp_path: Path) -> None:
    found = settings(tmp_path, '[web]\nhost = "0.0.0.0"\n', CONFIGURATION)
    one = box(settings=found, path=tmp_path / "brygga.toml")

    findings = await finding(one, "web")

    provoked(findings, "web.access:no_password")
    provoked(findings, "web.access:clear")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/web.password").write_text("hunter2")
    provoked(await finding(one, "web"), "web.access:weak")
    assert await finding(configured(tmp_path), "web") == []


def test_an_agent_that_was_not_asked_is_none_that_is_stopped() -> None:
    assert box().answering is Answering.NOT_ASKED
