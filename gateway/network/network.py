"""The network: frames meet their sessions, uplinks reach the journal, answers leave in time.

`lorawan/` decides; this room remembers. Sessions live in memory and, one transaction with each uplink, in the
journal; nothing is answered that is not on disk (design, laws 2 and 4).

    frame ─► proved, new ─► MAC layer ─► downlink composed ─► one commit ─► transmitters ─► what became of it
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from gateway.errors import BadFrame, BadFrameReason
from gateway.journal import Changes, Event, Journal, Registration
from gateway.lorawan.dev_addr import AddressBlock
from gateway.lorawan.mac_layer import Wanted
from gateway.lorawan.phy import MIC_OCTETS, DataFrame, JoinRequest, RejoinRequest, parse
from gateway.lorawan.region import Region
from gateway.lorawan.sessions import NewUplink, Proved, Repeated, new_uplink
from gateway.model import Clock, Device, Eui64, Frame, Json, TimeQuality
from gateway.network.air_record import AirRecord
from gateway.network.beside import Beside
from gateway.network.claiming import claim
from gateway.network.dispatch import Dispatch, Parts
from gateway.network.downlinks import DownlinkQueue
from gateway.network.joining import Joining
from gateway.network.joins import Joins
from gateway.network.keeping import Keeping, Kept
from gateway.network.mac import MacLayer
from gateway.network.mac_records import encode
from gateway.network.refused import NOBODYS, REFUSALS_KEPT, Refused
from gateway.network.rejoining import force_rejoin
from gateway.network.restarting import Restarting
from gateway.network.restoring import Stored, Unread, restore
from gateway.network.sessions import LiveSession, LiveSessions, name_of
from gateway.network.transmitters import Transmitters
from gateway.network.unclaimed import UnclaimedFrames
from gateway.sources import Source

logger = logging.getLogger(__name__)


class Network:
    """The network of this box's own devices.

    ``hear`` may be called many times at once. A counter moves in memory at once, and on disk with its uplink; the
    commits of one session keep their order, so that no counter is on disk before the uplink it counts.
    ``random_bits`` fill DevAddrs, which lie in ``addresses`` (all of the NetID's where it is None). ``wanted`` None is
    what the region's defaults make.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        sources: Mapping[str, Source],
        region: Region,
        net_id: int,
        clock: Clock,
        trust: TimeQuality = TimeQuality.NTP,
        random_bits: Callable[[int], int] = secrets.randbits,
        antenna_gain_dbi: Callable[[str], float] = lambda _: 0.0,
        addresses: AddressBlock | None = None,
        wanted: Wanted | None = None,
        lawful: bool = True,
    ) -> None:
        wanted = wanted or Wanted.of(region)
        self._journal = journal
        self._region = region
        self._clock = clock
        self._registered: dict[Eui64, Registration] = {}
        self._unread = Unread()
        self._reading = asyncio.Lock()  # one after the other, lest what was read first be taken last
        self._sessions = LiveSessions()
        self._keeping = Keeping(journal)
        self._joins = Joins(journal, region, net_id, random_bits, wanted, addresses)
        self._transmitters = Transmitters(sources, region, clock, antenna_gain_dbi, lawful=lawful)
        self._air = AirRecord(journal.box, region, clock)
        self.queue = DownlinkQueue()
        self._mac = MacLayer(region, self.queue, trust, wanted, self.device, self._transmitters.leisure.grant)
        self._restarting = Restarting(self._sessions, self.device, region, clock)
        self.unclaimed = UnclaimedFrames(journal)
        self.dispatch = Dispatch(
            Parts(
                journal=journal,
                keeping=self._keeping,
                queue=self.queue,
                mac=self._mac,
                transmitters=self._transmitters,
                region=region,
                clock=clock,
                class_c=self._class_c,
            )
        )
        self.last_heard: dict[Eui64, float] = {}  # monotonic
        self.beside = Beside(
            registered=self._registration,
            sessions=self._sessions,
            transmitters=self._transmitters,
            keeping=self._keeping,
            region=region,
            clock=clock,
        )
        self._joining = Joining(
            registered=self._registration,
            sessions=self._sessions,
            joins=self._joins,
            keeping=self._keeping,
            dispatch=self.dispatch,
            beside=self.beside,
            clock=clock,
            counts=self._keeping.counts,
            last_heard=self.last_heard,
        )
        self.refused: Counter[BadFrameReason] = Counter()
        self.refusals: deque[Refused] = deque(maxlen=REFUSALS_KEPT)
        self.counts: Counter[str] = self._keeping.counts

    async def run(self) -> None:
        """Let answers and queued downlinks leave, for as long as the agent runs."""
        self._transmitters.begin_with(await self._air.read())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.unclaimed.run(), name="frames of nobody")
            tasks.create_task(self.dispatch.run(), name="downlinks")
            tasks.create_task(self._air.run(self._transmitters.ledgers), name="air record")

    async def load(self, only: Collection[Eui64] | None = None) -> None:
        """Read devices, sessions and open downlinks from the journal; again after they changed there, of ``only`` some devices.

        Frames of nobody that a new session verifies become uplinks, with the time they were heard at.
        """
        self._unread.add(only)
        async with self._reading:  # no limit of its own: it is held while the journal is read, and no longer
            with self._unread.taken() as wanted:
                fresh = self._take(await Stored.read(self._journal, wanted))
        gone = [dev_eui for dev_eui in self.queue.devices() if dev_eui not in self._registered]
        if gone:
            await self.dispatch.drop([one.id for dev_eui in gone for one in self.queue.of(dev_eui)])
        self._joins.read_again()
        if claimed := await claim(fresh, self._sessions, self.unclaimed, self._keeping, self._region):
            self.counts["claimed"] += claimed

    def _take(self, stored: Stored) -> Sequence[LiveSession]:
        """Know what the journal has of the devices that were read, and return the sessions that are new."""
        only = stored.only
        others = {} if only is None else {eui: one for eui, one in self._registered.items() if eui not in only}
        self._registered = dict(sorted({**others, **stored.registered}.items()))
        self._restarting.load(stored.abp_activations)
        self.queue.load(stored.downlinks, stored.last_downlink)
        return restore(stored, self._sessions, self._journal, self._region)

    def _registration(self, dev_eui: Eui64) -> Registration | None:
        return self._registered.get(dev_eui)

    def device(self, dev_eui: Eui64) -> Device | None:
        """Return a registered device, as destinations need it."""
        registration = self._registered.get(dev_eui)
        return None if registration is None else registration.device

    def devices(self) -> Sequence[Device]:
        """Return all registered devices."""
        return [registration.device for registration in self._registered.values()]

    def session(self, dev_eui: Eui64) -> LiveSession | None:
        """Return the session that a device uses."""
        return self._sessions.current(dev_eui)

    async def hear(self, frame: Frame) -> None:
        """Take a frame; return when its uplink is on disk, or when it was dropped for a counted reason."""
        self.counts["frames"] += 1
        self._transmitters.note(frame.receptions)
        try:
            match self._restarting.prove(frame.phy_payload) or parse(frame.phy_payload):
                case Proved() as proved:  # as nearly all are that our own devices send
                    await self._keep_uplink(frame, new_uplink(frame, proved), proved.opened)
                case DataFrame() as data_frame:
                    await self._hear_data(frame, data_frame)
                case JoinRequest() | RejoinRequest() as request:
                    await self._joining.hear(frame, request)
                case other:
                    self._refuse(frame, BadFrame(BadFrameReason.NOT_SUPPORTED, type(other).__name__))
        except BadFrame as bad:
            self._refuse(frame, bad)

    def status(self) -> Mapping[str, Json]:
        """Return counters since the start."""
        sent = self._transmitters.status()
        return {
            "devices": len(self._registered),
            "sessions": len(self._sessions),
            "counts": dict(self.counts),
            "refused": {str(reason): count for reason, count in self.refused.items()},
            "answers": sent["counts"],
            "duty_cycle": sent["duty_cycle"],
            "downlinks_waiting": len(self.queue),
            "downlinks": dict(self.queue.states),
            "unclaimed": dict(self.unclaimed.counts),
            "beside": self.beside.status(),
            "waiting_for_disk": self._keeping.waiting,
        }

    # ── data ──

    async def _hear_data(self, frame: Frame, data_frame: DataFrame) -> None:
        opened = self._restarting.open(frame, data_frame)
        live = opened.opened
        assert isinstance(live, LiveSession)
        match opened:
            case NewUplink():
                await self._keep_uplink(frame, opened, live)
            case Repeated():
                self._note(frame, live)
                self.refused[BadFrameReason.REPEATED] += 1
                wants_answer = self._is_ours(live) and (data_frame.confirmed or data_frame.f_ctrl.adr_ack_req)
                if wants_answer and self._restarting.is_repetition(live, frame):
                    await self._answer_again(frame, opened, live)

    def _is_ours(self, live: LiveSession) -> bool:
        """Tell whether the agent is the network of a device whose frame it can read."""
        if not self.beside.is_left_to_a_server(live.session.dev_eui):
            return True
        self.beside.proved(live.session.dev_eui)
        return False

    def _note(self, frame: Frame, live: LiveSession) -> None:
        self.last_heard[live.session.dev_eui] = frame.heard_at.monotonic
        live.last = frame

    async def _answer_again(self, frame: Frame, repeated: Repeated, live: LiveSession) -> None:
        async with live.turn:
            if live.safe_f_cnt_up <= repeated.f_cnt:
                return  # the first one was lost while this one waited for its turn: the device's next try is new
            composed = self._mac.again(live, repeated.f_cnt, ack=repeated.confirmed)
            live.session = composed.session
            # Memory may have heard more, which waits for its turn behind this: its counter goes with it, not with this.
            on_disk = replace(composed.session, f_cnt_up=repeated.f_cnt + 1)
            kept = await self._keeping.keep(Changes(sessions=(on_disk,)))
        if kept is Kept.AT_ONCE:
            self.dispatch.answer(frame, composed.answer)

    async def _keep_uplink(self, frame: Frame, new: NewUplink, live: LiveSession) -> None:
        self._note(frame, live)
        before, now, uplink = live.mac, self._clock().utc, new.uplink
        live.proved = frame.phy_payload[:-MIC_OCTETS]
        is_ours = self._is_ours(live)
        taken = self._mac.take(live, new, frame, now) if is_ours else self._mac.untaken(live, new)
        taken = replace(taken, state=self._restarting.noted(live, taken.state, frame, uplink.f_cnt))
        answered = self.queue.heard(uplink.dev_eui, ack=new.f_ctrl.ack)
        composed = self._mac.compose(live, taken, frame, new, now) if is_ours else None
        live.session, live.mac = (
            (taken.session, taken.state) if composed is None else (composed.session, composed.state)
        )
        downlink, begun = None if composed is None else composed.downlink, self._restarting.changes(live)
        kept = await self._keep_in_turn(
            live,
            Changes(
                uplinks=(uplink,) if uplink.f_port else (),
                sessions=(live.session,),
                retired=(*begun.retired, *self._sessions.retire(self._sessions.before(live))),
                begun=begun.begun,
                abp_activations=begun.abp_activations,
                mac_states=() if live.mac == before else ((*name_of(live.session), encode(live.mac)),),
                downlinks=answered if downlink is None else (*answered, downlink),
                events=(*begun.events, *(Event(uplink.dev_eui, now, note) for note in taken.notes)),
            ),
        )
        if kept is Kept.LOST:
            self._unhear(new, live)
        else:
            self._restarting.kept(live)
            self.counts["uplinks"] += uplink.f_port > 0
        await self.dispatch.let_go(frame, composed, kept)

    def _unhear(self, new: NewUplink, live: LiveSession) -> None:
        """Let the device's next try of a lost uplink count as new: as a repetition it would be acknowledged."""
        if live.session.f_cnt_up == new.session.f_cnt_up:
            live.session = replace(live.session, f_cnt_up=new.uplink.f_cnt)

    async def _keep_in_turn(self, live: LiveSession, changes: Changes) -> Kept:
        """Commit after all earlier changes of this session: they are on disk, or were counted as lost, when it begins."""
        async with live.turn:  # as long as the disk takes nothing: the source bounds who waits
            kept = await self._keeping.keep(changes)
            if kept is not Kept.LOST:
                live.safe_f_cnt_up = changes.sessions[0].f_cnt_up
            return kept

    def _refuse(self, frame: Frame, bad: BadFrame) -> None:
        self.refused[bad.reason] += 1
        self.refusals.append(Refused(frame, bad.reason, str(bad)))
        if bad.reason in NOBODYS:
            self.unclaimed.keep(frame)

    # ── sessions ──

    def _class_c(self, dev_eui: Eui64) -> LiveSession | None:
        live, device = self._sessions.current(dev_eui), self.device(dev_eui)
        if (
            live is None
            or device is None
            or device.answered_by
            or "C" not in {device.device_class, live.mac.device_class}
        ):
            return None
        return live

    async def force_rejoin(self, live: LiveSession, rejoin_type: int) -> None:
        """Have a device rejoin; see `gateway.network.rejoining`."""
        await force_rejoin(self._journal, live, rejoin_type)
