"""CUPS on the web: a station's question in, what it has not out. Files are read and signed in threads."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from aiohttp import web

from gateway.errors import ConfigError
from gateway.model import Eui64
from gateway.sources.basics_station.cups import NOTHING, UpdateInfo, read_update_info
from gateway.sources.basics_station.cups_folder import CupsFolder, Offer
from gateway.sources.basics_station.door import STATUS, WORDS, Door
from gateway.sources.basics_station.messages import LARGEST_MESSAGE, BadMessage, BadMessageReason
from gateway.sources.basics_station.signing import CHUNK

AT_ONCE: Final = 2  # answers that are read and signed: names are looked up (DNS) in the same few threads
QUESTION_S: Final = 15.0  # for the whole question
OCTETS: Final = "application/octet-stream"
MOST_REMEMBERED: Final = 16  # stations with something wrong, for `status`


class CupsOffice:
    """Who answers; ``counts`` and ``dropped`` are the source's."""

    def __init__(self, folder: CupsFolder, door: Door, *, counts: Counter[str], dropped: Counter[str]) -> None:
        self._folder = folder
        self._door = door
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._counts = counts
        self._dropped = dropped
        self.wrong: dict[Eui64, str] = {}  # what is wrong, by station

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a `POST /update-info`. What is wrong here changes nothing there: a station that is refused tries other files."""
        self._counts["update_info"] += 1
        try:
            info = await self._question(request)
        except BadMessage as error:
            self._dropped[error.reason] += 1
            return web.Response(status=400, text=f"{error.reason}\n")
        if (refusal := self._door.refusal(info.router, request)) is not None:
            return web.Response(status=STATUS[refusal], text=f"{WORDS[refusal]}\n")
        return await self._send(request, await self._offer(info, secrets=self._door.has_proved(info.router, request)))

    async def _question(self, request: web.BaseRequest) -> UpdateInfo:
        if (request.content_length or 0) > LARGEST_MESSAGE:
            raise BadMessage(BadMessageReason.TOO_LARGE)
        try:
            async with asyncio.timeout(QUESTION_S):
                octets = await request.content.read(LARGEST_MESSAGE)
                while not request.content.at_eof() and len(octets) < LARGEST_MESSAGE:
                    octets += await request.content.read(LARGEST_MESSAGE - len(octets))
        # RequestPayloadError: in chunks that are none
        except (TimeoutError, ConnectionError, web.RequestPayloadError) as error:
            raise BadMessage(BadMessageReason.SHAPE) from error
        return read_update_info(str(octets, "utf-8", "replace"))

    async def _offer(self, info: UpdateInfo, *, secrets: bool) -> Offer:
        try:
            async with self._turns:  # no limit: who has a turn reads files
                offer = await asyncio.to_thread(self._folder.offer, info, secrets=secrets)
        except ConfigError as error:
            offer = Offer(NOTHING, why="; ".join(error.problems))
        self.wrong.pop(info.router, None)
        if offer.why:
            self._counts["cups_held_back"] += 1
            self.wrong[info.router] = offer.why
            while len(self.wrong) > MOST_REMEMBERED:
                del self.wrong[next(iter(self.wrong))]
        if offer.answer != NOTHING:
            self._counts["cups_changes"] += 1
        return offer

    async def _send(self, request: web.BaseRequest, offer: Offer) -> web.StreamResponse:
        head = offer.answer.head()
        if offer.update is None or offer.answer.update is None:
            return web.Response(body=head, content_type=OCTETS)
        left = offer.answer.update.size
        response = web.StreamResponse()
        response.content_type, response.content_length = OCTETS, len(head) + left
        await response.prepare(request)
        await response.write(head)
        with offer.update.open("rb") as file:
            while left and (chunk := await asyncio.to_thread(file.read, min(CHUNK, left))):
                await response.write(chunk)
                left -= len(chunk)
        await response.write_eof()
        return response
