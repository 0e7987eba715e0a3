"""The routes about devices and what is sent to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gateway.errors import NotThere
from gateway.model import Json
from gateway.web import shapes
from gateway.web.fields import LONGEST_TEXT, Field, Kind
from gateway.web.roles import Role
from gateway.web.route import Route

SORTS: Final = ("name", "dev_eui", "decoder", "last_heard_s", "rssi_dbm", "snr_db", "battery")
LONGEST_HISTORY_H: Final = 24 * 31
LABEL_LENGTH: Final = 4000  # characters; a QR code has some hundred, a key sheet some lines

DEV_EUI: Final = Field(
    name="dev_eui", words="16 hex digits, or the device's name", most=100, example="a81758fffe0a0001"
)
NUMBER: Final = Field(name="id", words="of a downlink", kind=Kind.WHOLE, least=1, example=17)


def _removed(answer: Json) -> Json:
    if answer["unknown"]:
        raise NotThere(f"there is no device {answer['unknown'][0]}")
    return answer


def _dropped(answer: Json) -> Json:
    if answer["unknown"]:
        raise NotThere(f"there is no downlink {answer['unknown'][0]} that waits")
    return answer


def _send(said: Mapping[str, Json]) -> Mapping[str, Json]:
    wanted = {name: value for name, value in said.items() if value is not None and name not in {"dev_eui", "f_port"}}
    port = {} if said["f_port"] is None else {"port": said["f_port"]}
    return {"do": "downlink.send", "device": said["dev_eui"], **wanted, **port}


DEVICE_ROUTES: Final = (
    Route(
        method="GET",
        path="devices",
        role=Role.VIEW,
        brief="the devices, page by page",
        query=(
            Field(name="search", words="a part of name, DevEUI, decoder or tag", usual="", most=200),
            Field(name="tag", words="only those with this tag", usual="", most=200),
            Field(
                name="sort",
                words="by what; with a - before it the other way round. What is not known comes last",
                choices=(*SORTS, *(f"-{one}" for one in SORTS)),
                usual="name",
            ),
            Field(name="offset", words="how many to pass over", kind=Kind.WHOLE, most=1_000_000, usual=0),
            Field(name="limit", words="at most so many", kind=Kind.WHOLE, least=1, most=500, usual=50),
        ),
        ask=lambda said: {"do": "overview.devices", **said},
        said=shapes.DEVICES,
    ),
    Route(
        method="POST",
        path="devices",
        role=Role.OPERATE,
        brief="add a device, or change the one with this DevEUI, as `brygga device add`",
        body=(
            Field(
                name="cells",
                words="columns of a devices file; what is left out stays as it is",
                kind=Kind.TABLE,
                is_needed=True,
                example={"dev_eui": "a81758fffe0a0001", "name": "Library", "decoder": "elsys/ers"},
            ),
        ),
        ask=lambda said: {"do": "device.add", "cells": said["cells"]},
        said=shapes.ADDED,
    ),
    Route(
        method="GET",
        path="devices/{dev_eui}",
        role=Role.VIEW,
        brief="the whole story of one device, as `brygga device show --json`; never its keys",
        places=(DEV_EUI,),
        ask=lambda said: {"do": "device.show", "device": said["dev_eui"]},
        said=shapes.DEVICE,
    ),
    Route(
        method="DELETE",
        path="devices/{dev_eui}",
        role=Role.OPERATE,
        brief="forget a device, its keys and sessions; what was heard stays",
        places=(replace(DEV_EUI, words="16 hex digits"),),
        ask=lambda said: {"do": "device.remove", "devices": [said["dev_eui"]]},
        tell=_removed,
        said=shapes.REMOVED,
    ),
    Route(
        method="GET",
        path="devices/{dev_eui}/history",
        role=Role.VIEW,
        brief="what it measured and how it was heard, for plots",
        places=(DEV_EUI,),
        query=(
            Field(
                name="hours",
                words="back from now",
                kind=Kind.NUMBER,
                least=0.1,
                most=LONGEST_HISTORY_H,
                usual=24.0,
            ),
        ),
        ask=lambda said: {"do": "history.of", "device": said["dev_eui"], "hours": said["hours"]},
        said=shapes.HISTORY,
    ),
    Route(
        method="POST",
        path="labels",
        role=Role.OPERATE,
        brief="the cells that a label's QR code or text gives, to be looked at and added",
        body=(
            Field(
                name="text",
                words="of the code, or what stands on the label",
                is_needed=True,
                most=LABEL_LENGTH,
                example="LW:D0:1122334455667788:A81758FFFE0A0001:001A0001",
            ),
        ),
        ask=lambda said: {"do": "label.read", "text": said["text"]},
        said=shapes.LABEL,
    ),
    Route(
        method="GET",
        path="downlinks",
        role=Role.VIEW,
        brief="downlinks, the oldest first",
        query=(
            Field(name="device", words="only those of this device", most=100),
            Field(name="all", words="those that have come to their end, too", kind=Kind.TRUTH, usual=False),
        ),
        ask=lambda said: {"do": "downlink.list", **said},
        said=shapes.each(shapes.DOWNLINK),
    ),
    Route(
        method="POST",
        path="devices/{dev_eui}/downlinks",
        role=Role.OPERATE,
        brief="queue a downlink, as `brygga downlink send`",
        places=(DEV_EUI,),
        body=(
            Field(name="f_port", words="FPort", kind=Kind.WHOLE, least=1, most=223, example=10),
            Field(name="payload", words="in hex", most=LONGEST_TEXT, example="0102"),
            Field(name="command", words="in the words of the device's encoder, instead of a payload", kind=Kind.OBJECT),
            Field(name="confirmed", words="the device has to acknowledge it", kind=Kind.TRUTH),
            Field(name="priority", words="greater goes first", kind=Kind.WHOLE, least=-100, most=100),
            Field(name="expires", words='it is dropped when it has not gone by then, such as "12 h"', most=20),
        ),
        ask=_send,
        said=shapes.DOWNLINK,
    ),
    Route(
        method="DELETE",
        path="downlinks/{id}",
        role=Role.OPERATE,
        brief="drop a downlink that waits",
        places=(NUMBER,),
        ask=lambda said: {"do": "downlink.drop", "ids": [said["id"]]},
        tell=_dropped,
        said=shapes.DROPPED,
    ),
)
