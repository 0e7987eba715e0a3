from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.errors import ConfigError
from simulators.lab.scenario import DAY_S, What
from simulators.lab.scenario_file import read
from simulators.lab.scenario_new import written
from simulators.lab.scenario_values import When
from simulators.lab.shelf import find, ready

SOUND = """\
[scenario]
name = "t"
begins = 2026-01-15T06:00:00+01:00
lasts = "1 d"
[[gateway]]
name = "roof"
where = [59.27, 15.21]
[[fleet]]
name = "climate"
models = ["elsys/ers-co2"]
count = 3
every = "10 min"
where = [59.27, 15.21]
[[platform]]
name = "orebro"
kind = "ngsi_ld"
"""

WRONG = [
    ("[scenaro]\n", "scenaro: there is no such section; did you mean 'scenario'?"),
    ('[[fault]]\nwhat = "power out"\nat = "1 h"\n', "fault[0].what: 'power out' where \"backhaul out\""),
    ('[[fault]]\nwhat = "power cut"\n', "fault[0].at: one of `at` and `every` is expected"),
    ('[[fault]]\nwhat = "power cut"\nat = "25:00"\n', "fault[0].at: '25:00' is no time of a scenario: '08:00'"),
    (
        '[[fault]]\nwhat = "gateway off"\nat = "1 h"\nwhom = ["rof"]\n',
        "fault[0].whom[0]: 'rof' is no name that 'gateway off' can strike; did you mean 'roof'?",
    ),
    (
        '[[fault]]\nwhat = "power cut"\nat = "1 h"\nwhom = ["roof"]\n',
        "fault[0].whom: 'power cut' strikes the agent itself; leave it out",
    ),
    (
        '[[fault]]\nwhat = "clock jumps"\nat = "1 h"\n',
        "fault[0].by_s: is missing; -3600 sets the clock back by an hour",
    ),
    (
        '[[fault]]\nwhat = "power cut"\nevery = "1 h"\nuntil = "2 h"\n',
        "fault[0].until: stands beside `lasts` or `every`; `until` belongs to `at` alone",
    ),
    ('[[platform]]\nname = "orebro"\nkind = "senml"\n', "platform[1].name: 'orebro' is another one's already"),
    ('[[platform]]\nname = "lund"\nkind = "ngsi"\n', "platform[1].kind: 'ngsi' is no kind of platform"),
    (
        '[[platform]]\nname = "lund"\nkind = "ngsi_v2"\nway = "mqtt"\n',
        "platform[1].way: there is no way into 'ngsi_v2' over mqtt; its ways are: http",
    ),
    (
        '[[platform]]\nname = "lund"\nkind = "senml"\ncity = "lund"\n',
        "platform[1].kind: 'senml' where lund's profile says 'yggio'",
    ),
    (
        '[[platform]]\nname = "lund"\nkind = "yggio"\ncity = "lunden"\n',
        "platform[1].city: 'lunden' is no city of the catalogue; did you mean 'lund'?",
    ),
    (
        '[[move]]\nservice = "orebro"\nto = "lund"\nat = "1 h"\n',
        "move[0].service: 'orebro' has no `city`, and only between cities a service moves by a word",
    ),
    (
        '[[move]]\nservice = "orebro"\nto = "lund"\nat = "1 h"\n',
        "move[0].to: 'lund' is no platform of this scenario; there is orebro",
    ),
    ("[promise]\nheard = 1.5\n", "promise.heard: 1.5 where a share from 0 to 1 is expected"),
]

WRONG_FLEETS = [
    (
        'models = ["elsys/ers-c02"]',
        "fleet[0].models[0]: 'elsys/ers-c02' is no model of the catalogue; did you mean 'elsys/ers-co2'?",
    ),
    ("models = []", "fleet[0].models: is empty; elsys/ers is a model"),
    ("count = 0", "fleet[0].count: 0 where a whole number from 1 to 100000 is expected"),
    ('every = "1 h"\nat = "08:00"', "fleet[0].at: stands beside `every`; one of the two is right"),
    ('watches = "door"', 'fleet[0].watches: \'door\' where "parking_occupied", "door_open"'),
    ('every = "0 s"', "fleet[0].every: 0 s is no rhythm; '15 min' is one"),
    ("every = 10", 'fleet[0].every: 10 where a time such as "15 min" or "1 d" is expected'),
    ("where = [159.27, 15.21]", "fleet[0].where: [159.27, 15.21] is no place: latitude and longitude in degrees"),
    ('platforms = ["lund"]', "fleet[0].platforms[0]: 'lund' is no platform of this scenario; there is orebro"),
]


@pytest.mark.parametrize(("more", "problem"), WRONG)
def test_what_is_wrong_is_said_with_its_place_and_what_would_be_right(more: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(SOUND + more, "t.toml")

    assert [one for one in raised.value.problems if one.startswith(f"t.toml: {problem}")] != []


@pytest.mark.parametrize(("line", "problem"), WRONG_FLEETS)
def test_what_is_wrong_with_a_fleet_is_said(line: str, problem: str) -> None:
    key = line.partition(" ")[0]
    head, fleet = SOUND.split("[[fleet]]")
    fleet = fleet.replace("[[platform]]", "\n[[platform]]")
    kept = [one for one in fleet.splitlines() if not one.startswith(f"{key} ")]

    with pytest.raises(ConfigError) as raised:
        read(f"{head}[[fleet]]\n{line}" + "\n".join(kept), "t.toml")

    assert [one for one in raised.value.problems if one.startswith(f"t.toml: {problem}")] != []


def test_a_fleet_without_a_rhythm_watches_something() -> None:
    mute = SOUND.replace('every = "10 min"\n', "")

    with pytest.raises(ConfigError, match="one of `every`, `at` and `watches` is expected"):
        read(mute, "t.toml")

    (fleet,) = read(mute.replace("count = 3\n", 'count = 3\nwatches = "door_open"\n'), "t.toml").fleets
    assert (fleet.rhythm.every_s, fleet.rhythm.watches) == (None, "door_open")


def test_everything_that_is_wrong_is_said_at_once() -> None:
    text = SOUND.replace("count = 3", "count = 0").replace('kind = "ngsi_ld"', 'kind = "ngsi"').replace("+01:00", "")

    with pytest.raises(ConfigError) as raised:
        read(text, "t.toml")

    assert [one.split(": ")[1] for one in raised.value.problems] == [
        "scenario.begins",
        "fleet[0].count",
        "platform[0].kind",
    ]


def test_a_file_that_is_empty_is_told_what_it_needs() -> None:
    with pytest.raises(ConfigError) as raised:
        read("", "t.toml")

    assert "t.toml: gateway: is missing; a scenario has at least one [[gateway]]" in raised.value.problems
    assert any("scenario.begins: is missing" in one for one in raised.value.problems)


@pytest.mark.parametrize(
    ("when", "seconds"),
    [
        (When(span=timedelta(minutes=90)), 5400.0),
        (When(minutes=8 * 60), 2 * 3600.0),
        (When(minutes=5 * 60), 23 * 3600.0),
        (When(minutes=6 * 60), 0.0),
        (When(minutes=8 * 60, days=2), 2 * DAY_S + 2 * 3600.0),
    ],
)
def test_a_clocks_time_is_the_next_one_after_the_beginning(when: When, seconds: float) -> None:
    begins = datetime(2026, 1, 15, 6, tzinfo=timezone(timedelta(hours=1)))

    assert when.seconds(begins) == seconds


def test_faults_come_at_their_times_and_again() -> None:
    faults = (
        '[[fault]]\nwhat = "backhaul out"\nat = "22:00"\nuntil = "02:00"\n'
        '[[fault]]\nwhat = "power cut"\nevery = "10 h"\nlasts = "2 min"\n'
    )

    troubles = [*read(SOUND + faults, "t.toml").in_time()]

    assert [(one.what, one.begins_s / 3600, one.ends_s / 3600) for one in troubles] == [
        (What.POWER_CUT, 10.0, 10.0 + 2 / 60),
        (What.BACKHAUL_OUT, 16.0, 20.0),
        (What.POWER_CUT, 20.0, 20.0 + 2 / 60),
    ]


@pytest.mark.parametrize("name", ready())
def test_the_scenarios_that_are_ready_are_sound_and_say_what_they_show(name: str) -> None:
    scenario = find(name)

    assert scenario.name == name
    assert len(scenario.title) > 20
    assert len(f"{name}  {scenario.title}") <= 80
    assert scenario.begins.astimezone(UTC).year >= 2026


def test_the_file_to_begin_with_is_sound() -> None:
    scenario = read(written("my-town"), "my-town.toml")

    assert scenario.name == "my-town"
    assert scenario.devices == 20


def test_a_scenario_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match="did you mean 'winter-town'"):
        find("winter-twon")
