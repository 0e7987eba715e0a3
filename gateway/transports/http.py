"""HTTP: each request is one exchange, settled by the status that came back and by nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import aiohttp

from gateway.errors import Unreachable
from gateway.model import Answer, Clock, Json, Request, Verdict
from gateway.transports import tls
from gateway.transports.http_answer import read_answer
from gateway.transports.http_errors import refused, translate
from gateway.transports.packing import Packing
from gateway.transports.proxy import WANTS_LOGIN
from gateway.transports.service import Service

INSECURE: Final = "TLS without verification: whoever is on the line can read and answer in the platform's place"
IN_THE_CLEAR: Final = "the credential goes over the line in the clear: https:// hides it"


class Http:
    """A web service as a transport. Raises ConfigError at once when a TLS file is wrong."""

    def __init__(self, service: Service, clock: Clock) -> None:
        self._service = service
        self._clock = clock
        self._tls = tls.context(service.tls) if service.endpoint.secure else None
        self._headers = {"User-Agent": "brygga", **service.headers, **service.login_headers()}
        self._base = str(service.endpoint)
        self._proxy = None if service.proxy is None else service.proxy.url()
        self._packing = Packing(wanted=service.gzip)
        self._session: aiohttp.ClientSession | None = None
        self._answered_at: float | None = None  # monotonic: when a whole answer came last
        self._trouble: tuple[str, float] | None = None  # the last one: words, monotonic
        self._reached: bool | None = None  # by the last exchange; None before the first
        self._counts: Counter[str] = Counter()

    async def send(self, requests: Sequence[Request]) -> Sequence[Answer]:
        """Exchange all, some side by side, and return an answer for each; see `Transport.send`."""
        if not requests:
            return []
        answers = self._judge(await self._exchange_all(requests))
        self._count(answers)
        return answers

    async def close(self) -> None:
        """Close the connections that are kept open."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def status(self) -> Mapping[str, Json]:
        """Return how the last exchanges went; HTTP has no connection that would tell more."""
        now = self._clock().monotonic
        trouble, since = self._trouble or (None, 0.0)
        return {
            "protocol": "HTTP",
            "url": self._base,
            "proxy": None if self._service.proxy is None else str(self._service.proxy),
            "connected": self._reached,
            "last_answer_s": None if self._answered_at is None else round(now - self._answered_at, 1),
            "last_error": trouble,
            "last_error_s": None if trouble is None else round(now - since, 1),
            "notes": self._notes(),
            "counts": {
                **self._counts,
                **({"gzip_saved_octets": saved} if (saved := self._packing.saved_octets) else {}),
            },
        }

    # ── exchanges ──

    async def _exchange_all(self, requests: Sequence[Request]) -> list[Answer | Unreachable | None]:
        outcomes: list[Answer | Unreachable | None] = [None] * len(requests)
        places = iter(range(len(requests)))
        workers = min(len(requests), self._service.concurrency)
        if workers == 1:
            await self._work(requests, places, outcomes)
        else:
            async with asyncio.TaskGroup() as group:
                for number in range(workers):
                    group.create_task(self._work(requests, places, outcomes), name=f"http exchange {number}")
        return outcomes

    async def _work(
        self, requests: Sequence[Request], places: Iterator[int], outcomes: list[Answer | Unreachable | None]
    ) -> None:
        """Take one request after another until none is left, or until the platform is away."""
        for place in places:
            outcomes[place] = outcome = await self._packing.exchange(requests[place], self._exchange)
            if isinstance(outcome, Unreachable):
                for _ in places:  # each of the others would wait for its own connection, in vain
                    pass

    async def _exchange(self, request: Request, body: bytes, encoding: Mapping[str, str]) -> Answer | Unreachable:
        kind = {"Content-Type": request.content_type} if request.content_type else {}
        try:
            async with self._opened().request(
                request.method,
                self._base + request.target,
                data=body or None,
                headers={**kind, **encoding, **request.headers},
                allow_redirects=False,  # a credential goes to nobody but whom the configuration names
                proxy=self._proxy,
            ) as response:
                if (
                    self._service.proxy is not None and response.status == WANTS_LOGIN
                ):  # of http://, where there is no tunnel
                    return refused(self._base, self._service.proxy, response.status)
                answer = await read_answer(response, self._service.body_limit_octets, self._clock, request.hide)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a TimeoutError is an OSError
            return translate(error, self._base, self._service.proxy)
        self._answered_at = self._clock().monotonic
        return answer

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            limits = aiohttp.ClientTimeout(total=self._service.total_limit_s, connect=self._service.connect_limit_s)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._service.concurrency, ssl=self._tls or True),
                timeout=limits,
                headers=self._headers,
                skip_auto_headers=("Content-Type",),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    def _judge(self, outcomes: Sequence[Answer | Unreachable | None]) -> list[Answer]:
        """Return an answer for each; raise Unreachable when the platform got nothing at all."""
        away = next((outcome for outcome in outcomes if isinstance(outcome, Unreachable)), None)
        self._reached = away is None
        if away is not None:
            self._note(str(away))
            if not any(isinstance(outcome, Answer) for outcome in outcomes):
                raise away
        later = Answer.unsent(str(away))
        return [outcome if isinstance(outcome, Answer) else later for outcome in outcomes]

    def _count(self, answers: Sequence[Answer]) -> None:
        self._counts.update(answer.verdict.value for answer in answers)
        for answer in answers:
            if answer.verdict is not Verdict.TAKEN:
                self._note(answer.detail)

    def _note(self, trouble: str) -> None:
        self._trouble = (trouble, self._clock().monotonic)

    def _notes(self) -> list[str]:
        notes = []
        if self._service.endpoint.secure and self._service.tls.insecure:
            notes.append(INSECURE)
        if self._service.login is not None and not self._service.endpoint.secure:
            notes.append(IN_THE_CLEAR)
        if self._packing.note:
            notes.append(self._packing.note)
        return notes
