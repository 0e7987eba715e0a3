"""NMEA sentences: what they tell, what they do not, and what is none."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time

import pytest

from gateway.model import Place
from gateway.sources.nmea import BadSentence, Said, joined, read
from simulators.gnss_receiver import sentence

NOON = time(12, 35, 19, tzinfo=UTC)

# from = "u-blox 8 / M8 Receiver Description including Protocol Specification, sections 31.2.4, 31.2.17, 31.2.23"
GGA = b"$GPGGA,092725.00,4717.11399,N,00833.91590,E,1,08,1.01,499.6,M,48.0,M,,*5B"
RMC = b"$GPRMC,083559.00,A,4717.11437,N,00833.91522,E,0.004,77.52,091202,,,A*57"
ZDA = b"$GPZDA,082710.00,16,09,2002,00,00*64"
# from = "NMEA data, gpsinformation.org/dale/nmea.htm": receivers of before NMEA 2.3, without a mode
OLD_GGA = b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47"
OLD_RMC = b"$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A"


def rmc(changes: str = "") -> Said:
    """Return what an RMC of 2026 tells, with another status, date or mode."""
    status, day, mode = (changes or "A,250326,A").split(",")
    return read(sentence(f"GNRMC,123519.00,{status},5742.5,N,01158.5,E,0.1,,{day},,,{mode},V").strip())


def test_a_gga_tells_place_height_and_how_sure_it_is() -> None:
    said = read(GGA)

    assert said.at == time(9, 27, 25, tzinfo=UTC)
    assert said.place == Place(
        47.2852332, 8.5652650, 547.6
    )  # 499.6 m above the sea, which is 48.0 m above the ellipsoid
    assert (said.is_fix, said.satellites, said.day) == (True, 8, None)
    assert said.accuracy_m == pytest.approx(5.05)


def test_an_rmc_tells_place_and_date() -> None:
    said = read(RMC)

    assert (said.at, said.day) == (time(8, 35, 59, tzinfo=UTC), date(2002, 12, 9))
    assert said.place == Place(47.2852395, 8.5652537)


def test_a_zda_tells_a_date_and_of_a_fix_nothing() -> None:
    assert read(ZDA) == Said(at=time(8, 27, 10, tzinfo=UTC), day=date(2002, 9, 16))


def test_older_receivers_are_read() -> None:
    assert read(OLD_GGA).place == Place(48.1173, 11.5166667, 592.3)
    assert read(OLD_RMC).is_fix


@pytest.mark.parametrize("talker", ["GP", "GL", "GA", "GB", "GN", "BD", "GQ"])
def test_every_system_is_heard(talker: str) -> None:
    assert read(sentence(f"{talker}ZDA,123519.00,25,03,2026,00,00").strip()).at == NOON


def test_what_stands_between_is_passed_over() -> None:
    assert read(sentence("GNVTG,,T,,M,0.004,N,0.008,K,A").strip()) == Said()


# ── what is not measured ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "changes", ["V,250326,N", "V,250326,A", "A,250326,E", "A,250326,S", "A,250326,M", "A,250326,N"]
)
def test_an_rmc_without_a_fix_tells_neither_place_nor_time(changes: str) -> None:
    said = rmc(changes)

    assert (said.is_fix, said.place, said.utc) == (False, None, None)


@pytest.mark.parametrize("quality", ["0", "6", "7", "8", ""])
def test_a_gga_without_a_fix_tells_no_place(quality: str) -> None:
    said = read(sentence(f"GNGGA,123519.00,5742.5,N,01158.5,E,{quality},00,99.99,,M,,M,,").strip())

    assert (said.is_fix, said.place, said.accuracy_m) == (False, None, None)


def test_one_sentence_that_says_no_fix_spoils_the_others_of_its_second() -> None:
    lost = read(sentence("GNGGA,123519.00,,,,,0,00,99.99,,M,,M,,").strip())

    for both in (joined(rmc(), lost), joined(lost, rmc())):
        assert (both.is_fix, both.utc) == (False, None)


def test_a_date_alone_is_no_time() -> None:
    zda = read(sentence("GNZDA,123519.00,25,03,2026,00,00").strip())

    assert zda.utc is None
    assert joined(zda, rmc()).utc == datetime(2026, 3, 25, 12, 35, 19, tzinfo=UTC)


def test_a_place_with_a_height_is_the_better_one() -> None:
    gga = read(sentence("GNGGA,123519.00,5742.5,N,01158.5,E,1,08,0.9,45.4,M,38.1,M,,").strip())

    for both in (joined(rmc(), gga), joined(gga, rmc())):
        assert both.place is not None
        assert both.place.altitude_m == 83.5


# ── dates that cannot be ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("day", "is_right"),
    [
        ("010126", True),
        ("250326", True),
        ("150845", True),
        ("311225", False),  # before this program
        ("090806", False),  # 25 March 2026, 1024 weeks before
        ("060180", False),  # GPS's first day, which two digits make 2080
        ("081145", False),  # 25 March 2026, 1024 weeks after
    ],
)
def test_a_receiver_that_has_forgotten_the_week_tells_no_time(day: str, *, is_right: bool) -> None:
    said = rmc(f"A,{day},A")

    assert (said.utc is not None, said.has_wrong_date) == (is_right, not is_right)
    assert said.place is not None


def test_a_leap_second_tells_no_time_and_a_place() -> None:
    said = read(sentence("GNRMC,235960.00,A,5742.5,N,01158.5,E,0.1,,311226,,,A").strip())

    assert (said.at, said.utc, said.is_fix) == (None, None, True)


# ── what is none ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GGA[1:], "no_sentence"),
        (GGA[:-3], "no_sentence"),
        (GGA[:20] + GGA[21:], "checksum"),
        (b"$GPTXT,01,01,02,u-blox\xff*00", "no_sentence"),
        (sentence("GPGGA,092725.00").strip(), "fields"),
        (sentence("GPGGA,256059.00,4717.1,N,00833.9,E,1,08,1.0,499.6,M,48.0,M,,").strip(), "fields"),
        (sentence("GPGGA,092725.00,9917.1,N,00833.9,E,1,08,1.0,499.6,M,48.0,M,,").strip(), "fields"),
        (sentence("GPGGA,092725.00,4717.1,X,00833.9,E,1,08,1.0,499.6,M,48.0,M,,").strip(), "fields"),
        (sentence("GPGGA,092725.00,4717.1,N,00833.9,E,1,08,nan,499.6,M,48.0,M,,").strip(), "fields"),
        (sentence("GPRMC,083559.00,A,4717.1,N,00833.9,E,0.0,,310226,,,A").strip(), "fields"),
        (sentence("GPRMC,083559.00,A,4717.1,N,00833.9,E,0.0,,,,,A").strip(), "fields"),
    ],
)
def test_what_is_no_sentence_is_refused_for_its_reason(line: bytes, reason: str) -> None:
    with pytest.raises(BadSentence) as caught:
        read(line)

    assert caught.value.reason == reason


def test_no_truncation_and_no_turned_bit_passes_for_the_sentence() -> None:
    for line in (GGA, RMC, ZDA):
        turned = [
            line[:at] + bytes((line[at] ^ 1 << bit,)) + line[at + 1 :] for at in range(len(line)) for bit in range(8)
        ]
        for wrong in [line[:end] for end in range(len(line))] + turned:
            try:
                said = read(wrong)
            except BadSentence:
                continue
            # Left are another talker's name, the kind of sentence, and a hex digit in another case: none tells another place.
            assert said in (Said(), read(line))


def test_hostile_octets_raise_nothing_else() -> None:
    chance = random.Random(11)
    for _ in range(2000):
        words = "".join(chance.choice("GNRMCZDA0123456789,.-ASVE") for _ in range(chance.randrange(60)))
        for line in (chance.randbytes(40), sentence(f"GP{chance.choice(('GGA', 'RMC', 'ZDA'))},{words}").strip()):
            try:
                read(line)
            except BadSentence:
                continue
