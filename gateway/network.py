"""The network's stateful side: frames meet their sessions, uplinks reach the journal, answers leave in time.

`lorawan/` decides; this room remembers. Sessions live in memory and, one transaction with each uplink, in the
journal; nothing is answered that is not on disk (design, laws 2 and 4).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.errors import BadFrame, BadFrameReason, StorageError
from gateway.journal import Changes, Journal, Registration
from gateway.lorawan.downlink import acknowledge, receive_windows
from gateway.lorawan.join import answer_join, open_join_request
from gateway.lorawan.phy import DataFrame, JoinRequest, parse
from gateway.lorawan.region import Region
from gateway.lorawan.sessions import NewUplink, OpenSession, Repeated, open_uplink
from gateway.model import Activation, Clock, DevAddr, Device, Eui64, Frame, Json, Session, TxRequest, TxResult
from gateway.sources import Source

logger = logging.getLogger(__name__)

WAITING_LIMIT = 5_000  # frames kept in memory while the disk takes nothing; about 10 MB, 45 s of a full radio
STORAGE_RETRY = 1.0  # seconds between two tries at a disk that takes nothing
LEAD = 0.1  # seconds a forwarder needs before a slot: 42.5 ms for an SX1302, the rest for the way there


class Network:
    """The network of this box's own devices.

    ``hear`` may be called many times at once; one device's frames are told apart by their counters, which move in
    memory at once and on disk with their uplink.
    """

    def __init__(
        self, *, journal: Journal, sources: Mapping[str, Source], region: Region, net_id: int, clock: Clock
    ) -> None:
        self._journal = journal
        self._sources = sources
        self._region = region
        self._net_id = net_id
        self._clock = clock
        self._registered: dict[Eui64, Registration] = {}
        self._by_address: dict[DevAddr, list[OpenSession]] = {}
        self._by_device: dict[Eui64, list[OpenSession]] = {}
        self._dev_nonces: dict[Eui64, frozenset[int]] = {}
        self._waiting = 0
        self._answers: asyncio.TaskGroup | None = None
        self.refused: Counter[BadFrameReason] = Counter()
        self.counts: Counter[str] = Counter()
        self.last_heard: dict[Eui64, float] = {}  # monotonic

    async def run(self) -> None:
        """Give answers a task group to live in, for as long as the agent runs."""
        async with asyncio.TaskGroup() as self._answers:
            await asyncio.Event().wait()  # no limit: ends by cancellation

    async def load(self) -> None:
        """Read devices and sessions from the journal; again after they changed there.

        A session that is known already keeps its counters: memory may be ahead of the disk, never behind.
        """
        self._registered = {registration.device.dev_eui: registration for registration in await self._journal.devices()}
        known = {
            (one.session.dev_eui, one.session.activation): one for many in self._by_device.values() for one in many
        }
        self._by_address, self._by_device = {}, {}
        for session in await self._journal.sessions():
            if session.dev_eui in self._registered:
                old = known.get((session.dev_eui, session.activation))
                keep = old is not None and old.session.keys == session.keys
                self._add(old if old is not None and keep else OpenSession(session))
        self._dev_nonces.clear()

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
                case other:
                    raise BadFrame(BadFrameReason.NOT_SUPPORTED, type(other).__name__)
        except BadFrame as bad:
            self.refused[bad.reason] += 1

    def status(self) -> Mapping[str, Json]:
        """Return counters since the start."""
        return {
            "devices": len(self._registered),
            "sessions": sum(map(len, self._by_device.values())),
            "counts": dict(self.counts),
            "refused": {str(reason): count for reason, count in self.refused.items()},
            "waiting_for_disk": self._waiting,
        }

    # ── data ──

    async def _hear_data(self, frame: Frame, data_frame: DataFrame) -> None:
        sessions = self._by_address.get(data_frame.dev_addr)
        if sessions is None:
            raise BadFrame(BadFrameReason.UNKNOWN_DEV_ADDR, data_frame.dev_addr)
        opened = open_uplink(frame, data_frame, sessions)
        self.last_heard[opened.opened.session.dev_eui] = frame.heard_at.monotonic
        match opened:
            case NewUplink():
                await self._keep_uplink(frame, data_frame, opened)
            case Repeated():
                self.refused[BadFrameReason.REPEATED] += 1
                if data_frame.confirmed or data_frame.f_ctrl.adr_ack_req:
                    await self._answer_again(frame, opened)

    async def _keep_uplink(self, frame: Frame, data_frame: DataFrame, new: NewUplink) -> None:
        must_answer = data_frame.confirmed or data_frame.f_ctrl.adr_ack_req
        before = new.session
        after = replace(before, n_f_cnt_down=before.n_f_cnt_down + 1) if must_answer else before
        new.opened.session = after
        retired = self._retire_others(new.opened)
        uplinks = (new.uplink,) if new.uplink.f_port else ()
        changes = Changes(
            uplinks=uplinks, sessions=(after,), retired=tuple((old.dev_eui, old.activation) for old in retired)
        )
        at_once = await self._keep(changes)
        self.counts["uplinks"] += len(uplinks)
        if must_answer and at_once:
            acked = data_frame.confirmed
            self._answer(frame, after, acknowledge(before, new.opened.ciphers, ack=acked, f_cnt_up=new.uplink.f_cnt))

    async def _answer_again(self, frame: Frame, repeated: Repeated) -> None:
        before = repeated.opened.session
        after = replace(before, n_f_cnt_down=before.n_f_cnt_down + 1)
        repeated.opened.session = after
        if await self._keep(Changes(sessions=(after,))):
            ciphers = repeated.opened.ciphers
            phy_payload = acknowledge(before, ciphers, ack=repeated.confirmed, f_cnt_up=repeated.f_cnt)
            self._answer(frame, after, phy_payload)

    async def _keep(self, changes: Changes) -> bool:
        """Commit; while the disk takes nothing, keep trying. Return whether the first try did it: only then is there time to answer."""
        try:
            await self._journal.commit(changes)
        except StorageError as error:
            if self._waiting == 0:
                logger.error("the disk takes nothing (%s): hearing goes on in memory, nothing is acknowledged", error)
        else:
            return True
        if self._waiting >= WAITING_LIMIT:
            self.counts["lost_for_want_of_disk"] += len(changes.uplinks)
            return False
        self._waiting += 1
        try:
            await self._keep_trying(changes)
        finally:
            self._waiting -= 1
        return False

    async def _keep_trying(self, changes: Changes) -> None:
        while True:
            await asyncio.sleep(STORAGE_RETRY)
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
        device = registration.device
        used = await self._used_nonces(device.dev_eui)
        open_join_request(request, device, registration.root_keys, used)
        join_nonce = await self._journal.join_nonce(device.dev_eui)
        session, accept = answer_join(
            request,
            device,
            registration.root_keys,
            join_nonce=join_nonce,
            net_id=self._net_id,
            dev_addr=self._free_address(),
            region=self._region,
        )
        self._dev_nonces[device.dev_eui] = used | {request.dev_nonce}
        changes = Changes(
            sessions=(session,),
            dev_nonces=((device.dev_eui, request.dev_nonce),),
            join_nonces=((device.dev_eui, join_nonce + 1),),
        )
        at_once = await self._keep(changes)
        self._add(OpenSession(session))
        self.counts["joins"] += 1
        if at_once:
            self._answer(frame, None, accept)
