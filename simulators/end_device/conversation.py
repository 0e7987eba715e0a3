"""One activation in use: what was said and heard in it, what is owed, and how the network has set the radio."""

from __future__ import annotations

from gateway.lorawan.mac_commands import ForceRejoinReq, MacCommand, read
from gateway.lorawan.phy import LONGEST, LONGEST_F_OPTS, DataFrame, Direction, FCtrl
from simulators.end_device.obeying import Circumstances, obey
from simulators.end_device.owed import Owed
from simulators.end_device.sealing import Activated, Counters, OpenedDownlink, SignedUplink
from simulators.end_device.setting import Setting, asks_for_a_sign, backed_off
from simulators.end_device.values import Downlink


class Conversation:
    """A device and its network since an activation, or since the device lost power."""

    def __init__(self, activated: Activated, setting: Setting, counters: Counters) -> None:
        self.activated = activated
        self.setting = setting
        self.counters = counters
        self.owed = Owed()
        self.last: SignedUplink | None = None
        self.rejoin_wanted: ForceRejoinReq | None = None
        self._owes_ack: int | None = None  # the counter of the confirmed downlink
        self._confirmed_up: int | None = None  # the counter of the last confirmed uplink
        self._silent = 0  # uplinks since the last downlink

    def uplink(self, f_port: int | None, payload: bytes, *, confirmed: bool, f_opts: bytes, adr: bool) -> SignedUplink:
        """Return the next uplink with all that is owed; see `EndDevice.uplink`."""
        if f_port is None and len(f_opts) + len(self.owed.due()) > LONGEST_F_OPTS:
            f_port, payload, f_opts = 0, f_opts, b""
        if f_port == 0:
            payload += self.owed.take(LONGEST)
        else:
            f_opts += self.owed.take(LONGEST_F_OPTS - len(f_opts))
        self.last = self.activated.uplink(
            self.counters.up,
            confirmed=confirmed,
            f_ctrl=self._f_ctrl(adr=adr),
            f_opts=f_opts,
            f_port=f_port,
            payload=payload,
            acknowledges=self._owes_ack,
        )
        self._confirmed_up = self.counters.up if confirmed else self._confirmed_up
        self.counters.up += 1
        self._owes_ack = None
        return self.last

    def _f_ctrl(self, *, adr: bool) -> FCtrl:
        """Count the silence, and return what an uplink says of it."""
        asks = False
        if adr:
            self.setting = backed_off(self.setting, self._silent)
            asks = asks_for_a_sign(self.setting, self._silent, self.activated.mac_version)
            self._silent += 1
        return FCtrl(adr=adr, adr_ack_req=asks, ack=self._owes_ack is not None)

    def hear(self, frame: DataFrame, circumstances: Circumstances) -> Downlink | None:
        """Take a downlink; None, and nothing changed, where it is not for us, not proved or not new."""
        opened = self.activated.open(frame, self.counters, self._confirmed_up)
        if opened is None:
            return None
        self._count(opened)
        version = self.activated.mac_version
        commands = read(opened.mac_commands, direction=Direction.DOWNLINK, mac_version=version).commands
        if not circumstances.oddities.ignores_mac_commands:
            self._obey(commands, circumstances)
        return _told(opened, commands)

    def _count(self, opened: OpenedDownlink) -> None:
        if self.activated.counts_apart(opened.frame.f_port):
            self.counters.a_down = opened.f_cnt + 1
        else:
            self.counters.down = opened.f_cnt + 1
        self._silent = 0
        if opened.frame.confirmed:
            self._owes_ack = opened.f_cnt

    def _obey(self, commands: tuple[MacCommand, ...], circumstances: Circumstances) -> None:
        self.owed.heard(commands)
        self.setting, answers = obey(self.setting, commands, circumstances)
        self.owed.answer(answers, self.activated.mac_version)
        forced = [command for command in commands if isinstance(command, ForceRejoinReq)]
        self.rejoin_wanted = forced[-1] if forced else self.rejoin_wanted


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
