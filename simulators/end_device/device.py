"""An end device: it joins or is personalised, counts, encrypts, hears its answers and does what MAC commands say."""

from __future__ import annotations

from random import Random
from typing import Final, Self

from gateway.errors import BadFrame
from gateway.lorawan.channel_plan import ChannelPlan
from gateway.lorawan.crypto import SessionCiphers
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.mac_commands import DeviceModeInd, ForceRejoinReq, MacCommand, RekeyInd, ResetInd, read
from gateway.lorawan.mac_commands.v1_0 import BATTERY_UNKNOWN
from gateway.lorawan.mac_commands.v1_1 import CLASS_C, MINOR_1_1
from gateway.lorawan.phy import LONGEST_F_OPTS, DataFrame, Direction, FCtrl, JoinAccept, parse
from gateway.model import DevAddr, Eui64, Key, MacVersion, SessionKeys
from simulators.end_device import joining
from simulators.end_device.joining import JOIN, REJOIN_KEEPING_RADIO, Asked, Credentials
from simulators.end_device.obeying import Circumstances, obey
from simulators.end_device.owed import Owed
from simulators.end_device.sealing import Activated, Counters, OpenedDownlink, SignedUplink
from simulators.end_device.setting import (
    Setting,
    asks_for_a_sign,
    backed_off,
    hop,
    hop_to_join,
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
        self.nwk_key = nwk_key or Key(self._random.randbytes(16)) if mac_version is MacVersion.V1_1 else None
        self.mac_version = mac_version
        self.make = make
        self.adr = make.adr
        self.battery = BATTERY_UNKNOWN  # as DevStatusAns says it
        self.device_class = make.device_class
        self.setting: Setting = initial(make.region, make.data_rate)
        self.rejoin_wanted: ForceRejoinReq | None = None  # by the network; the caller asks when it suits
        self.dev_nonce = -1  # the last one used
        self.rejoin_counts = [0, 0]  # the next RJcount0 and RJcount1
        self._used_nonces: set[int] = set()
        self._asked: Asked | None = None
        self.join_nonce: int | None = None  # of the accept that gave the session; None where none did
        self.net_id = 0
        self.keys: SessionKeys | None = None
        self.counters = Counters()
        self._activated: Activated | None = None
        self._owed = Owed()
        self._last: SignedUplink | None = None
        self._owes_ack: int | None = None  # the counter of the confirmed downlink
        self._confirmed_up: int | None = None  # the counter of the last confirmed uplink
        self._silent = 0  # uplinks since the last downlink
        self.on_air: OnAir = hop_to_join(self.setting, self._hops)
        self.listening: Listening = join_windows(self.setting, self.on_air)

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
        device._activate(dev_addr, keys or device._drawn_keys(), mac_version)
        device._tell_reset()
        return device

    def _drawn_keys(self) -> SessionKeys:
        def draw() -> Key:
            return Key(self._random.randbytes(16))

        if self.mac_version is not MacVersion.V1_1:
            return SessionKeys.v1_0(nwk_s_key=draw(), app_s_key=draw())
        return SessionKeys(f_nwk_s_int_key=draw(), s_nwk_s_int_key=draw(), nwk_s_enc_key=draw(), app_s_key=draw())

    # ── what it is ──────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def dev_addr(self) -> DevAddr | None:
        """The address of its session; None before it has one."""
        return None if self._activated is None else self._activated.dev_addr

    @property
    def f_cnt_up(self) -> int:
        """The counter of the next uplink."""
        return self.counters.up

    @f_cnt_up.setter
    def f_cnt_up(self, f_cnt: int) -> None:
        self.counters.up = f_cnt

    @property
    def f_cnt_down(self) -> int:
        """The next counter that is taken (1.1: of the network)."""
        return self.counters.down

    @f_cnt_down.setter
    def f_cnt_down(self, f_cnt: int) -> None:
        self.counters.down = f_cnt

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

    def restart(self) -> None:
        """Lose power: an OTAA device must join again, a personalised one knows what it was personalised with."""
        self.setting = initial(self.make.region, self.make.data_rate)
        self._owed.forget()
        self._silent, self._last, self._owes_ack, self._confirmed_up = 0, None, None, None
        if self.join_nonce is not None:
            self._activated, self.keys, self._asked = None, None, None
        elif self.make.oddities.forgets_counters:
            self.counters = Counters()
        self._tell_reset()

    def _tell_reset(self) -> None:
        if self._activated is not None and self.mac_version is MacVersion.V1_1:
            self._owed.tell(ResetInd(minor=MINOR_1_1))
            self._tell_class()

    def _tell_class(self) -> None:
        if self.device_class == "C":
            self._owed.tell(DeviceModeInd(device_class=CLASS_C))

    # ── joining ─────────────────────────────────────────────────────────────────────────────────────────────────

    def join_request(self) -> bytes:
        """Return a join request with a DevNonce never used before."""
        if not (self.make.oddities.repeats_dev_nonce and self._used_nonces):
            self.dev_nonce = self._fresh_nonce()
            self._used_nonces.add(self.dev_nonce)
        self._asked = Asked(JOIN, self.dev_nonce)
        self.on_air = hop_to_join(self.setting, self._hops)
        self.listening = join_windows(self.setting, self.on_air)
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
        activated = self._session()
        assert self.keys is not None
        assert activated.is_v1_1, f"LoRaWAN {activated.mac_version} has no rejoin requests"
        which = rejoin_type == 1
        self._asked = Asked(rejoin_type, self.rejoin_counts[which])
        self.rejoin_counts[which] += 1
        self.rejoin_wanted = None
        self.on_air = hop(self.setting, self._hops)
        self.listening = rejoin_windows(self.setting, self.on_air)
        return joining.rejoin_request(self._credentials(), self._asked, self.net_id, self.keys.s_nwk_s_int_key)

    def accept(self, phy_payload: bytes) -> bool:
        """Take a join accept that answers the last request; False, and nothing changed, where it is not for us."""
        asked = self._asked or Asked(JOIN, max(self.dev_nonce, 0))
        frame, who = _parsed(phy_payload), self._credentials()
        if not isinstance(frame, JoinAccept):
            return False
        content = joining.open_accept(who, asked, frame.encrypted)
        if content is None or not self._is_new(content):
            return False
        version = joining.spoken_version(who, content, self.mac_version)
        self._activate(content.dev_addr, joining.session_keys(who, asked, content), version)
        self.join_nonce, self.net_id, self._asked = content.join_nonce, content.net_id, None
        self.rejoin_counts[0] = 0
        if asked.kind != REJOIN_KEEPING_RADIO:
            self._begin_anew(content)
        if version is MacVersion.V1_1:
            self._owed.tell(RekeyInd(minor=MINOR_1_1))
            self._tell_class()
        return True

    def _is_new(self, content: JoinAcceptContent) -> bool:
        counts = self.mac_version in _NONCES_COUNT
        return not counts or self.join_nonce is None or content.join_nonce > self.join_nonce

    def _begin_anew(self, content: JoinAcceptContent) -> None:
        told_nothing = initial(self.make.region, self.setting.data_rate)
        self.setting = _granted(told_nothing, content)

    def _activate(self, dev_addr: DevAddr, keys: SessionKeys, mac_version: MacVersion) -> None:
        self.keys, self._activated = keys, Activated(dev_addr, mac_version, SessionCiphers(keys))
        self.counters = Counters()
        self._owed.forget()
        self._silent, self._last, self._owes_ack, self._confirmed_up = 0, None, None, None

    def _credentials(self) -> Credentials:
        return Credentials(dev_eui=self.dev_eui, join_eui=self.join_eui, app_key=self.app_key, nwk_key=self.nwk_key)

    # ── sending ─────────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, question: MacCommand) -> None:
        """Ask something (LinkCheckReq, DeviceTimeReq) with the next uplink."""
        self._owed.ask(question)

    def uplink(self, f_port: int | None, payload: bytes, *, confirmed: bool = False, f_opts: bytes = b"") -> bytes:
        """Return the next uplink with all that is owed; FPort 0 carries MAC commands, FPort None nothing.

        ``f_opts`` goes before what is owed. More than 15 octets of it go on FPort 0 where there is no payload, else what
        has no room is left out: the network asks again.
        """
        activated = self._session()
        if f_port is None and len(f_opts) + len(self._owed.due()) > LONGEST_F_OPTS:
            f_port, payload, f_opts = 0, f_opts, b""
        if f_port == 0:
            payload += self._owed.take(DEV_NONCES)
        else:
            f_opts += self._owed.take(LONGEST_F_OPTS - len(f_opts))
        self._last = activated.uplink(
            self.counters.up,
            confirmed=confirmed,
            f_ctrl=self._f_ctrl(),
            f_opts=f_opts,
            f_port=f_port,
            payload=payload,
            acknowledges=self._owes_ack,
        )
        self._confirmed_up = self.counters.up if confirmed else self._confirmed_up
        self.counters.up += 1
        self._owes_ack = None
        return self._on_air(activated, self._last)

    def _f_ctrl(self) -> FCtrl:
        """Count the silence, and return what an uplink says of it."""
        asks = False
        if self.adr:
            self.setting = backed_off(self.setting, self._silent)
            asks = asks_for_a_sign(self.setting, self._silent)
            self._silent += 1
        return FCtrl(adr=self.adr, adr_ack_req=asks, ack=self._owes_ack is not None)

    def repeat(self) -> bytes:
        """Return the last uplink again, perhaps on another channel: no answer was heard, or NbTrans asks for it."""
        activated = self._session()
        assert self._last is not None, f"{self.dev_eui} has sent nothing yet"
        return self._on_air(activated, self._last)

    def _on_air(self, activated: Activated, uplink: SignedUplink) -> bytes:
        self.on_air = hop(self.setting, self._hops)
        self.listening = windows(self.setting, self.on_air, self.device_class)
        return activated.sealed(uplink, self.on_air)

    # ── hearing ─────────────────────────────────────────────────────────────────────────────────────────────────

    def hear(self, phy_payload: bytes, *, snr_db: float = SNR_DB) -> Downlink | None:
        """Take a downlink; None, and nothing changed, where it is not for us, not proved or not new."""
        activated, frame = self._session(), _parsed(phy_payload)
        if not isinstance(frame, DataFrame):
            return None
        opened = activated.open(frame, self.counters, self._confirmed_up)
        if opened is None:
            return None
        self._count(activated, opened)
        commands = read(opened.mac_commands, direction=Direction.DOWNLINK, mac_version=activated.mac_version).commands
        if not self.make.oddities.ignores_mac_commands:
            self._obey(activated, commands, snr_db)
        return _told(opened, commands)

    def _count(self, activated: Activated, opened: OpenedDownlink) -> None:
        if activated.counts_apart(opened.frame.f_port):
            self.counters.a_down = opened.f_cnt + 1
        else:
            self.counters.down = opened.f_cnt + 1
        self._silent = 0
        if opened.frame.confirmed:
            self._owes_ack = opened.f_cnt

    def _obey(self, activated: Activated, commands: tuple[MacCommand, ...], snr_db: float) -> None:
        self._owed.heard(commands)
        circumstances = Circumstances(
            mac_version=activated.mac_version,
            adr=self.adr,
            battery=self.battery,
            snr_db=snr_db,
            oddities=self.make.oddities,
        )
        self.setting, answers = obey(self.setting, commands, circumstances)
        self._owed.answer(answers, activated.mac_version)
        forced = [command for command in commands if isinstance(command, ForceRejoinReq)]
        self.rejoin_wanted = forced[-1] if forced else self.rejoin_wanted

    def _session(self) -> Activated:
        if self._activated is None:
            raise NotActivated(f"{self.dev_eui} has not joined")
        return self._activated


def _parsed(phy_payload: bytes) -> object:
    try:
        return parse(phy_payload)
    except BadFrame:
        return None


def _granted(setting: Setting, content: JoinAcceptContent) -> Setting:
    return Setting(
        plan=ChannelPlan.joined(setting.region, content.cf_list),
        data_rate=setting.data_rate,
        rx1_delay_s=content.rx_delay or 1,
        rx1_dr_offset=content.rx1_dr_offset,
        rx2_data_rate=content.rx2_data_rate,
        rx2_frequency_hz=setting.region.rx2_frequency_hz,
    )


def _told(opened: OpenedDownlink, commands: tuple[MacCommand, ...]) -> Downlink:
    frame = opened.frame
    return Downlink(
        f_cnt=opened.f_cnt,
        f_port=frame.f_port,
        payload=opened.payload,
        ack=frame.f_ctrl.ack,
        confirmed=frame.confirmed,
        f_pending=frame.f_ctrl.f_pending,
        mac_commands=opened.mac_commands,
        commands=commands,
    )
