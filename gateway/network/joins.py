"""Joining: nonces that are never used twice, addresses, and the session that a join request begins."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Final

from gateway.errors import BadFrame, BadFrameReason
from gateway.journal import Changes, Journal, Registration
from gateway.lorawan.channel_plan import cf_list
from gateway.lorawan.join import answer_join, new_dev_addr, open_join_request
from gateway.lorawan.mac_layer import begin
from gateway.lorawan.phy import JoinRequest
from gateway.lorawan.region import Region
from gateway.model import Activation, DataRate, DevAddr, Eui64
from gateway.network.mac_records import encode
from gateway.network.sessions import LiveSession

ADDRESS_TRIES: Final = (
    16  # draws of a DevAddr; where all are taken two devices share one, and their MICs tell them apart
)


@dataclass(slots=True)
class Nonces:
    """What a device has joined with, and the JoinNonce that its next accept takes."""

    used: set[int]
    next_join_nonce: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A session that was begun, what is to be committed for it, and the join accept."""

    live: LiveSession
    changes: Changes
    accept: bytes


class Joins:
    """The join server of this box."""

    def __init__(self, journal: Journal, region: Region, net_id: int, random_bits: Callable[[int], int]) -> None:
        self._journal = journal
        self._region = region
        self._net_id = net_id
        self._random_bits = random_bits
        self._nonces: dict[Eui64, Nonces] = {}

    def forget(self) -> None:
        """Read nonces from the journal again: devices have changed there."""
        self._nonces.clear()

    async def answer(
        self,
        request: JoinRequest,
        registration: Registration | None,
        data_rate: DataRate,
        taken: Container[DevAddr],
    ) -> Joined:
        """Return what a join request begins; BadFrame says why it begins nothing."""
        if registration is None or registration.device.activation is not Activation.OTAA:
            raise BadFrame(BadFrameReason.UNKNOWN_DEVICE, request.dev_eui)
        device, root_keys = registration.device, registration.root_keys
        nonces = await self._nonces_of(device.dev_eui)
        open_join_request(request, device, root_keys, nonces.used)
        session, accept = answer_join(
            request,
            device,
            root_keys,
            join_nonce=nonces.next_join_nonce,
            net_id=self._net_id,
            dev_addr=self._free_address(taken),
            region=self._region,
        )
        nonces.used.add(request.dev_nonce)
        nonces.next_join_nonce += 1
        number = self._region.data_rate_number(data_rate) or 0
        state = begin(self._region, cf_list(self._region, device.mac_version), data_rate=number)
        changes = Changes(
            sessions=(session,),
            dev_nonces=((device.dev_eui, request.dev_nonce),),
            join_nonces=((device.dev_eui, nonces.next_join_nonce),),
            mac_states=((session.dev_eui, session.activation, encode(state)),),
        )
        return Joined(LiveSession(session, mac=state), changes, accept)

    async def _nonces_of(self, dev_eui: Eui64) -> Nonces:
        """Return a device's nonces, of which memory has the one copy: two join requests may be heard at once."""
        if dev_eui not in self._nonces:
            used, following = await self._journal.dev_nonces(dev_eui), await self._journal.join_nonce(dev_eui)
            self._nonces.setdefault(dev_eui, Nonces(set(used), following))
        return self._nonces[dev_eui]

    def _free_address(self, taken: Container[DevAddr]) -> DevAddr:
        address = new_dev_addr(self._net_id, self._random_bits(32))
        for _ in range(ADDRESS_TRIES):
            if address not in taken:
                break
            address = new_dev_addr(self._net_id, self._random_bits(32))
        return address
