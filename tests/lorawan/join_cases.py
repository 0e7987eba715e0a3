"""Devices that join and rejoin, by the hundred, drawn from a seed: of 1.0.x and 1.1, with every kind of CFList."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from gateway.lorawan import crypto
from gateway.lorawan.channel_plan import cf_list
from gateway.lorawan.join import JOIN_REQUEST, Asked, accepted
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.phy import join_request_octets
from gateway.lorawan.region import EU868, REGIONS
from gateway.model import DevAddr, Device, Eui64, Key, MacVersion, RootKeys
from tests.lorawan.rejoins import Rejoiner

COUNT = 100
VERSIONS = (MacVersion.V1_0_4, MacVersion.V1_1)  # the ciphers of all 1.0.x are the same


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinCase:
    """A device that joins, or joins again, and what it is told."""

    device: Device
    root_keys: RootKeys
    rejoiner: Rejoiner
    asked: Asked
    content: JoinAcceptContent

    @property
    def join_key(self) -> Key:
        """The key that signs join requests."""
        key = self.root_keys.nwk_key if self.device.mac_version is MacVersion.V1_1 else self.root_keys.app_key
        assert key is not None
        return key

    @property
    def encrypting_key(self) -> Key:
        """The key that encrypts the join accept."""
        if self.asked.join_request_type == JOIN_REQUEST:
            return self.join_key
        return crypto.derive_js_enc_key(self.join_key, self.device.dev_eui)

    @property
    def rejoin_key(self) -> Key:
        """The key that signs rejoin requests; types 0 and 2 take one of the session."""
        return self.rejoiner.js_int_key if self.asked.join_request_type == 1 else self.rejoiner.app_key


def _join_case(random: Random) -> JoinCase:
    mac_version = random.choice(VERSIONS)
    v1_1 = mac_version is MacVersion.V1_1
    app_key, nwk_key = Key(random.randbytes(16)), Key(random.randbytes(16))
    join_eui, dev_eui = Eui64(random.randbytes(8).hex()), Eui64(random.randbytes(8).hex())
    return JoinCase(
        device=Device(dev_eui=dev_eui, join_eui=join_eui, mac_version=mac_version),
        root_keys=RootKeys(app_key=app_key, nwk_key=nwk_key),
        rejoiner=Rejoiner(
            dev_eui=dev_eui, join_eui=join_eui, app_key=app_key, nwk_key=nwk_key, net_id=random.getrandbits(24)
        ),
        asked=Asked(
            join_eui=join_eui,
            nonce=random.getrandbits(16),
            join_request_type=random.choice((JOIN_REQUEST, 0, 1, 2)) if v1_1 else JOIN_REQUEST,
        ),
        content=JoinAcceptContent(
            join_nonce=random.getrandbits(24),
            net_id=random.getrandbits(24),
            dev_addr=DevAddr(random.randbytes(4).hex()),
            opt_neg=v1_1,
            rx1_dr_offset=random.randrange(8),
            rx2_data_rate=random.randrange(16),
            rx_delay=random.randrange(1, 16),
            cf_list=cf_list(random.choice([*REGIONS.values()]), mac_version),
        ),
    )


def join_cases() -> list[JoinCase]:
    """Return always the same devices."""
    random = Random("joins")
    return [_join_case(random) for _ in range(COUNT)]


def rejoin_cases() -> list[JoinCase]:
    """Return those of them that rejoin."""
    return [case for case in join_cases() if case.asked.join_request_type != JOIN_REQUEST]


def our_join_request(case: JoinCase) -> bytes:
    """Return the join request as our device makes it."""
    signed = join_request_octets(case.asked.join_eui, case.device.dev_eui, case.asked.nonce)
    return signed + crypto.signature(case.join_key, signed)


def our_rejoin_request(case: JoinCase) -> bytes:
    """Return the rejoin request as our device makes it."""
    return case.rejoiner.ask(case.asked.join_request_type, case.asked.nonce, case.rejoin_key)


def our_accept(case: JoinCase) -> bytes:
    """Return the join accept as the gateway makes it."""
    return accepted(case.asked, case.device, case.root_keys, case.content, rx2_frequency_hz=EU868.rx2_frequency_hz)[1]
