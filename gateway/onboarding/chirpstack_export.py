"""Devices as ChirpStack's API takes them: each field of an object is the body of one call.

    POST /api/devices                       {"device": …}             applicationId and deviceProfileId are to be added
    POST /api/devices/<devEui>/keys         {"deviceKeys": …}         OTAA
    POST /api/devices/<devEui>/activate     {"deviceActivation": …}   a session with its counters

``deviceProfile`` says what the profile chosen there must say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from gateway.journal import Registration
from gateway.model import Activation, Json, Key, MacVersion, Session
from gateway.onboarding.moved import words_of


def write_chirpstack(registrations: Iterable[Registration]) -> str:
    """Return the devices without keys, as a JSON array."""
    return _written(_described(each) for each in registrations)


def write_chirpstack_with_keys(registrations: Iterable[Registration]) -> str:
    """Return the devices with root keys, session keys and counters, as a JSON array."""
    return _written(_described(each) | _keys(each) | _activation(each.session) for each in registrations)


def _written(devices: Iterable[Json]) -> str:
    return json.dumps(list(devices), indent=2, ensure_ascii=False) + "\n"


def _described(registration: Registration) -> dict[str, Json]:
    device = registration.device
    optional = {"name": device.name or device.dev_eui, "tags": words_of(device.tags), "joinEui": device.join_eui}
    version = "1.1.0" if device.mac_version is MacVersion.V1_1 else device.mac_version.value
    profile = {
        "macVersion": f"LORAWAN_{version.replace('.', '_')}",
        "supportsOtaa": device.activation is Activation.OTAA,
        "supportsClassC": device.device_class == "C",
    }
    return {
        "device": {"devEui": device.dev_eui} | {name: value for name, value in optional.items() if value},
        "deviceProfile": profile,
    }


def _keys(registration: Registration) -> dict[str, Json]:
    keys, device = registration.root_keys, registration.device
    if device.mac_version is not MacVersion.V1_1:
        named = {"nwkKey": keys.app_key}  # the API's place for the one key of 1.0.x
    else:
        named = {"nwkKey": keys.nwk_key, "appKey": keys.app_key}
    written = {name: _hex(key) for name, key in named.items() if key is not None}
    return {"deviceKeys": {"devEui": device.dev_eui} | written} if written else {}


def _activation(session: Session | None) -> dict[str, Json]:
    if session is None:
        return {}
    keys = session.keys
    counters = {
        "fCntUp": session.f_cnt_up,
        "nFCntDown": session.n_f_cnt_down,
        "aFCntDown": session.a_f_cnt_down,
    }
    return {
        "deviceActivation": {
            "devEui": session.dev_eui,
            "devAddr": session.dev_addr,
            "appSKey": _hex(keys.app_s_key),
            "nwkSEncKey": _hex(keys.nwk_s_enc_key),
            "sNwkSIntKey": _hex(keys.s_nwk_s_int_key),
            "fNwkSIntKey": _hex(keys.f_nwk_s_int_key),
            **{name: value for name, value in counters.items() if value},
        }
    }


def _hex(key: Key) -> str:
    return key.reveal().hex()
