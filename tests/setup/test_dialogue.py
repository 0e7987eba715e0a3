"""One question after the other: usual answers, wrong ones, the way back, devices, a file of answers. No terminal."""

from __future__ import annotations

import pytest

from gateway.model import Eui64, Place, TimeQuality
from gateway.setup.asking import Known, NotRight, Question
from gateway.setup.dialogue import HANGING, Dialogue, filled
from gateway.setup.findings import Arrival, Concentratord, Findings, Modem, Receiver
from gateway.setup.questions import OF_THE_BOX
from gateway.setup.radios import options, usual
from tests.setup.roots import box, known

LABEL = "LW:D0:70B3D57ED0000001:A81758FFFE0A0001:00000001"
KEY = "00112233445566778899aabbccddeeff"


def answered(dialogue: Dialogue, **texts: str) -> Dialogue:
    """Answer every question that comes; what is not named by Enter."""
    while (question := dialogue.next()) is not None:
        dialogue = dialogue.taken(question, texts.get(question.id, ""))
    return dialogue


def until(dialogue: Dialogue, wanted: str, /, **texts: str) -> Dialogue:
    while (question := dialogue.next()) is not None and question.id != wanted:
        dialogue = dialogue.taken(question, texts.get(question.id, ""))
    assert question is not None, f"{wanted} is never asked"
    return dialogue


def ids(dialogue: Dialogue) -> list[str]:
    return [one.id for one in dialogue.answered()]


# ── what is asked ──


def test_a_bare_box_is_asked_eight_questions_and_enter_answers_all() -> None:
    done = answered(Dialogue(known()))

    assert ids(done) == ["radio", "name", "place", "region", "city", "device", "dashboard", "data"]
    assert done.known.typed["radio"] == "udp"
    assert done.known.typed["region"] == "EU868"


def test_a_name_that_many_machines_have_is_not_proposed() -> None:
    dialogue = until(Dialogue(known(Findings(box=box(hostname="raspberrypi")))), "name")

    with pytest.raises(NotRight, match="1 to 64 characters"):
        dialogue.taken(dialogue.question("name"), "")


def test_the_clock_is_asked_about_only_where_it_is_not_set() -> None:
    done = answered(Dialogue(known(Findings(box=box(clock=TimeQuality.UNSYNCHRONISED)))))

    assert done.known.typed["clock"] == "ntp"


def test_a_receivers_place_is_proposed() -> None:
    receiver = Receiver(port="/dev/serial/by-id/usb-ublox", baud=9600, place=Place(57.70887, 11.97456, 12.0))

    done = answered(Dialogue(known(Findings(box=box(), receivers=(receiver,)))))

    assert (done.known.typed["place"], done.known.typed["gnss"]) == ("57.70887, 11.97456, 12", "yes")


def test_with_a_service_the_folder_is_its_own_and_starting_is_offered() -> None:
    done = answered(Dialogue(known(Findings(box=box(has_systemd=True, has_unit=True)))))

    assert "data" not in ids(done)
    assert done.known.typed["start"] == "yes"


def test_a_box_that_is_set_up_is_kept_by_enter() -> None:
    done = answered(Dialogue(known(Findings(box=box(configured='[gateway]\nname = "x"\n')))))

    assert ids(done) == ["mode"]


def test_to_add_a_city_asks_for_the_city_and_devices_alone() -> None:
    dialogue = Dialogue(known(Findings(box=box(configured="# here\n"))))

    done = answered(dialogue, mode="city", city="lund", city_url="mqtts://yggio.example")

    assert ids(done) == ["mode", "city", "city_url", "city_username", "device"]


def test_what_runs_here_goes_before_what_is_always_there() -> None:
    concentratord = Concentratord(event_url="ipc:///tmp/e", command_url="ipc:///tmp/c", is_open=True)
    modem = Modem(port="/dev/serial/by-id/x", family="rn2483", firmware="RN2483 1.0.5")
    found = known(Findings(box=box(), concentratords=(concentratord,), modems=(modem,)))

    assert [one.key for one in options(found)][:3] == ["concentratord", "modem", "udp"]
    assert usual(found) == "concentratord"


def test_who_sends_here_already_is_proposed_with_its_eui() -> None:
    arrival = Arrival(gateway=Eui64("aa555a0000000001"), address="10.0.0.7")
    found = known(Findings(box=box(), arrivals=(arrival,)))

    assert usual(found) == "udp"
    assert "aa555a0000000001 (10.0.0.7)" in options(found)[0].why.en


def test_behind_a_server_neither_region_nor_keys_are_asked_for() -> None:
    dialogue = until(Dialogue(known()), "device", radio="chirpstack")

    done = answered(dialogue.taken(dialogue.question("device"), LABEL))

    assert "region" not in done.known.typed
    assert "app_key" not in done.known.devices[0]


# ── wrong answers ──

WRONG = [
    ("radio", "9", "1 to 5 is right"),
    ("radio", "udp none", "not both"),
    ("radio", "chirpstack the_things_stack", "one network server at a time"),
    ("modem_frequency", "nan", "868.1 is right"),
    ("modem_frequency", "inf", "868.1 is right"),
    ("place", "57.7", "degrees north and east"),
    ("place", "120, 11", "degrees north and east"),
    ("region", "EU900", "EU868"),
    ("dashboard", "x", "off, here, network"),
    ("city", "!!", "no city's name"),
    ("device", "LW:D0:1", "a code begins"),
    ("device", "A81758FFFE0A000", "no DevEUI"),
    ("data", "~/x", "/var/lib/brygga"),
]


@pytest.mark.parametrize(("name", "text", "words"), WRONG)
def test_a_wrong_answer_says_what_is_right(name: str, text: str, words: str) -> None:
    dialogue = Dialogue(known()) if name.startswith("modem") else until(Dialogue(known()), name)

    with pytest.raises(NotRight, match=words):
        dialogue.taken(dialogue.question(name), text)


def test_a_citys_address_has_to_be_of_a_way_that_its_platform_has() -> None:
    told = known()
    only_http = next(one for one in told.catalogue.profiles.values() if "mqtt" not in told.catalogue.kind(one).ways)
    dialogue = until(Dialogue(told), "city_url", city=only_http.slug)

    with pytest.raises(NotRight, match="takes https://"):
        dialogue.taken(dialogue.question("city_url"), "mqtts://broker.example")


@pytest.mark.parametrize(
    ("text", "slug"), [("Lund", "lund"), ("lun", "lund"), ("1281", "lund"), ("GÖTEBORG", "goteborg")]
)
def test_a_city_is_found_by_its_name_a_part_of_it_or_its_code(text: str, slug: str) -> None:
    dialogue = until(Dialogue(known()), "city")

    assert dialogue.taken(dialogue.question("city"), text).known.given("city") == slug


def test_a_part_that_several_cities_have_asks_which() -> None:
    dialogue = until(Dialogue(known()), "city")

    with pytest.raises(NotRight, match="several"):
        dialogue.taken(dialogue.question("city"), "yggio")


def test_an_unknown_city_is_told_of_before_it_is_taken() -> None:
    dialogue = until(Dialogue(known()), "city_unknown", city="Gotborg")

    (words,) = dialogue.question("city_unknown").found(dialogue.known)

    assert "Did you mean goteborg?" in words


# ── back ──


def test_back_is_one_answer_back() -> None:
    dialogue = until(Dialogue(known()), "region", name="mast")

    before = dialogue.back().back()

    question = before.next()
    assert question is not None
    assert (question.id, before.known.given("radio")) == ("name", "udp")


def test_back_at_the_beginning_stays_there() -> None:
    question = Dialogue(known()).back().next()

    assert question is not None
    assert question.id == "radio"


def test_back_among_devices_takes_the_last_one_out() -> None:
    dialogue = until(Dialogue(known()), "device")
    one = until(dialogue.taken(dialogue.question("device"), LABEL), "device", device_key=KEY)

    assert len(one.known.devices) == 1
    assert one.back().known.devices == ()


def test_another_city_is_asked_for_its_own_address_and_login() -> None:
    done = answered(Dialogue(known()), city="lund", city_url="mqtts://a.example", city_username="u", city_password="p")

    again = done.again("city")

    assert {name for name in again.known.typed if name.startswith("city")} == set()


def test_what_hangs_on_an_answer_is_asked_somewhere() -> None:
    asked = {one.id for one in OF_THE_BOX}

    assert {name for names in HANGING.values() for name in names} | set(HANGING) <= asked


# ── devices ──


def test_a_label_is_asked_for_what_it_does_not_say() -> None:
    dialogue = until(Dialogue(known()), "device")
    dialogue = dialogue.taken(dialogue.question("device"), LABEL)

    done = answered(dialogue, device_name="Library", device_key=KEY, device_decoder="elsys/ers")

    assert done.known.devices == (
        {
            "dev_eui": "a81758fffe0a0001",
            "join_eui": "70b3d57ed0000001",
            "name": "Library",
            "app_key": KEY,
            "decoder": "elsys/ers",
        },
    )


def test_the_makers_decoders_are_offered_and_a_part_of_a_name_chooses() -> None:
    dialogue = until(Dialogue(known()), "device")
    dialogue = until(dialogue.taken(dialogue.question("device"), LABEL), "device_decoder")

    offered = [one.key for one in dialogue.question("device_decoder").options(dialogue.known)]
    chosen = dialogue.taken(dialogue.question("device_decoder"), "em300")

    assert offered == ["elsys/ers", "elsys/elt2", "none"]
    assert chosen.known.devices[0]["decoder"] == "milesight/em300-th"


def test_a_file_of_devices_is_looked_at_at_once() -> None:
    files = {
        "good.csv": "dev_eui,app_key\na81758fffe0a0001,00112233445566778899aabbccddeeff\n",
        "bad.csv": "dev_eui\nxyz\n",
    }
    dialogue = until(Dialogue(known(read_file=files.get)), "device")
    question = dialogue.question("device")

    taken = dialogue.taken(question, "good.csv")

    assert taken.known.devices == ({"file": "good.csv"},)
    with pytest.raises(NotRight, match=r"bad.csv line 2: dev_eui"):
        dialogue.taken(question, "bad.csv")


# ── a file of answers ──


def test_answers_of_a_file_answer_as_a_person_would() -> None:
    texts = {"name": "mast", "city": "lund", "city_url": "mqtts://yggio.example", "region": "eu868"}

    done, problems = filled(Dialogue(known()), texts, [LABEL])

    assert problems == []
    assert done.next() is None
    assert (done.known.given("name"), done.known.given("region")) == ("mast", "EU868")
    assert done.known.devices[0]["dev_eui"] == "a81758fffe0a0001"


def test_every_problem_of_a_file_is_told_at_once() -> None:
    texts = {"radio": "carrier-pigeon", "place": "here", "region": "EU900", "city": "lund", "dashboard": "network"}

    _, problems = filled(Dialogue(known()), texts, ["nonsense", LABEL])

    assert [one.partition(":")[0] for one in problems] == [
        "radio",
        "place",
        "region",
        "city_url",
        "device",
        "dashboard_password",
    ]


# ── words ──


@pytest.mark.parametrize("question", OF_THE_BOX, ids=lambda one: one.id)
def test_every_question_speaks_both_languages(question: Question) -> None:
    told: Known = known()

    both = [question.text, question.helps, *(one.title for one in question.options(told))]

    assert all(one.en and one.sv for one in both)
    assert question.text.en != question.text.sv
