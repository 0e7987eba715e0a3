"""What ThingsBoard is told of the gateway, which is a device there: attributes when they change, how long it is up as telemetry.

v1/devices/me/attributes   {"gateway_eui":"aa555a0000000001","software_version":"brygga 0.1.0","latitude":…,"longitude":…}
v1/devices/me/telemetry    {"ts":1772366401123,"values":{"uptime_s":86400.0}}
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from gateway.formats import Conversation
from gateway.formats.device_state import GatewayState
from gateway.formats.judging import Fate, fate_of, words_of
from gateway.model import Json, Receipt, Request, RowId

ATTRIBUTES: Final = "v1/devices/me/attributes"
TELEMETRY: Final = "v1/devices/me/telemetry"


def telling_gateway(gateways: Sequence[GatewayState]) -> Conversation:
    """Say what is known of the gateway; of several radios the one that heard last speaks for it."""
    newest = max(gateways, key=lambda one: one.heard_ms)
    answers = yield list(_requests(newest))
    bad = [words_of(answer) for answer in answers if fate_of(answer) is not Fate.TAKEN]
    rows: frozenset[RowId] = frozenset(one.item.row for one in gateways)
    return Receipt(undecided=dict.fromkeys(rows, bad[0])) if bad else Receipt(accepted=rows)


def _requests(state: GatewayState) -> Sequence[Request]:
    facts = [_request(ATTRIBUTES, {"gateway_eui": state.eui, **state.facts})] if state.facts else []
    return [*facts, _request(TELEMETRY, {"ts": state.heard_ms, "values": {"uptime_s": state.uptime_s}})]


def _request(target: str, said: Json) -> Request:
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return Request(target=target, body=body, content_type="application/json")
