"""An end device: born with keys, it joins or is personalised, and then speaks and listens."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Final, Self

from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.mac_commands import DeviceModeInd, ForceRejoinReq, MacCommand, RekeyInd, ResetInd
from gateway.lorawan.mac_commands.v1_0 import BATTERY_UNKNOWN
from gateway.lorawan.mac_commands.v1_1 import CLASS_C, MINOR_1_1
from gateway.lorawan.phy import DataFrame, JoinAccept
from gateway.model import DevAddr, Eui64, Key, MacVersion, SessionKeys
from simulators.end_device import joining
from simulators.end_device.conversation import Conversation
from simulators.end_device.joining import JOIN, REJOIN_KEEPING_RADIO, Asked, Credentials
from simulators.end_device.obeying import Circumstances
from simulators.end_device.sealing import Activated, Counters, SignedUplink, parsed
from simulators.end_device.setting import (
    Setting,
    granted,
    hop,
    hop_to_join,
    hop_to_rejoin,
    initial,
    join_windows,
    rejoin_windows,
    windows,
)
from simulators.end_device.values import Downlink, Listening, Make, NotActivated, OnAir

NO_JOIN_EUI: Final = Eui64("0000000000000000")
DEV_NONCES: Final = 1 << 16
SNR_DB: Final = 7.0  # of a downlink, where the caller has no better one
AS_MADE: Final = Make()
AFTER_RESET, AFTER_JOIN = (
    ResetInd(minor=MINOR_1_1),
    RekeyInd(minor=MINOR_1_1),
)  # what a 1.1 device tells until confirmed
_NONCES_COUNT: Final = frozenset({MacVersion.V1_0_4, MacVersion.V1_1})  # DevNonce and JoinNonce grow


class EndDevice:
    """One device; its counters are its state. ``random`` gives keys and nonces: the same seed, the same device.

    After each frame `on_air` says how it is sent, and `listening` where the device hears the answer.
    """

    def __init__(
        self,
        dev_eui: Eui64,
        *,
        join_eui: Eui64 = NO_JOIN_EUI,
        app_key: Key | None = None,
        nwk_key: Key | None = None,
        mac_version: MacVersion = MacVersion.V1_0_3,
        random: Random | None = None,
        make: Make = AS_MADE,
    ) -> None:
        self._random = random or Random(dev_eui)
        self._hops = Random(f"{dev_eui}/channels")  # its own, so that keys and nonces do not depend on frames
        self.dev_eui = dev_eui
        self.join_eui = join_eui
        self.app_key = app_key or Key(self._random.randbytes(16))
        self.nwk_key = (nwk_key or Key(self._random.randbytes(16))) if mac_version is MacVersion.V1_1 else None
        self.mac_version = mac_version
        self.make = make
        self.adr = make.adr
        self.battery = BATTERY_UNKNOWN  # as DevStatusAns says it
        self.dev_nonce = -1  # the last one used
        self.rejoin_counts = [0, 0]  # the next RJcount0 and RJcount1
        self._used_nonces: set[int] = set()
        self._asked: Asked | None = None
        self.join_nonce: int | None = None  # of the accept that gave the session; None where none did
        self._last_join_nonce = -1  # kept for ever where JoinNonces must grow
        self.net_id = 0
        self.keys: SessionKeys | None = None
        self._conversation: Conversation | None = None
        self.on_air: OnAir = hop_to_join(self.setting, self._hops)
        self._listens = partial(join_windows, self.setting, self.on_air)  # worked out only where somebody asks

    @classmethod
    def abp(
        cls,
        dev_eui: Eui64,
        dev_addr: DevAddr,
        keys: SessionKeys | None = None,
        *,
        mac_version: MacVersion = MacVersion.V1_0_3,
        random: Random | None = None,
        make: Make = AS_MADE,
    ) -> Self:
        """Return a personalised device; keys that are not given are drawn."""
        device = cls(dev_eui, mac_version=mac_version, random=random, make=make)
        device.keys = keys or device._drawn_keys()
        device._begin(Activated.of(dev_addr, mac_version, device.keys), device.setting, Counters(), AFTER_RESET)
        return device

    def _drawn_keys(self) -> SessionKeys:
        one, two, three, four = (Key(self._random.randbytes(16)) for _ in range(4))
        if self.mac_version is not MacVersion.V1_1:
            return SessionKeys.v1_0(nwk_s_key=one, app_s_key=two)
        return SessionKeys(f_nwk_s_int_key=one, s_nwk_s_int_key=two, nwk_s_enc_key=three, app_s_key=four)

    def restart(self) -> None:
        """Lose power: an OTAA device must join again, a personalised one knows what it was personalised with."""
        lost, self._conversation = self._conversation, None
        if self.join_nonce is not None:
            self.keys = self.join_nonce = self._asked = None
        elif lost is not None:
            counters = Counters() if self.make.oddities.forgets_counters else lost.counters
            self._begin(lost.activated, self.setting, counters, AFTER_RESET)

    def _begin(self, activated: Activated, setting: Setting, counters: Counters, tells: MacCommand) -> None:
        self._conversation = Conversation(activated, setting, counters)
        if activated.is_v1_1:
            self._conversation.owed.tell(tells)
            if self.make.device_class == "C":
                self._conversation.owed.tell(DeviceModeInd(device_class=CLASS_C))

    # ── what it is ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def setting(self) -> Setting:
        """How it sends and listens."""
        if self._conversation is None:
            return initial(self.make.region, self.make.data_rate)
        return self._conversation.setting

    @property
    def listening(self) -> Listening:
        """Where it listens after its last frame."""
        return self._listens()

    @property
    def dev_addr(self) -> DevAddr | None:
        """The address of its session; None before it has one."""
        return None if self._conversation is None else self._conversation.activated.dev_addr

    @property
    def f_cnt_up(self) -> int:
        """The counter of the next uplink."""
        return 0 if self._conversation is None else self._conversation.counters.up

    @f_cnt_up.setter
    def f_cnt_up(self, f_cnt: int) -> None:
        self._talk().counters.up = f_cnt

    @property
    def f_cnt_down(self) -> int:
        """The next counter that is taken (1.1: of the network)."""
        return 0 if self._conversation is None else self._conversation.counters.down

    @f_cnt_down.setter
    def f_cnt_down(self, f_cnt: int) -> None:
        self._talk().counters.down = f_cnt

    @property
    def rx1_delay_s(self) -> int:
        """The seconds from an uplink's end to RX1."""
        return self.setting.rx1_delay_s

    @property
    def rx1_dr_offset(self) -> int:
        """RX1DROffset."""
        return self.setting.rx1_dr_offset

    @property
    def rx2_data_rate(self) -> int:
        """The number of RX2's data rate."""
        return self.setting.rx2_data_rate

    @property
    def channels_hz(self) -> tuple[int, ...]:
        """The frequencies of the channels that the network gave."""
        given = self.setting.plan.channels[len(self.make.region.default_channels) :]
        return tuple(channel.frequency_hz for channel in given if channel is not None)

    @property
    def rejoin_wanted(self) -> ForceRejoinReq | None:
        """What the network wants of a rejoin; the caller asks when it suits."""
        return None if self._conversation is None else self._conversation.rejoin_wanted

    # ── joining ─────────────────────────────────────────────────────────────────────────────────────────────────

    def join_request(self) -> bytes:
        """Return a join request with a DevNonce never used before."""
        if not (self.make.oddities.repeats_dev_nonce and self._used_nonces):
            self.dev_nonce = self._fresh_nonce()
            self._used_nonces.add(self.dev_nonce)
        self._asked = Asked(JOIN, self.dev_nonce)
        self.on_air = hop_to_join(self.setting, self._hops)
        self._listens = partial(join_windows, self.setting, self.on_air)
        return joining.join_request(self._credentials(), self.dev_nonce)

    def _fresh_nonce(self) -> int:
        if self.mac_version in _NONCES_COUNT:
            return self.dev_nonce + 1
        nonce = self._random.randrange(DEV_NONCES)
        while nonce in self._used_nonces:
            nonce = self._random.randrange(DEV_NONCES)
        return nonce

    def rejoin_request(self, rejoin_type: int) -> bytes:
        """Return a rejoin request of type 0, 1 or 2 (1.1); the session lasts until it is accepted."""
        talk = self._talk()
        assert self.keys is not None
        assert talk.activated.is_v1_1, f"LoRaWAN {talk.activated.mac_version} has no rejoin requests"
        which = rejoin_type == 1
        self._asked = Asked(rejoin_type, self.rejoin_counts[which])
        self.rejoin_counts[which] += 1
        self.on_air = hop_to_rejoin(self.setting, self._hops, rejoin_type, talk.rejoin_wanted)
        self._listens = partial(rejoin_windows, self.setting, self.on_air)
        talk.rejoin_wanted = None
        return joining.rejoin_request(self._credentials(), self._asked, self.net_id, self.keys.s_nwk_s_int_key)

    def accept(self, phy_payload: bytes) -> bool:
        """Take a join accept that answers the last request; False, and nothing changed, where it is not for us."""
        frame, asked = parsed(phy_payload), self._awaited()
        if asked is None or not isinstance(frame, JoinAccept):
            return False
        content = joining.open_accept(self._credentials(), asked, frame.encrypted)
        if content is not None and self._is_new(content):
            self._joined(content, asked)
            return True
        return False

    def _awaited(self) -> Asked | None:
        """Return the question that is not answered yet; before the first join the caller may have set the DevNonce."""
        if self._asked is None and self._last_join_nonce < 0 <= self.dev_nonce:
            return Asked(JOIN, self.dev_nonce)
        return self._asked

    def _is_new(self, content: JoinAcceptContent) -> bool:
        return self.mac_version not in _NONCES_COUNT or content.join_nonce > self._last_join_nonce

    def _joined(self, content: JoinAcceptContent, asked: Asked) -> None:
        who = self._credentials()
        setting = self.setting if asked.kind == REJOIN_KEEPING_RADIO else granted(self.setting, content)
        self.keys = joining.session_keys(who, asked, content)
        version = joining.spoken_version(who, content, self.mac_version)
        self._begin(Activated.of(content.dev_addr, version, self.keys), setting, Counters(), AFTER_JOIN)
        self.join_nonce = self._last_join_nonce = content.join_nonce
        self.net_id, self._asked, self.rejoin_counts[0] = content.net_id, None, 0

    def _credentials(self) -> Credentials:
        return Credentials(dev_eui=self.dev_eui, join_eui=self.join_eui, app_key=self.app_key, nwk_key=self.nwk_key)

    # ── data ────────────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, question: MacCommand) -> None:
        """Ask something (LinkCheckReq, DeviceTimeReq) with the next uplink."""
        self._talk().owed.ask(question)

    def uplink(self, f_port: int | None, payload: bytes, *, confirmed: bool = False, f_opts: bytes = b"") -> bytes:
        """Return the next uplink with all that is owed; FPort 0 carries MAC commands, FPort None nothing.

        ``f_opts`` goes before what is owed. More than 15 octets of it go on FPort 0 where there is no payload, else what
        has no room is left out: the network asks again.
        """
        return self._sent(self._talk().uplink(f_port, payload, confirmed=confirmed, f_opts=f_opts, adr=self.adr))

    def repeat(self) -> bytes:
        """Return the last uplink again, perhaps on another channel: no answer was heard, or NbTrans asks for it."""
        last = self._talk().last
        assert last is not None, f"{self.dev_eui} has sent nothing yet"
        return self._sent(last)

    def _sent(self, uplink: SignedUplink) -> bytes:
        self.on_air = hop(self.setting, self._hops)
        self._listens = partial(windows, self.setting, self.on_air, self.make.device_class)
        return self._talk().activated.sealed(uplink, self.on_air)

    def hear(self, phy_payload: bytes, *, snr_db: float = SNR_DB) -> Downlink | None:
        """Take a downlink; None, and nothing changed, where it is not for us, not proved or not new."""
        talk, frame = self._talk(), parsed(phy_payload)
        if not isinstance(frame, DataFrame):
            return None
        circumstances = Circumstances(
            mac_version=talk.activated.mac_version,
            adr=self.adr,
            battery=self.battery,
            snr_db=snr_db,
            oddities=self.make.oddities,
        )
        return talk.hear(frame, circumstances)

    def _talk(self) -> Conversation:
        if self._conversation is None:
            raise NotActivated(f"{self.dev_eui} has not joined")
        return self._conversation
