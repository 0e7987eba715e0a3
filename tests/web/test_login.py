"""Logging in and out: who knows the password has a session, nobody else has anything."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gateway.web import website
from gateway.web.guard import COOKIE
from gateway.web.login_limits import OF_ALL, OF_ONE, LoginLimits, network_of
from gateway.web.passwords import PasswordFile, TooMany, fits, hashed, problem_of
from gateway.web.sessions import LONGEST, MOST, Sessions
from gateway.web.settings import Web
from tests.web import visiting
from tests.web.visiting import HASHED, PASSWORD, Box

OF_ARGON2_CFFI = (  # argon2-cffi 25.1.0: PasswordHasher().hash("correct horse battery staple")
    "$argon2id$v=19$m=65536,t=3,p=4$MDAwMDAwMDAwMDAwMDAwMA$2SgU78C/BbWvM3mSbhwswcIlebzJbrNni8E26CReu4g"
)


async def test_without_a_login_there_is_nothing_but_the_pages(locked: Box) -> None:
    visitor = await locked.visitor()

    page, status, session = await visitor.get("/"), await visitor.get("status"), await visitor.get("session")

    assert page.status == 200
    assert status.status == 401
    assert session.json == {"role": None, "csrf": None, "gateway": None, "version": None, "needs_password": True}


async def test_the_right_password_gives_a_session(locked: Box) -> None:
    visitor = await locked.visitor()

    told = await visitor.log_in()

    assert told.status == 200
    assert told.json["role"] == "admin"
    assert told.json["gateway"] == "test"
    assert "HttpOnly" in told.headers["Set-Cookie"]
    assert "SameSite=Strict" in told.headers["Set-Cookie"]
    assert (await visitor.get("status")).status == 200


async def test_a_wrong_password_gives_none_and_is_counted(locked: Box) -> None:
    visitor = await locked.visitor()

    told = await visitor.log_in("ett annat lösenord")

    assert told.status == 401
    assert "Set-Cookie" not in told.headers
    assert locked.refused["password"] == 1
    assert (await visitor.get("status")).status == 401


async def test_after_the_logout_a_stolen_cookie_opens_nothing(locked: Box) -> None:
    visitor = await locked.visitor()
    await visitor.log_in()
    cookie = next(one for one in visitor.session.cookie_jar if one.key == COOKIE).value
    thief = await locked.visitor(Cookie=f"{COOKIE}={cookie}")
    before = (await thief.get("status")).status

    await visitor.ask("DELETE", "session")

    assert before == 200
    assert (await thief.get("status")).status == 401


async def test_a_login_never_takes_over_a_cookie_that_was_there(locked: Box) -> None:
    planted = f"{COOKIE}=planted-by-somebody-else"
    victim, planter = await locked.visitor(Cookie=planted), await locked.visitor(Cookie=planted)

    told = await victim.log_in()

    assert "planted" not in told.headers["Set-Cookie"]
    assert (await planter.get("status")).status == 401


async def test_another_password_ends_every_session(locked: Box) -> None:
    visitor = await locked.visitor()
    await visitor.log_in()

    (locked.data / "web.password").write_text(hashed("noch ein anderes Wort"), encoding="ascii")

    assert (await visitor.get("status")).status == 401
    assert (await visitor.log_in()).status == 401
    assert (await visitor.log_in("noch ein anderes Wort")).status == 200


async def test_an_admin_ends_the_sessions_of_others(locked: Box) -> None:
    one, other = await locked.visitor(), await locked.visitor()
    await one.log_in()
    await other.log_in()

    told = await one.ask("DELETE", "session?others=true")

    assert told.json == {"ended": 2}
    assert (await other.get("status")).status == 401


async def test_too_many_passwords_have_to_wait(locked: Box) -> None:
    visitor = await locked.visitor()
    for _ in range(OF_ONE[0]):
        assert (await visitor.log_in("wrong, wrong, wrong")).status == 401

    told = await visitor.log_in()

    assert told.status == 429
    assert 1 <= int(told.headers["Retry-After"]) <= 12
    assert locked.refused["too_often"] == 1


async def test_a_password_file_that_holds_none_lets_nobody_in(locked: Box) -> None:
    (locked.data / "web.password").write_text("hemligt", encoding="ascii")
    visitor = await locked.visitor()

    told = await visitor.get("session")

    assert told.status == 503
    assert "`brygga web password` writes one" in told.json["problems"][0]
    assert (await visitor.get("/")).status == 503


async def test_beyond_this_machine_nothing_is_opened_without_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(website, "AGAIN_S", 0.05)
    async with visiting.box(tmp_path, host="0.0.0.0") as box:
        (box.data / "web.password").unlink()
        visitor = await box.visitor()
        told = await visitor.get("session")

    assert told.status == 503
    assert "no password" in told.json["problems"][0]


# ── the parts ──


def test_hashes_are_those_of_other_programs() -> None:
    assert fits("correct horse battery staple", OF_ARGON2_CFFI)
    assert not fits("correct horse battery stapler", OF_ARGON2_CFFI)


def test_two_hashes_of_one_password_are_not_the_same() -> None:
    again = hashed(PASSWORD)

    assert again != HASHED
    assert fits(PASSWORD, again)


def test_letters_of_a_phone_are_those_of_a_keyboard() -> None:
    assert fits("ett la\N{COMBINING DIAERESIS}ngre lo\N{COMBINING DIAERESIS}senord", HASHED)


@pytest.mark.parametrize("password", ["", "kort", "x" * 201])
def test_a_password_has_its_length(password: str) -> None:
    assert problem_of(password)
    assert password == "" or password not in problem_of(password)


async def test_one_password_is_verified_at_a_time_and_few_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.passwords.MOST_WAITING", 0)
    (tmp_path / "file").write_text(HASHED, encoding="ascii")

    with pytest.raises(TooMany):
        await PasswordFile(tmp_path / "file").fits(PASSWORD)


def test_sessions_end_unused_and_after_a_week() -> None:
    now = 0.0
    web = Web(host="::1", port=0, password_file=Path(), tokens_file=Path(), tls=None, session=LONGEST / 14)
    sessions = Sessions(web.session, lambda: now)
    unused, _ = sessions.begin()
    used, _ = sessions.begin()
    half_day = (LONGEST / 14).total_seconds()

    for _ in range(27):
        now += half_day / 2
        assert sessions.find(used) is not None

    assert sessions.find(unused) is None
    now += half_day / 2
    assert sessions.find(used) is None


def test_of_too_many_sessions_the_one_unused_for_longest_goes() -> None:
    sessions = Sessions(LONGEST, time.monotonic)
    cookies = [sessions.begin()[0] for _ in range(MOST)]
    sessions.find(cookies[0])

    sessions.begin()

    assert sessions.find(cookies[0]) is not None
    assert sessions.find(cookies[1]) is None
    assert len(sessions) == MOST


def test_a_thousand_addresses_meet_the_limit_of_all() -> None:
    limits = LoginLimits(lambda: 0.0)

    waits = [limits.take(f"10.0.{number // 256}.{number % 256}") for number in range(1000)]

    assert waits.count(0) == OF_ALL[0]
    assert all(wait > 0 for wait in waits[OF_ALL[0] :])
    assert len(limits._of) <= 512


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_a_caller_is_an_address_or_a_network(one: str, other: str, *, is_same: bool) -> None:
    assert (network_of(one) == network_of(other)) is is_same


def test_the_hash_of_another_program_may_not_take_all_memory(tmp_path: Path) -> None:
    path = tmp_path / "web.password"
    path.write_text(OF_ARGON2_CFFI.replace("m=65536", "m=4194304"), encoding="ascii")
    file = PasswordFile(path)

    with pytest.raises(Exception, match="at most"):
        file.read()
    path.unlink()
    assert file.read() is None
