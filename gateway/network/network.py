"""The network's stateful side: frames meet their sessions, uplinks reach the journal, answers leave in time.

`lorawan/` decides; this room remembers. Sessions live in memory and, one transaction with each uplink, in the
journal; nothing is answered that is not on disk (design, laws 2 and 4).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from gateway.answers import Answers
from gateway.errors import BadFrame, BadFrameReason, StorageError
from gateway.journal import Changes, Journal, Registration
from gateway.lorawan.downlink import acknowledge
from gateway.lorawan.join import answer_join, new_dev_addr, open_join_request
from gateway.lorawan.phy import DataFrame, JoinRequest, parse
from gateway.lorawan.region import Region
from gateway.lorawan.sessions import NewUplink, OpenSession, Repeated, open_uplink
from gateway.model import Activation, Clock, DevAddr, Device, Eui64, Frame, Json, Session
from gateway.sources import Source

logger = logging.getLogger(__name__)

WAITING_LIMIT: Final = 5_000  # frames kept in memory while the disk takes nothing; about 10 MB, 45 s of a full radio
STORAGE_RETRY_S: Final = 1.0  # between two tries at a disk that takes nothing
ADDRESS_TRIES: Final = (
    16  # draws of a DevAddr; where all are taken two devices share one, and their MICs tell them apart
)

Name = tuple[Eui64, str]  # of a session: device and activation


class _Kept(Enum):
    """What became of a change."""

    AT_ONCE = (
        "at once"  # only then may it be answered: a disk that hesitates has used up the time, and promises nothing
    )
    LATER = "later"
    LOST = "lost"


@dataclass(slots=True)
class _Nonces:
    """What a device has joined with, and the JoinNonce that its next accept takes."""

    used: set[int]
    next_join_nonce: int


class Network:
    """The network of this box's own devices.

    ``hear`` may be called many times at once. A counter moves in memory at once, and on disk with its uplink; the
    commits of one session keep their order, so that no counter is on disk before the uplink it counts.
    ``random_bits`` fill DevAddrs.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        sources: Mapping[str, Source],
        region: Region,
        net_id: int,
        clock: Clock,
        random_bits: Callable[[int], int] = secrets.randbits,
    ) -> None:
        self._journal = journal
        self._region = region
        self._net_id = net_id
        self._random_bits = random_bits
        self._registered: dict[Eui64, Registration] = {}
        self._by_address: defaultdict[DevAddr, list[OpenSession]] = defaultdict(list)
        self._by_device: defaultdict[Eui64, list[OpenSession]] = defaultdict(list)
        self._turns: defaultdict[Name, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._nonces: dict[Eui64, _Nonces] = {}
        self._waiting = 0
        self._answers = Answers(sources, region, clock)
        self.refused: Counter[BadFrameReason] = Counter()
        self.counts: Counter[str] = Counter()
        self.last_heard: dict[Eui64, float] = {}  # monotonic

    async def run(self) -> None:
        """Let answers leave, for as long as the agent runs."""
        await self._answers.run()

    async def load(self) -> None:
        """Read devices and sessions from the journal; again after they changed there.

        A session that is known already keeps its counters: memory may be ahead of the disk, never behind.
        """
        registrations = await self._journal.devices()
        sessions = await self._journal.sessions()
        known = {_name(one.session): one for many in self._by_device.values() for one in many}
        self._registered = {registration.device.dev_eui: registration for registration in registrations}
        self._by_address.clear()
        self._by_device.clear()
        for session in sessions:
            if session.dev_eui in self._registered:
                old = known.get(_name(session))
                self._add(old if old is not None and old.session.keys == session.keys else OpenSession(session))

    def device(self, dev_eui: Eui64) -> Device | None:
        """Return a registered device, as destinations need it."""
        registration = self._registered.get(dev_eui)
        return None if registration is None else registration.device

    def devices(self) -> Sequence[Device]:
        """Return all registered devices."""
        return [registration.device for registration in self._registered.values()]

    async def hear(self, frame: Frame) -> None:
        """Take a frame; return when its uplink is on disk, or when it was dropped for a counted reason."""
        self.counts["frames"] += 1
        try:
            match parse(frame.phy_payload):
                case DataFrame() as data_frame:
                    await self._hear_data(frame, data_frame)
                case JoinRequest() as request:
                    await self._hear_join(frame, request)
                case _:
                    self.refused[BadFrameReason.NOT_SUPPORTED] += 1
        except BadFrame as bad:
            self.refused[bad.reason] += 1

    def status(self) -> Mapping[str, Json]:
        """Return counters since the start."""
        return {
            "devices": len(self._registered),
            "sessions": sum(map(len, self._by_device.values())),
            "counts": dict(self.counts),
            "refused": {str(reason): count for reason, count in self.refused.items()},
            "answers": dict(self._answers.counts),
            "waiting_for_disk": self._waiting,
        }

    # ── data ──

    async def _hear_data(self, frame: Frame, data_frame: DataFrame) -> None:
        opened = open_uplink(frame, data_frame, self._by_address.get(data_frame.dev_addr, ()), self._region)
        self.last_heard[opened.opened.session.dev_eui] = frame.heard_at.monotonic
        must_answer = data_frame.confirmed or data_frame.f_ctrl.adr_ack_req
        match opened:
            case NewUplink():
                await self._keep_uplink(frame, opened, must_answer=must_answer)
            case Repeated():
                self.refused[BadFrameReason.REPEATED] += 1
                if must_answer:
                    await self._answer_again(frame, opened)

    async def _keep_uplink(self, frame: Frame, new: NewUplink, *, must_answer: bool) -> None:
        before, uplink = new.session, new.uplink
        after = replace(before, n_f_cnt_down=before.n_f_cnt_down + 1) if must_answer else before
        new.opened.session = after
        changes = Changes(
            uplinks=(uplink,) if uplink.f_port else (),
            sessions=(after,),
            retired=self._retire(self._before(new.opened)),
        )
        kept = await self._keep_in_turn(after, changes)
        if kept is _Kept.LOST:
            self._unhear(new)
            return
        self.counts["uplinks"] += len(changes.uplinks)
        if must_answer and kept is _Kept.AT_ONCE:
            ack = acknowledge(before, new.opened.ciphers, ack=uplink.confirmed, f_cnt_up=uplink.f_cnt)
            self._answers.send(frame, after, ack)

    async def _answer_again(self, frame: Frame, repeated: Repeated) -> None:
        before = repeated.opened.session
        after = replace(before, n_f_cnt_down=before.n_f_cnt_down + 1)
        repeated.opened.session = after
        if await self._keep_in_turn(after, Changes(sessions=(after,))) is _Kept.AT_ONCE:
            ciphers = repeated.opened.ciphers
            ack = acknowledge(before, ciphers, ack=repeated.confirmed, f_cnt_up=repeated.f_cnt)
            self._answers.send(frame, after, ack)

    def _unhear(self, new: NewUplink) -> None:
        """Let the device's next try of a lost uplink count as new: as a repetition it would be acknowledged."""
        session = new.opened.session
        if session.f_cnt_up == new.session.f_cnt_up:
            new.opened.session = replace(session, f_cnt_up=new.uplink.f_cnt)

    async def _keep_in_turn(self, session: Session, changes: Changes) -> _Kept:
        """Commit after all earlier changes of this session: they are on disk, or were counted as lost, when it begins."""
        async with self._turns[_name(session)]:  # as long as the disk takes nothing: the source bounds who waits
            return await self._keep(changes)

    async def _keep(self, changes: Changes) -> _Kept:
        """Commit; while the disk takes nothing, keep trying."""
        try:
            await self._journal.commit(changes)
        except StorageError as error:
            if self._waiting == 0:
                logger.error("%s: hearing goes on in memory, nothing is acknowledged", error)  # noqa: TRY400 - no bug: no trace
        else:
            return _Kept.AT_ONCE
        if self._waiting >= WAITING_LIMIT:
            self.counts["lost_for_want_of_disk"] += len(changes.uplinks)
            return _Kept.LOST
        self._waiting += 1
        try:
            await self._keep_trying(changes)
        finally:
            self._waiting -= 1
        return _Kept.LATER

    async def _keep_trying(self, changes: Changes) -> None:
        while True:
            await asyncio.sleep(STORAGE_RETRY_S)
            try:
                await self._journal.commit(changes)
            except StorageError:
                continue
            return

    # ── joining ──

    async def _hear_join(self, frame: Frame, request: JoinRequest) -> None:
        registration = self._registered.get(request.dev_eui)
        if registration is None or registration.device.activation is not Activation.OTAA:
            raise BadFrame(BadFrameReason.UNKNOWN_DEVICE, request.dev_eui)
        device, root_keys = registration.device, registration.root_keys
        nonces = await self._nonces_of(device.dev_eui)
        open_join_request(request, device, root_keys, nonces.used)
        join_nonce = nonces.next_join_nonce
        session, accept = answer_join(
            request,
            device,
            root_keys,
            join_nonce=join_nonce,
            net_id=self._net_id,
            dev_addr=self._free_address(),
            region=self._region,
        )
        nonces.used.add(request.dev_nonce)
        nonces.next_join_nonce += 1
        self.last_heard[device.dev_eui] = frame.heard_at.monotonic
        changes = Changes(
            sessions=(session,),
            retired=self._retire(self._never_used(device.dev_eui)[:-1]),
            dev_nonces=((device.dev_eui, request.dev_nonce),),
            join_nonces=((device.dev_eui, nonces.next_join_nonce),),
        )
        kept = await self._keep(changes)
        if kept is _Kept.LOST:
            return
        self._add(OpenSession(session))
        self.counts["joins"] += 1
        logger.info("%s (%s) joins as %s", device.dev_eui, device.name or "no name", session.dev_addr)
        if kept is _Kept.AT_ONCE:
            self._answers.send(frame, None, accept)

    async def _nonces_of(self, dev_eui: Eui64) -> _Nonces:
        """Return a device's nonces, of which memory has the one copy: two join requests may be heard at once."""
        if dev_eui not in self._nonces:
            used, following = await self._journal.dev_nonces(dev_eui), await self._journal.join_nonce(dev_eui)
            self._nonces.setdefault(dev_eui, _Nonces(set(used), following))
        return self._nonces[dev_eui]

    def _free_address(self) -> DevAddr:
        address = new_dev_addr(self._net_id, self._random_bits(32))
        for _ in range(ADDRESS_TRIES):
            if address not in self._by_address:
                break
            address = new_dev_addr(self._net_id, self._random_bits(32))
        return address

    # ── sessions ──

    def _before(self, opened: OpenSession) -> list[OpenSession]:
        """Return the device's sessions that ``opened`` follows. Later ones stay: a copy of an old frame may come slowly."""
        sessions = self._by_device[opened.session.dev_eui]
        return sessions[: sessions.index(opened)] if opened in sessions else []

    def _never_used(self, dev_eui: Eui64) -> list[OpenSession]:
        """Return sessions whose join accepts brought no uplink, the oldest first: the device did not hear them, or not yet."""
        return [one for one in self._by_device[dev_eui] if one.session.f_cnt_up == 0]

    def _add(self, opened: OpenSession) -> None:
        name, address = _name(opened.session), opened.session.dev_addr
        if all(_name(one.session) != name for one in self._by_device[name[0]]):
            self._by_device[name[0]].append(opened)
            self._by_address[address].append(opened)

    def _retire(self, ended: Sequence[OpenSession]) -> tuple[Name, ...]:
        """Forget sessions, and return their names for the journal to forget."""
        for opened in ended:
            session = opened.session
            self._by_device[session.dev_eui].remove(opened)
            sharing = self._by_address[session.dev_addr]
            sharing.remove(opened)
            if not sharing:
                del self._by_address[session.dev_addr]
            self._turns.pop(_name(session), None)
        return tuple(_name(opened.session) for opened in ended)


def _name(session: Session) -> Name:
    return session.dev_eui, session.activation
