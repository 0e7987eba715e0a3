"""The source that Basics Stations connect to: the LNS protocol over WebSocket, several stations at once.

A station asks `/router-info` where its LNS is and is sent to a path of its own; there it says its `version`, is told by
`router_config` what to listen to, and from then on both sides speak as they like. It has no buffer: what it hears while it
is not connected is lost, and so is its radio's time. On the same port its CUPS is answered, where there is one.
"""

from __future__ import annotations

import asyncio
import random
import re
import ssl
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from aiohttp import WSMsgType, web

from gateway.model import Clock, Eui64, Frame, Instant, Json, TimeQuality, TxRequest, TxResult
from gateway.sources import Hear
from gateway.sources.basics_station.access import Access, Refused, certified_eui
from gateway.sources.basics_station.advice import advice
from gateway.sources.basics_station.connection import Connection, Gone
from gateway.sources.basics_station.eui import read_router
from gateway.sources.basics_station.listener import WebListener, bind_tcp
from gateway.sources.basics_station.messages import (
    LARGEST_MESSAGE,
    BadMessage,
    BadMessageReason,
    DnTxed,
    Other,
    Overheard,
    TimeSync,
    Uplink,
    Version,
    read,
    read_router_question,
    router_answer,
    router_refusal,
    text_of,
    timesync_answer,
)
from gateway.sources.basics_station.phy import read_phy_payload, read_reception
from gateway.sources.basics_station.plan import tuned
from gateway.sources.basics_station.router_config import router_config
from gateway.sources.basics_station.tls import server_context
from gateway.sources.rxpk import GPS_AHEAD_OF_UTC, GPS_EPOCH
from gateway.sources.settings import BasicsStationSettings
from gateway.sources.tap import Tap, Tapped
from gateway.sources.udp import in_words
from gateway.sources.under_way import UnderWay

