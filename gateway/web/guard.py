"""Who is asking, and whether that may be: cookie or token, Host, Origin, CSRF token, role. Each refusal has a word that is counted.

Where there is no password only this machine is listened on, and whoever reaches it is taken for its operator. Then a page of some other
site must not reach it through this machine's browser: its name in `Host` has to be a loopback one (against DNS rebinding), and what
changes something has to show a token that only our own pages can have read. Nor must a proxy on this machine bring the world.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.errors import ConfigError
from gateway.web.nearby import is_called_local, proxy_header
from gateway.web.passwords import PasswordFile
from gateway.web.refusal import Refusal
from gateway.web.roles import Role
from gateway.web.sessions import Session, Sessions
from gateway.web.settings import Web
from gateway.web.tokens import TokensFile

COOKIE: Final = "brygga_session"
SAFE: Final = frozenset({"GET", "HEAD"})
OWN_SITE: Final = frozenset({"same-origin", "none"})  # of Sec-Fetch-Site (W3C Fetch Metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of a request tells who asks."""

    method: str
    headers: Mapping[str, str]  # whatever case their names are asked in
    cookies: Mapping[str, str]
    address: str

    def header(self, name: str) -> str:
        """Return a header, "" where there is none."""
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, and what he may."""

    role: Role | None  # None: nobody is logged in
    csrf: str | None = None  # what has to be shown with all that changes something; None: nothing
    cookie: str = ""
    session: Session | None = None


class Guard:
    """The door of the dashboard."""

    def __init__(self, web: Web, now: Callable[[], float]) -> None:
        """``now``: monotonic seconds."""
        self._web = web
        self.passwords = PasswordFile(web.password_file)
        self.sessions = Sessions(web.session, now)
        self._tokens = TokensFile(web.tokens_file)
        self._local_csrf = secrets.token_urlsafe(32)
        self._changes = 0

    def has_password(self) -> bool:
        """Tell whether a password is set; another one than before ends all sessions. Raises Refusal where its file is wrong."""
        try:
            there = self.passwords.read() is not None
        except ConfigError as error:
            raise Refusal(503, error.problems, counted="no_password") from error
        if self.passwords.changes != self._changes:
            self._changes = self.passwords.changes
            self.sessions.end_all()
        return there

    def who(self, asked: Asked) -> Asker:
        """Return who asks. Raises Refusal for a token that is not known, and for callers that cannot be let in at all."""
        has_password = self.has_password()
        if not has_password:
            self._check_local(asked)
        scheme, _, token = asked.header("Authorization").partition(" ")
        if scheme.lower() == "bearer":
            return self._of_token(token.strip())
        if not has_password:
            return Asker(role=Role.ADMIN, csrf=self._local_csrf)
        cookie = asked.cookies.get(COOKIE, "")
        session = self.sessions.find(cookie) if cookie else None
        if session is None:
            return Asker(role=None)
        return Asker(role=Role.ADMIN, csrf=session.csrf, cookie=cookie, session=session)

    def check(self, asked: Asked, asker: Asker, needed: Role | None) -> None:
        """Raise Refusal where ``asker`` may not do what needs the role ``needed``, or where another site asks through him."""
        self.check_site(asked)  # what only reads, too: a page elsewhere could have this box examine itself all day
        if needed is None:
            return
        if asker.role is None:
            raise Refusal(401, "log in first (POST /api/v1/session), or send a token", counted="no_login")
        if asked.method not in SAFE and asker.csrf is not None:
            shown = asked.header("X-CSRF-Token").encode("utf-8", "replace")
            if not hmac.compare_digest(shown, asker.csrf.encode()):
                raise Refusal(403, "X-CSRF-Token: `csrf` of GET /api/v1/session is expected", counted="csrf")
        if not asker.role.may(needed):
            raise Refusal(403, f"role {asker.role} where {needed} is needed", counted="role")

    def check_site(self, asked: Asked) -> None:
        """Raise Refusal where the page of another site asks (OWASP, "Verifying Origin With Standard Headers")."""
        origin, site = asked.header("Origin"), asked.header("Sec-Fetch-Site")
        if origin and _host(origin) != asked.header("Host").lower():
            raise Refusal(403, "Origin: a page of another site asks", counted="origin")
        if not origin and site and site not in OWN_SITE:
            raise Refusal(403, "Sec-Fetch-Site: a page of another site asks", counted="origin")

    def _check_local(self, asked: Asked) -> None:
        if not self._web.is_local:
            raise Refusal(503, "there is no password any more: `brygga web password` sets one", counted="no_password")
        if not is_called_local(asked.headers):
            words = "Host: without a password only localhost, 127.0.0.1 and [::1] are answered"
            raise Refusal(403, words, counted="host")
        if proxy := proxy_header(asked.headers):
            words = f"{proxy}: a proxy asks for somebody else, and there is no password: `brygga web password` sets one"
            raise Refusal(403, words, counted="proxy")

    def _of_token(self, token: str) -> Asker:
        try:
            found = self._tokens.find(token)
        except ConfigError as error:
            raise Refusal(503, error.problems, counted="token") from error
        if found is None:
            words = "Authorization: this token is not known; `brygga web token list` has the names of those that are"
            raise Refusal(401, words, counted="token")
        return Asker(role=found.role)


def _host(origin: str) -> str:
    """Return host and port of an origin, "" for none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
