"""A port that tells /metrics and nothing else: to this machine, and to who shows a token."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web as http
from aiohttp.http_exceptions import HttpProcessingError

from gateway.errors import ConfigError, StorageError
from gateway.model import Json
from gateway.observe.settings import MetricsPort
from gateway.sources.doorstep import Bounds
from gateway.sources.web_listener import bind_tcp
from gateway.sources.web_tls import Renewal, server_context
from gateway.web.listener import Listener
from gateway.web.nearby import is_called_local, proxy_header
from gateway.web.tokens import TokensFile

BOUNDS: Final = Bounds(most=16, of_one_address=8)  # Prometheus keeps one, a pair of them two
AGAIN_S: Final = 5.0  # after which a port is tried again
ANSWER_LIMIT_S: Final = 10.0  # of Prometheus' own scrape_timeout, for the numbers and for their way
PACKED_APART: Final = 1 << 15  # octets, from which on a thread packs them: a small box takes 5 ms for so many
PATH: Final = "/metrics"
ALWAYS: Final = {
    "Server": "brygga",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}  # aiohttp would tell its version and Python's

Tell = Callable[[str], Awaitable[Mapping[str, str]]]
"""Return the text and its media type for an Accept header. Raises StorageError."""

logger = logging.getLogger(__name__)


class Port:
    """Listens while it can."""

    def __init__(self, settings: MetricsPort, tell: Tell) -> None:
        self._settings = settings
        self._tell = tell
        self._tokens = TokensFile(settings.tokens_file)
        self._listening = asyncio.Event()
        self._listener: Listener | None = None
        self._refused: Counter[str] = Counter()
        self._trouble = ""

    async def listening(self) -> tuple[str, int]:
        """Return the host and port that are listened on, once they are; the caller sets the limit."""
        await self._listening.wait()
        assert self._listener is not None
        return self._listener.address

    def status(self) -> Mapping[str, Json]:
        """Return where it listens, why it does not, and who was refused."""
        listener = self._listener
        return {
            "listening": None if listener is None else "{}:{}".format(*listener.address),
            "trouble": self._trouble or None,
            "refused": dict(self._refused),
        }

    async def run(self) -> None:
        """Listen until cancelled; as long as that cannot be, try again and again."""
        while True:
            try:
                await self._listen()
            except ConfigError as error:
                words = "; ".join(error.problems)
                if words != self._trouble:
                    logger.error("/metrics is not told: %s; it is tried again every %g s", words, AGAIN_S)  # noqa: TRY400 - no bug: no trace
                self._trouble = words
            await asyncio.sleep(AGAIN_S)

    async def _listen(self) -> None:
        wanted = self._settings
        tls = None if wanted.tls is None else server_context(wanted.tls)
        bound = await bind_tcp("metrics", wanted.host, wanted.port)
        listener = Listener(bound, self._answer, self._wrong, tls=tls, count=self._hung_up, bounds=BOUNDS)
        try:
            await listener.open()
        except OSError as error:  # two programs have bound it, and the other one listens
            bound.close()
            raise ConfigError(f"metrics: TCP port {wanted.port} cannot be listened on: {error.strerror}") from error
        self._listener, self._trouble = listener, ""
        self._listening.set()
        try:
            if tls is None or wanted.tls is None:
                await asyncio.Event().wait()  # no limit: it listens until it is cancelled
            else:
                await Renewal(tls, wanted.tls).run()
        finally:
            self._listening.clear()
            self._listener = None
            # In a task of its own: in one that is cancelled, Python 3.11.2 (Debian 12) takes its timeouts for cancellation.
            async with asyncio.TaskGroup() as leaving:
                leaving.create_task(listener.close(), name="leaving /metrics")

    async def _answer(self, request: http.BaseRequest) -> http.StreamResponse:
        response = await self._told(request)
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            self._refused["slow"] += 1
            if request.transport is not None:
                request.transport.abort()
        return response

    async def _told(self, request: http.BaseRequest) -> http.Response:
        if (refusal := self._refusal(request)) is not None:
            return refusal
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                told = await self._tell(request.headers.get("Accept", ""))
        except (StorageError, TimeoutError) as error:
            return self._refuse(503, "disk", str(error) or f"no answer within {ANSWER_LIMIT_S:g} s")
        response = http.Response(
            body=told["text"].encode(),
            headers={**ALWAYS, "Content-Type": told["type"]},
            zlib_executor_size=PACKED_APART,
        )
        if "gzip" in request.headers.get(
            "Accept-Encoding", ""
        ):  # 13 kB become 3, and the line may be paid by the octet
            response.enable_compression(http.ContentCoding.gzip)
        return response

    def _refusal(self, request: http.BaseRequest) -> http.Response | None:
        try:
            is_known = self._is_known(request)
        except ConfigError as error:
            return self._refuse(503, "token", "; ".join(error.problems))
        if not is_known and self._settings.is_local and (proxy := proxy_header(request.headers)) is not None:
            words = f"{proxy}: a proxy asks for somebody else; a token is expected from who is not on this machine"
            return self._refuse(403, "proxy", words)
        if not is_known:
            words = "a token is expected (Authorization: Bearer …); `brygga web token add prometheus --role metrics`"
            return self._refuse(401, "token", words)
        if request.path != PATH:
            return self._refuse(404, "not_there", f"there is nothing here but {PATH}")
        if request.method not in {"GET", "HEAD"}:
            return self._refuse(405, "wrong", "GET is right here")
        return None

    def _is_known(self, request: http.BaseRequest) -> bool:
        """Tell whether who asks may: with a token, or from this machine itself. Raises ConfigError."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._tokens.find(token.strip()) is not None  # each role may
        is_for_itself = is_called_local(request.headers) and proxy_header(request.headers) is None
        return self._settings.is_local and is_for_itself

    def _refuse(self, status: int, counted: str, words: str) -> http.Response:
        self._refused[counted] += 1
        return http.Response(status=status, text=f"{words}\n", headers=ALWAYS)

    def _wrong(self, request: http.BaseRequest, status: int, error: BaseException | None) -> http.Response:
        """Return what is said to who sent no request; the connection ends with it. A fault of ours is told, too, and logged."""
        if isinstance(error, HttpProcessingError | http.RequestPayloadError):
            words = "this is no request of HTTP/1.1, or its head is too long"
            response = self._refuse(status if status < 500 else 400, "wrong", words)
        else:
            logger.error("/metrics: no answer to %s", request.path, exc_info=error)
            response = self._refuse(500, "fault", "a fault of the agent's own; its log has the trace, please report it")
        response.force_close()
        return response

    def _hung_up(self, why: str) -> None:
        self._refused[why] += 1
