"""The disk under the journal: its room, its mount, its wear, its errors."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.doctor import kernel
from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.doctor.mounts import Mount, mount_of
from gateway.journal.values import AlarmKind
from gateway.spans import size
from gateway.wear import wear

FULL: Final = 50_000_000  # octets left; the journal's ballast and a backup's first page want that much
FEW_INODES: Final = 0.02
SHORT_YEARS: Final = 2.0
WORN: Final = 0x0B  # DEVICE_LIFE_TIME_EST: beyond what the maker promised (JEDEC eMMC 5.0, EXT_CSD 268)
OLD: Final = 0x09  # 80 to 90 % of it
OF_THE_DASHBOARD: Final = "web"  # kind of an alarm that stands among the journal's; web.access tells of it
NEARLY_FULL: Final = 0.9  # of the journal's own limit; there undelivered uplinks begin to go

NO_ROOM: Final = Ill(
    "full",
    Standing.WRONG,
    "the disk is all but full: at its end uplinks wait in memory, and are lost when that is full",
    "df -h {folder}; sudo journalctl --vacuum-size=50M; sudo apt clean",
)
SHORT: Final = Ill(
    "short",
    Standing.UNWISE,
    "the disk has less room than the journal may take: an outage ends earlier than journal.limit says",
    "in brygga.toml: [journal] limit below {room}; or a larger card",
)
NO_INODES: Final = Ill(
    "inodes",
    Standing.WRONG,
    "the disk can take no more files, though it has room",
    "df -i {folder}; delete many small files",
)
READ_ONLY: Final = Ill(
    "read_only",
    Standing.WRONG,
    "the disk takes nothing: mounted read-only, or by the kernel after an error",
    "sudo mount -o remount,rw {mount}; if that fails the card is dying: brygga backup, then a new one",
)
VOLATILE: Final = Ill(
    "volatile",
    Standing.WRONG,
    "what is kept is in memory: power lost, uplinks, keys and counters lost",
    "in brygga.toml: [gateway] data on a real disk, e.g. /var/lib/brygga",
)
FAT: Final = Ill(
    "fat",
    Standing.WRONG,
    "a FAT file system breaks at a power cut, and every user can read the keys on it",
    "in brygga.toml: [gateway] data on ext4 or f2fs",
)
OVERLAY: Final = Ill(
    "overlay",
    Standing.UNWISE,
    "the data folder is in a layer that goes with its container, or with the next firmware",
    "mount a volume there, or name a folder on the disk itself: [gateway] data",
)
REMOTE: Final = Ill(
    "remote",
    Standing.UNWISE,
    "the journal is on a network: no line, no disk; and locks there may not hold",
    "in brygga.toml: [gateway] data on a disk of this box",
)
WEARING: Final = Ill(
    "wearing",
    Standing.UNWISE,
    "at this pace the card is written to death within two years",
    "a high-endurance card, and journal.card says which; who writes: sudo iotop -ao",
)
WORN_OUT: Final = Ill(
    "worn",
    Standing.WRONG,
    "the card itself says that its life is over",
    "brygga backup --with-keys /media/usb/box.backup; then a new card",
)
AGEING: Final = Ill(
    "ageing",
    Standing.UNWISE,
    "the card says that most of its life is over",
    "have a new card ready; brygga backup --with-keys FILE",
)
FAILING: Final = Ill(
    "failing",
    Standing.WRONG,
    "the kernel tells of errors of a disk",
    "brygga backup --with-keys /media/usb/box.backup; then a new card",
)
ALARM: Final = Ill(
    "alarm", Standing.WRONG, "the journal has an alarm", "brygga status; when it was seen to: brygga journal seen"
)
TROUBLE: Final = Ill(
    "refuses",
    Standing.WRONG,
    "the disk did not take the last uplinks: they wait in memory",
    "df -h {folder}; sudo dmesg | tail",
)
CROWDED: Final = Ill(
    "crowded",
    Standing.UNWISE,
    "the journal is nearly full: undelivered uplinks go soon, as journal.when_full says",
    "make the destinations take them (brygga doctor --only destinations), or raise journal.limit",
)
DAMAGED: Final = Ill(
    "damaged", Standing.UNWISE, "records of the journal cannot be read: they are set aside", "brygga journal verify"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The file system of the data folder; sizes in octets."""

    folder: Path
    free: int
    size: int
    inodes_free: int
    inodes: int
    limit: int  # that the journal may take
    taken: int  # that it takes
    is_read_only: bool
    mount: Mount | None
    status: Mapping[str, Any] | None  # "journal" of the agent's


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of the card's life."""

    card: str
    years: float | None
    life: int | None  # DEVICE_LIFE_TIME_EST, 1 to 11 tenths
    name: str


async def disk(box: Box) -> Disk | None:
    """Return how the data folder's file system stands; of one that is not made yet its parent's."""
    if box.settings is None:
        return None
    return await apart(_disk, box)


def _disk(box: Box) -> Disk:
    assert box.settings is not None
    wanted = box.settings.gateway.data
    folder = next(one for one in (wanted, *wanted.parents) if one.exists())
    found = os.statvfs(folder)
    path = box.settings.journal_path
    return Disk(
        folder=folder,
        free=found.f_bavail * found.f_frsize,
        size=found.f_blocks * found.f_frsize,
        inodes_free=found.f_favail,
        inodes=found.f_files,
        limit=box.settings.journal.limit_bytes,
        taken=path.stat().st_size if os.access(folder, os.X_OK) and path.exists() else 0,
        is_read_only=bool(found.f_flag & os.ST_RDONLY),
        mount=mount_of(folder.resolve(), box.text("/proc/self/mountinfo") or ""),
        status=None if box.status is None else box.status.get("journal"),
    )


async def card(box: Box) -> Card | None:
    """Return the card's life, by the agent's own counting where it runs."""
    return await apart(_card, box)


def _card(box: Box) -> Card | None:
    if box.settings is None or (folder := box.data) is None:
        return None
    kept = box.settings.journal
    told = None if box.status is None else box.status.get("journal", {}).get("wear")
    if told is None:
        told = wear(folder, kept.card, kept.card_bytes, proc=box.at("/proc"), sys=box.at("/sys")).as_json()
    device = folder.stat().st_dev
    place = box.at(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    whole = place.parent if (place / "partition").exists() else place
    life = box.text(Path("/", (whole / "device/life_time").relative_to(box.root.resolve())))
    worst = max((int(word, 16) for word in (life or "").split()), default=None)
    return Card(card=told["card"], years=told["years"], life=worst, name=whole.name)


def room(one: Disk) -> Iterator[Seen]:
    """Judge the room that is left."""
    left = max(0, one.limit - one.taken)
    keys = {"folder": one.folder, "room": size(one.free + one.taken)}
    if one.free < FULL:
        trouble = _trouble(one)
        yield Seen(f"{size(one.free)} free" + (f"; {trouble}" if trouble else ""), NO_ROOM, keys=keys)
    elif one.free < left:
        yield Seen(f"{size(one.free)} free, the journal may want {size(left)} more", SHORT, keys=keys)
    yield Seen(f"{size(one.free)} of {size(one.size)} free")


def inodes(one: Disk) -> Iterator[Seen]:
    """Judge how many files may still be made; some file systems (btrfs, vfat) have no such number."""
    if one.inodes and one.inodes_free < one.inodes * FEW_INODES:
        yield Seen(f"{one.inodes_free} of {one.inodes} inodes free", NO_INODES, keys={"folder": one.folder})
    elif one.inodes:
        yield Seen(f"{one.inodes_free} inodes free")


def mounted(one: Disk) -> Iterator[Seen]:
    """Judge what kind of file system it is."""
    mount = one.mount
    keys = {"mount": one.folder if mount is None else mount.point}
    if one.is_read_only or (mount is not None and mount.is_read_only):
        yield Seen(f"{keys['mount']} is read-only", READ_ONLY, keys=keys)
    if mount is not None and (ill := _KINDS.get(mount.kind)) is not None:
        yield Seen(f"{one.folder} is on {mount.words}", ill)
    yield Seen("writable" if mount is None else mount.words)


_KINDS: Final = {"memory": VOLATILE, "fat": FAT, "overlay": OVERLAY, "remote": REMOTE}


def life(one: Card) -> Iterator[Seen]:
    """Judge how long the card lasts: by what it says itself, else by the pace at which it is written to."""
    if one.life is not None and one.life >= WORN:
        yield Seen(f"{one.name} says that its life is over", WORN_OUT)
    elif one.life is not None and one.life >= OLD:
        yield Seen(f"{one.name} says that {(one.life - 1) * 10} % of its life are over", AGEING)
    elif one.years is not None and one.years < SHORT_YEARS:
        yield Seen(f"a {one.card} card lasts {one.years * 12:.0f} months at this pace", WEARING)
    elif one.years is not None:
        yield Seen(f"a {one.card} card lasts {min(one.years, 99):.0f} years at this pace")


def errors(lines: Sequence[str]) -> Iterator[Seen]:
    """Judge what the kernel says of disks."""
    found = kernel.of(kernel.DISK, lines)
    yield Seen(
        f"{len(found)} errors, the last: {found[-1][-120:]}" if found else "no error in the kernel's log",
        FAILING if found else None,
    )


def journal(one: Disk) -> Iterator[Seen]:
    """Judge what the journal says of itself."""
    if one.status is None:
        return
    for alarm in one.status.get("alarms", ()):
        if not _is_told(alarm, one):
            yield Seen(f"{alarm['kind']}: {alarm['words']}", ALARM)
    if (trouble := _trouble(one)) and one.free >= FULL:
        yield Seen(trouble, TROUBLE, keys={"folder": one.folder})
    if one.status["used_bytes"] > NEARLY_FULL * one.status["quota_bytes"]:
        yield Seen(f"{one.status['used_bytes'] / one.status['quota_bytes']:.0%} of its limit is used", CROWDED)
    if one.status.get("damaged"):
        yield Seen(f"{one.status['damaged']} records cannot be read", DAMAGED)
    yield Seen(f"{one.status['rows']} uplinks, {size(one.status['file_bytes'])} of {size(one.status['limit_bytes'])}")


def _trouble(one: Disk) -> str:
    """Return why the disk did not take the last uplinks; "" where it did. Of a disk without room it is part of that finding."""
    return str((one.status or {}).get("trouble") or "")


def _is_told(alarm: Mapping[str, Any], one: Disk) -> bool:
    """Tell whether another finding says the same as an alarm: the dashboard's, the room's, or that of the trouble at hand."""
    is_of_room = alarm["kind"] == AlarmKind.NEARLY_FULL and one.free < FULL
    return is_of_room or alarm["kind"] == OF_THE_DASHBOARD or alarm["words"] == _trouble(one)


CHECKS: Final = (
    Check(
        id="disk.room",
        looks="room on the data folder's file system, beside what the journal may take",
        probe=disk,
        judge=room,
        ills=(NO_ROOM, SHORT),
    ),
    Check(id="disk.inodes", looks="files that may still be made there", probe=disk, judge=inodes, ills=(NO_INODES,)),
    Check(
        id="disk.mount",
        looks="the file system of the data folder: its kind, and whether it may be written to",
        probe=disk,
        judge=mounted,
        ills=(READ_ONLY, VOLATILE, FAT, OVERLAY, REMOTE),
    ),
    Check(
        id="disk.life",
        looks="what the card says of its wear, and how long its class takes what is written to it",
        probe=card,
        judge=life,
        ills=(WORN_OUT, AGEING, WEARING),
    ),
    Check(
        id="disk.errors",
        looks="the kernel's log: errors of disks since the boot",
        probe=kernel.log,
        judge=errors,
        ills=(FAILING,),
    ),
    Check(
        id="disk.journal",
        looks="the journal's alarms, what it last could not write, how full it is",
        probe=disk,
        judge=journal,
        ills=(ALARM, TROUBLE, CROWDED, DAMAGED),
    ),
)
