"""A window on a platform behind a broker: clients with the right password publish, and each message is shown."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Final

from gateway.transports.reasons import named
from simulators.dry_run.seen import Seen, Show
from simulators.dry_run.upset import Upsets, never
from simulators.platforms.mqtt_door import CUT, Connect, Door, Publish

BAD_LOGIN: Final = {4: 4, 5: 0x86}  # "bad user name or password", by MQTT's protocol level

Take = Callable[[Publish], int | None]
Complain = Callable[[], str]


class BrokerWindow:
    """A broker on a port whose platform is ``take``; ``complain`` says in words what was wrong with the last message."""

    def __init__(
        self,
        take: Take,
        complain: Complain,
        show: Show,
        *,
        token: str = "",
        by_user: bool = False,
        greet: Callable[[Connect], int] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``token``: the password, or ``by_user`` the user name; "" lets everybody in. ``greet``: a platform that looks closer."""
        self.upset: Upsets = never
        self._take = take
        self._complain = complain
        self._show = show
        self._token = token
        self._by_user = by_user
        self._greet = greet
        self._door = Door(self, tls=tls)

    async def start(self, host: str, port: int) -> str:
        """Listen, and return the broker's URL."""
        await self._door.start(host, port)
        return f"{self._door.scheme}://{host}:{self._door.port}"

    async def stop(self) -> None:
        """Close all connections."""
        await self._door.stop()

    # ── rules ──

    def greet(self, connect: Connect) -> int:
        """Let in who has the password."""
        code = self._greet(connect) if self._greet is not None else self._by_credential(connect)
        if code:
            who = f"CONNECT as {connect.client_id!r}, user {connect.username!r}"
            self._tell(
                who,
                b"",
                code,
                self._complain() or f"the {'user name' if self._by_user else 'password'} is not the one of --token",
            )
        return code

    def take(self, publish: Publish) -> int | None:
        """Give a message to the platform, and show what became of it."""
        if (upset := self.upset()) is not None:
            return upset.code
        code = self._take(publish)
        why = "" if code is not None and 0 <= code < 0x80 else self._complain()
        self._tell(f"PUBLISH {publish.topic}", publish.payload, code, why)
        return code

    def subscribe(self, client_id: str, topic_filter: str) -> int:  # noqa: ARG002 - of the seam
        """Grant everything: nothing is ever sent."""
        return 1

    def _by_credential(self, connect: Connect) -> int:
        shown = connect.username if self._by_user else connect.password
        return 0 if self._token in {"", shown} else BAD_LOGIN.get(connect.level, 5)

    def _tell(self, asked: str, body: bytes, code: int | None, why: str) -> None:
        answer = "closed the connection" if code in {None, CUT} else named(code or 0)
        taken = code is not None and 0 <= code < 0x80 and not asked.startswith("CONNECT")
        self._show(Seen(asked=asked, kind="", body=body, wire_octets=len(body), is_taken=taken, answer=answer, why=why))
