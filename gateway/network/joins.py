"""Joining and rejoining: nonces that are never used twice, addresses, and the session that a request begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from gateway.errors import BadFrame, BadFrameReason
from gateway.journal import Changes, Journal, Registration
from gateway.lorawan.channel_plan import cf_list
from gateway.lorawan.dev_addr import AddressBlock
from gateway.lorawan.join import answer_join, open_join_request
from gateway.lorawan.mac_layer import MacState, Wanted, begin, rejoined
from gateway.lorawan.phy import JoinRequest, RejoinRequest
from gateway.lorawan.region import Region
from gateway.lorawan.rejoin import (
    Rejoin,
    RejoinCounts,
    answer_rejoin,
    ended_by_offer,
    kept_state,
    listens_as,
    open_rejoin_request,
)
from gateway.model import Activation, DataRate, DevAddr, Eui64, Session
from gateway.network.mac_records import encode
from gateway.network.sessions import LiveSession, LiveSessions, name_of

ADDRESS_TRIES: Final = (
    16  # draws of a DevAddr; where all are taken two devices share one, and their MICs tell them apart
)


@dataclass(slots=True)
class Nonces:
    """What a device has joined with, and the JoinNonce that its next accept takes."""

    used: set[int]
    next_join_nonce: int
    read_at: int  # of the journal's states, counted in loads


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A session that was begun, what is to be committed for it, and the join accept; what it puts an end to."""

    live: LiveSession
    changes: Changes
    accept: bytes
    listens_as: Session | None  # where the device waits for the accept; None: as after a join request
    ended: tuple[LiveSession, ...]


class Joins:
    """The join server of this box."""

    def __init__(
        self,
        journal: Journal,
        region: Region,
        net_id: int,
        random_bits: Callable[[int], int],
        wanted: Wanted,
        addresses: AddressBlock | None = None,
    ) -> None:
        self._journal = journal
        self._region = region
        self._net_id = net_id
        self._random_bits = random_bits
        self._wanted = wanted
        self._addresses = addresses or AddressBlock.of_net_id(net_id)
        self._nonces: dict[Eui64, Nonces] = {}
        self._loads = 0

    def read_again(self) -> None:
        """Have nonces read from the journal again: devices have changed there."""
        self._loads += 1

    async def answer(
        self,
        request: JoinRequest,
        registration: Registration | None,
        data_rate: DataRate,
        live: LiveSessions,
    ) -> Joined:
        """Return what a join request begins; BadFrame says why it begins nothing."""
        if registration is None or registration.device.activation is not Activation.OTAA:
            raise BadFrame(BadFrameReason.UNKNOWN_DEVICE, request.dev_eui)
        device = registration.device
        nonces = await self._nonces_of(device.dev_eui)
        sessions = live.of(device.dev_eui)  # only now: while nonces were read they may have changed
        open_join_request(request, device, registration.root_keys, nonces.used)
        session, accept = answer_join(
            request,
            device,
            registration.root_keys,
            join_nonce=nonces.next_join_nonce,
            net_id=self._net_id,
            dev_addr=self._free_address(live),
            region=self._region,
            rx1_delay_s=self._wanted.rx1_delay_s,
            rx1_dr_offset=self._wanted.rx1_dr_offset,
            rx2_data_rate=self._wanted.rx2_data_rate,
        )
        nonces.used.add(request.dev_nonce)
        changes = Changes(dev_nonces=((device.dev_eui, request.dev_nonce),))
        state = replace(self._begun(session, data_rate), join_eui=request.join_eui)
        ended = tuple(one for one in sessions if one.is_unused)[:-1]
        return self._joined(session, state, accept, changes, nonces, ended=ended)

    async def answer_again(
        self,
        request: RejoinRequest,
        registration: Registration | None,
        data_rate: DataRate,
        live: LiveSessions,
    ) -> Joined:
        """Return what a rejoin request of LoRaWAN 1.1 begins; BadFrame says why it begins nothing."""
        if registration is None:
            raise BadFrame(BadFrameReason.UNKNOWN_DEVICE, request.dev_eui)
        device, root_keys = registration.device, registration.root_keys
        nonces, count = await self._nonces_of(device.dev_eui), await self._count(request)
        sessions = live.of(device.dev_eui)  # only now: while nonces were read they may have changed
        joined_with = next((one.mac.join_eui for one in reversed(sessions) if one.mac.join_eui is not None), None)
        counts = RejoinCounts(of_sessions=_counts(sessions), of_device=count)
        known = [one.session for one in sessions]
        rejoin = open_rejoin_request(request, device, root_keys, known, counts, joined_with=joined_with)
        session, accept = answer_rejoin(
            rejoin,
            device,
            root_keys,
            join_nonce=nonces.next_join_nonce,
            net_id=self._net_id,
            dev_addr=self._free_address(live),
            region=self._region,
            rx1_delay_s=self._wanted.rx1_delay_s,
            rx1_dr_offset=self._wanted.rx1_dr_offset,
            rx2_data_rate=self._wanted.rx2_data_rate,
        )
        signer = next((one for one in sessions if one.session == rejoin.session), None)
        changes = _counted(rejoin, signer)
        state = kept_state(signer.mac) if rejoin.keeps_radio and signer else self._begun(session, data_rate)
        state = replace(state, join_eui=rejoin.join_eui)
        gone = {name_of(one) for one in ended_by_offer(known, rejoin, counts.of_sessions.keys())}
        ended = tuple(one for one in sessions if name_of(one.session) in gone)
        return self._joined(session, state, accept, changes, nonces, ended=ended, listens_as=listens_as(rejoin))

    def _begun(self, session: Session, data_rate: DataRate) -> MacState:
        number = self._region.data_rate_number(data_rate) or 0
        return begin(self._region, cf_list(self._region, session.mac_version), data_rate=number)

    def _joined(
        self,
        session: Session,
        state: MacState,
        accept: bytes,
        changes: Changes,
        nonces: Nonces,
        *,
        ended: tuple[LiveSession, ...],
        listens_as: Session | None = None,
    ) -> Joined:
        nonces.next_join_nonce += 1
        changes = changes._replace(
            sessions=(session,),
            join_nonces=((session.dev_eui, nonces.next_join_nonce),),
            mac_states=(*changes.mac_states, (*name_of(session), encode(state))),
        )
        live = LiveSession(session, mac=state)
        return Joined(live=live, changes=changes, accept=accept, listens_as=listens_as, ended=ended)

    async def _nonces_of(self, dev_eui: Eui64) -> Nonces:
        """Return a device's nonces, of which memory has the one copy: two join requests may be heard at once.

        What is read again is added to it: a join that is not on disk yet has used its nonces all the same.
        """
        nonces, loads = self._nonces.get(dev_eui), self._loads
        if nonces is not None and nonces.read_at == loads:
            return nonces
        used, following = await self._journal.dev_nonces(dev_eui), await self._journal.join_nonce(dev_eui)
        nonces = self._nonces.setdefault(dev_eui, Nonces(set(), 0, loads))
        nonces.used |= used
        nonces.next_join_nonce = max(nonces.next_join_nonce, following)
        nonces.read_at = max(nonces.read_at, loads)
        return nonces

    async def _count(self, request: RejoinRequest) -> int | None:
        if request.join_eui is None:
            return None
        return await self._journal.rejoin_count(request.dev_eui, request.join_eui)

    def _free_address(self, live: LiveSessions) -> DevAddr:
        address = self._addresses.address(self._random_bits(32))
        for _ in range(ADDRESS_TRIES):
            if not live.at(address):
                break
            address = self._addresses.address(self._random_bits(32))
        return address


def _counts(sessions: Iterable[LiveSession]) -> dict[str, int]:
    return {one.session.activation: one.mac.rj_count0 for one in sessions if one.mac.rj_count0 is not None}


def _counted(rejoin: Rejoin, signer: LiveSession | None) -> Changes:
    """Return what must never be taken again; the session's own count moves in memory at once."""
    request = rejoin.request
    if signer is None:
        return Changes(rejoin_counts=((request.dev_eui, rejoin.join_eui, request.rj_count),))
    signer.mac = replace(rejoined(signer.mac), rj_count0=request.rj_count)
    return Changes(mac_states=((*name_of(signer.session), encode(signer.mac)),))
