"""What the network costs: frames opened, join requests answered, and how soon after the gathering an answer leaves.

    python -m bench.lorawan [--json]

Frames: `prove`, which is what `Network.hear` asks first (parse, session look-up, MIC and decryption), of one frame each of 10,000
devices in random order, sixteen of which share one DevAddr; the long way that frames take which are not ordinary; and three floors
of the same run, the bare AES operations of the same frames with `cryptography`: with cipher objects kept and all that they are
given ready in memory, with their blocks written first, and from the devices' keys. Joins: `Network.hear` with a real journal,
each accept's session on disk. Answers: see `bench.answers`.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC

from bench import figures
from bench.figures import Spread
from gateway.clock import SystemClock
from gateway.journal import Journal, Registration
from gateway.lorawan.mac_layer import begin
from gateway.lorawan.phy import MIC_OCTETS, DataFrame, parse
from gateway.lorawan.proving import prove
from gateway.lorawan.region import EU868
from gateway.lorawan.sessions import NewUplink, new_uplink, open_uplink
from gateway.model import (
    DevAddr,
    Device,
    Eui64,
    Frame,
    LoraRate,
    Reception,
    RootKeys,
    Session,
    TimeQuality,
)
from gateway.network import Network
from gateway.network.sessions import LiveSession, LiveSessions
from simulators.end_device import EndDevice

DEVICES = 10_000
SHARING = 16  # of one DevAddr
PAYLOAD_OCTETS = 12
FIRST_EUI, FIRST_ADDRESS = 0x70B3D57ED0BE0000, 0x26010000
AT_ONCE = 100  # join requests under way
BLOCK = bytes(16)
SWITCH_S = 0.0005  # as the agent sets it

clock = SystemClock(at_least=TimeQuality.NTP)


@dataclass(frozen=True, slots=True)
class Air:
    """Frames of as many devices, the sessions that open them, and what their AES needs."""

    octets: Sequence[bytes]
    frames: Sequence[Frame]  # the same
    sessions: LiveSessions
    kept: Sequence[tuple[CMAC, CipherContext, bytes]]  # cipher objects, and what the CMAC is of: a block and the frame
    keys: Sequence[tuple[bytes, bytes]]  # FNwkSIntKey and AppSKey


def heard(phy_payload: bytes) -> Frame:
    """Return a frame as a gateway's source gives it."""
    reception = Reception(
        gateway=Eui64("b827ebfffe0b0b0b"),
        frequency_hz=868_100_000,
        data_rate=LoraRate(7, 125_000),
        rssi_dbm=-86.0,
        snr_db=9.5,
        timestamp_us=1,
        channel=0,
        source="radio",
    )
    return Frame(phy_payload, (reception,), clock())


# ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────


def air(devices: int) -> Air:
    """Return one frame of each device in random order.

    What belongs to a device lies in memory where it was made, the sessions' as `Network.load` makes them, one after another; in
    random order caches miss for all alike.
    """
    radios = [_personalised(number) for number in range(devices)]
    spoken = [heard(radio.uplink(2, bytes(PAYLOAD_OCTETS))) for radio in radios]
    stored, keys = [_session(radio) for radio in radios], [_keys(radio) for radio in radios]
    del radios
    sessions = LiveSessions()
    for session in stored:
        sessions.add(LiveSession(session, mac=begin(EU868, b"", data_rate=5)))
    kept = [_kept(*one, frame.phy_payload) for one, frame in zip(keys, spoken, strict=True)]
    order = Random(1).sample(range(devices), devices)
    frames = [spoken[one] for one in order]
    return Air(
        octets=[frame.phy_payload for frame in frames],
        frames=frames,
        sessions=sessions,
        kept=[kept[one] for one in order],
        keys=[keys[one] for one in order],
    )


def _kept(mic_key: bytes, payload_key: bytes, octets: bytes) -> tuple[CMAC, CipherContext, bytes]:
    message = BLOCK + octets[:-MIC_OCTETS]
    return CMAC(AES(mic_key)), Cipher(AES(payload_key), ECB()).encryptor(), message


def _keys(radio: EndDevice) -> tuple[bytes, bytes]:
    assert radio.keys is not None
    return radio.keys.f_nwk_s_int_key.reveal(), radio.keys.app_s_key.reveal()


def _personalised(number: int) -> EndDevice:
    address = DevAddr(f"{FIRST_ADDRESS + max(0, number - SHARING + 1):08x}")
    return EndDevice.abp(Eui64(f"{FIRST_EUI + number:016x}"), address, random=Random(number))


def _session(radio: EndDevice) -> Session:
    assert radio.dev_addr is not None
    assert radio.keys is not None
    return Session(
        dev_eui=radio.dev_eui,
        dev_addr=radio.dev_addr,
        activation=f"{radio.dev_addr}-abp0",
        mac_version=radio.mac_version,
        keys=radio.keys,
    )


def prove_all(lot: Air) -> None:
    """Parse, look up, prove and decrypt every frame."""
    sessions = lot.sessions.on_air
    for octets in lot.octets:
        assert prove(octets, sessions) is not None


def name_all(lot: Air) -> None:
    """Do so, and make the uplinks."""
    sessions = lot.sessions.on_air
    for frame in lot.frames:
        proved = prove(frame.phy_payload, sessions)
        assert proved is not None
        new_uplink(frame, proved)


def open_all(lot: Air) -> None:
    """Open every frame the long way."""
    for frame in lot.frames:
        data_frame = parse(frame.phy_payload)
        assert isinstance(data_frame, DataFrame)
        new = open_uplink(frame, data_frame, lot.sessions.at(data_frame.dev_addr), EU868)
        assert isinstance(new, NewUplink)


def bare_all(lot: Air) -> None:
    """Do the AES of every frame: one CMAC over a block and the frame, one block of keystream."""
    block = BLOCK
    for cmac, encryptor, message in lot.kept:
        copy = cmac.copy()
        copy.update(message)
        copy.finalize()
        encryptor.update(block)


def written_all(lot: Air) -> None:
    """Do the same, of the octets as they come from the air."""
    block = BLOCK
    for octets, (cmac, encryptor, _) in zip(lot.octets, lot.kept, strict=True):
        copy = cmac.copy()
        copy.update(block + octets[:-MIC_OCTETS])
        copy.finalize()
        encryptor.update(block)


def keyed_all(lot: Air) -> None:
    """Do the same from the devices' keys."""
    for (mic_key, payload_key), (_, _, message) in zip(lot.keys, lot.kept, strict=True):
        cmac = CMAC(AES(mic_key))
        cmac.update(message)
        cmac.finalize()
        Cipher(AES(payload_key), ECB()).encryptor().update(BLOCK)


def _us(work: Callable[[Air], None], lot: Air) -> float:
    gc.collect()
    began = time.process_time()
    work(lot)
    return (time.process_time() - began) / len(lot.octets) * 1e6


# ── joins ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def joins_per_s(devices: int, requests: int) -> float:
    """Return how many join requests of as many provisioned devices are answered in a second, sessions on disk."""
    radios = [EndDevice(Eui64(f"{FIRST_EUI + number:016x}"), random=Random(number)) for number in range(devices)]
    with tempfile.TemporaryDirectory(prefix="brygga-bench-") as folder:
        journal = await Journal.open(Path(folder) / "journal.db", clock=clock)
        try:
            await journal.put_devices([_registration(radio) for radio in radios])
            network = Network(journal=journal, sources={}, region=EU868, net_id=0, clock=clock)
            await network.load()
            asking = Random(2).sample(radios, requests)
            frames = [heard(radio.join_request()) for radio in asking]
            began = time.perf_counter()
            for start in range(0, requests, AT_ONCE):
                await asyncio.gather(*map(network.hear, frames[start : start + AT_ONCE]))
            took_s = time.perf_counter() - began
            assert network.counts["joins"] == requests
        finally:
            await journal.close()
    return requests / took_s


def _registration(radio: EndDevice) -> Registration:
    device = Device(dev_eui=radio.dev_eui, join_eui=radio.join_eui)
    return Registration(device=device, root_keys=RootKeys(app_key=radio.app_key))


# ── figures ─────────────────────────────────────────────────────────────────────────────────────────────────────

FLOOR, WRITTEN = "floor: bare AES, cipher objects kept", "the same, and their blocks written"
WORKS: Mapping[str, Callable[[Air], None]] = {
    "parse, look up, prove, decrypt": prove_all,
    FLOOR: bare_all,
    WRITTEN: written_all,
    "the same, from the keys": keyed_all,
    "parse, …, count, name, make the uplink": name_all,
    "all this the long way": open_all,
}


def measured(devices: int, repetitions: int) -> Mapping[str, Spread]:
    """Return µs of CPU a frame; in each repetition the works follow each other, so that they have the same neighbours."""
    lot = air(devices)
    rounds = [[_us(work, lot) for work in WORKS.values()] for _ in range(repetitions)]
    return {name: Spread.of(column) for name, column in zip(WORKS, zip(*rounds, strict=True), strict=True)}


def _to(cost: Spread, floor: Spread) -> str:
    return figures.shown(figures.ratios(cost, floor).median)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.lorawan", description=__doc__)
    parser.add_argument("--devices", type=int, default=DEVICES)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--joins", type=int, default=2000)
    parser.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args()
    sys.setswitchinterval(SWITCH_S)
    facts = figures.machine()
    costs = measured(options.devices, options.repetitions)
    joins = Spread.of(asyncio.run(joins_per_s(options.devices, options.joins)) for _ in range(3))
    if options.json:
        found: dict[str, Any] = {name: cost.as_json() for name, cost in costs.items()}
        figures.print_json({"machine": facts, "frame_us": found, "joins_per_s": joins.as_json()})
        return
    rows = [
        (name, *cost.cells(), *(_to(cost, costs[floor]) for floor in (FLOOR, WRITTEN))) for name, cost in costs.items()
    ]
    print(f"{figures.machine_line(facts)}\n{options.devices} devices, {SHARING} of them with one DevAddr\n")
    print(figures.table(("µs of CPU a frame", "median", "min", "max", "to the floor", "with blocks"), rows))
    print()
    print(figures.table(("joins", "median", "min", "max"), [("answered a second", *joins.cells())]))


if __name__ == "__main__":
    main()
