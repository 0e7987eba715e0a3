"""Every trap that the standards and the platforms are known to lay, and the test that would fall into it.

`TRAPS` is the list; a test that is renamed or lost fails here. What no other file had a test for stands below it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.ngsi_ld.models import CORE_CONTEXT, models
from gateway.formats.senml import SenMl
from gateway.formats.sensorthings import SensorThings
from gateway.model import Answer, Device, Json, Request, Verdict
from tests.formats.items import converse, eui, item
from tests.formats.matrix.backlog import ROUND, backlog
from tests.formats.ngsi_ld_words import co2, entity
from tests.formats.senml_reader import read, resolve
from tests.formats.smart_data_models import expanded
from tests.formats.telling import NOW

TESTS: Final = Path(__file__).parent.parent
RELATIVE: Final = 1 << 28  # RFC 8428, section 4.5.3: a smaller time is relative to now

TRAPS: Final[Mapping[str, tuple[str, ...]]] = {
    # ── Smart Data Models ──
    "the schemas describe the simplified form, and each has its own ranges": (
        "formats/test_ngsi_ld_entities.py::test_every_quantity_becomes_a_valid_entity",
        "formats/test_ngsi_ld_entities.py::test_whatever_a_sensor_says_the_schema_holds",
    ),
    "fractions, not percent": (
        "formats/test_ngsi_ld_entities.py::test_a_registered_thing_gets_the_attribute_of_its_model",
    ),
    "indoor humidity is percent all the same": (
        "formats/test_ngsi_ld_entities.py::test_indoor_humidity_is_percent_and_says_so",
    ),
    "a number without a unit code may be either": ("formats/test_traps.py::test_every_number_says_its_unit",),
    "wind direction is 0 to 360 in weather and -180 to 180 in air quality": (
        "formats/test_ngsi_ld_entities.py::test_wind_turns_both_ways_in_air_quality",
    ),
    "indoor temperature has a minimum of 0": (
        "formats/test_ngsi_ld_entities.py::test_frost_indoors_is_a_measurement_for_the_schema_knows_none",
    ),
    "waterConsumption is a whole number": (
        "formats/test_ngsi_ld_entities.py::test_water_is_whole_litres_and_the_exact_volume_beside_them",
    ),
    "alarms are 0 and 1": ("formats/test_ngsi_ld_entities.py::test_alarms_are_one_for_true_and_zero_for_false",),
    "noise has a period": ("formats/test_ngsi_ld_entities.py::test_noise_has_a_period_of_which_only_the_end_is_known",),
    "a total is no count of a period": ("formats/test_ngsi_ld_entities.py::test_a_total_is_no_count_of_a_period",),
    "a parking spot's site and a street light's status are the city's to say": (
        "formats/test_ngsi_ld_entities.py::test_every_quantity_becomes_a_valid_entity",
        "formats/test_ngsi_ld_entities.py::test_only_a_registered_streetlight_has_a_streetlights_voltage",
    ),
    "attributes were called otherwise, and diwise's readers look for that": (
        "formats/test_ngsi_ld_merge.py::test_diwises_own_readers_find_the_words_that_they_look_for",
    ),
    "Device.value is the core's hasValue": ("formats/test_traps.py::test_no_entity_has_a_value_of_its_own",),
    "a term that the @context does not know falls into the default context": (
        "formats/test_ngsi_ld_entities.py::test_every_quantity_becomes_a_valid_entity",
        "formats/test_ngsi_ld_entities.py::test_a_word_that_the_context_does_not_know_is_found",
    ),
    "no model for doors, leaks, buttons; one device has one deviceState": (
        "formats/test_ngsi_ld_entities.py::test_several_states_of_one_device_do_not_overwrite_each_other",
        "formats/test_ngsi_ld_entities.py::test_a_quantity_without_a_model_is_a_measurement_with_its_kind_and_unit",
    ),
    "MHO, VAR and ONE are no codes of Recommendation 20": (
        "formats/test_traps.py::test_no_unit_code_is_one_of_the_wrong_ones",
    ),
    "gases in ppm and in µg/m³ do not convert": (
        "vocabulary/test_units.py::test_units_of_different_dimensions_never_convert",
    ),
    # ── NGSI-LD ──
    "upsert without options=update replaces the entity": (
        "formats/test_ngsi_ld_conversation.py::test_one_request_upserts_what_different_things_say",
    ),
    "201 names the new ones alone; the others are taken, too": (
        "formats/test_ngsi_ld_conversation.py::test_all_taken",
        "formats/test_traps.py::test_a_201_that_names_some_has_taken_all",
    ),
    "207 with an empty list of errors is full success": ("formats/test_ngsi_ld_conversation.py::test_all_taken",),
    "one bad entity in a batch": (
        "formats/test_ngsi_ld_conversation.py::test_each_entity_of_a_207_is_judged_alone",
        "formats/test_ngsi_ld_conversation.py::test_a_refused_batch_is_halved_down_to_the_one_that_is_meant",
    ),
    "LdContextNotAvailable is of the broker, whatever its status": (
        "formats/test_ngsi_ld_conversation.py::test_nothing_is_lost_for_a_wrong_token_or_a_broker_in_trouble",
    ),
    "404, 405 and 501 to the batch path: a broker without batches loses nothing": (
        "formats/test_ngsi_ld_conversation.py::test_nothing_is_lost_for_a_wrong_token_or_a_broker_in_trouble",
    ),
    "@context in the body and in a Link header excludes one another": (
        "formats/test_ngsi_ld_entities.py::test_a_link_header_takes_the_place_of_the_context",
        "formats/test_ngsi_ld_over_http.py::test_all_that_we_send_is_taken_by_the_strict_broker",
    ),
    "an entity twice in a batch: brokers differ in which one stays": (
        "formats/test_ngsi_ld_conversation.py::test_no_wave_holds_an_entity_twice_and_each_entity_comes_oldest_first",
    ),
    "brokers let an older value go over a newer one": (
        "formats/test_ngsi_ld_late.py::test_an_older_value_is_refused_and_says_which_newer_one_is_there",
        "formats/test_ngsi_ld_history.py::test_a_late_value_goes_to_the_temporal_api_as_an_array_of_instances",
    ),
    "diwise's broker: no batches, 404 then 409, booleans, percent signs, 404 to who may not write": (
        "formats/test_ngsi_ld_merge.py::test_what_is_not_there_yet_is_created_whole",
        "formats/test_ngsi_ld_merge.py::test_what_somebody_else_created_meanwhile_is_merged_again",
        "formats/test_ngsi_ld_merge.py::test_no_boolean_goes_to_a_broker_that_makes_a_text_of_it",
        "formats/test_ngsi_ld_merge.py::test_an_id_in_a_path_has_no_percent_sign",
        "formats/test_ngsi_ld_merge.py::test_without_the_right_to_write_nothing_is_lost_and_the_reason_is_said",
    ),
    "observedAt is UTC with Z": ("formats/test_ngsi_ld_entities.py::test_times_are_utc_with_milliseconds_and_z",),
    # ── NGSIv2 ──
    "characters that Orion refuses anywhere": (
        "formats/test_ngsi_v2.py::test_no_character_that_orion_refuses_is_left_anywhere",
        "formats/test_ngsi_v2.py::test_a_unit_with_parentheses_is_said_without_them",
    ),
    "one bad entity, and nothing of the batch is written": (
        "formats/test_ngsi_v2.py::test_one_bad_entity_is_found_by_halves_and_the_others_are_delivered",
    ),
    "the error decides, not its status": (
        "formats/test_ngsi_v2.py::test_what_orion_would_refuse_every_time_is_said_at_once",
    ),
    "Fiware-Service is letters, digits and _": (
        "formats/test_ngsi_v2.py::test_what_orion_would_refuse_every_time_is_said_at_once",
    ),
    "a body over one mebibyte": ("formats/test_ngsi_v2.py::test_a_body_over_the_limit_is_halved_until_it_fits",),
    "Orion compares no times": ("formats/test_ngsi_v2.py::test_an_older_value_never_goes_over_a_newer_one",),
    # ── SensorThings ──
    "an empty 201: the id stands in Location, a number or a quoted text": (
        "formats/test_sensorthings_words.py::test_an_id_is_read_from_a_link_and_named_in_bodies_as_the_server_has_it",
        "formats/test_sensorthings_words.py::test_an_id_stands_in_a_path_quoted_when_it_is_a_text",
        "formats/test_sensorthings_real_server.py::test_every_unit_arrives_once_also_when_all_is_told_again",
    ),
    "a repeated creation makes twins": (
        "formats/test_sensorthings_entities.py::test_a_crash_between_a_creation_and_its_answer_makes_no_twins",
        "formats/test_sensorthings_entities.py::test_after_a_restart_nothing_is_made_a_second_time",
    ),
    "duplicates after a retry": (
        "formats/test_sensorthings_conversation.py::test_an_unclear_answer_is_asked_for_before_anything_is_sent_again",
        "formats/test_sensorthings_conversation.py::test_a_crash_after_the_sending_repeats_nothing",
    ),
    "409 to an observation is delivered, unless another stands there": (
        "formats/test_sensorthings_entities.py::test_istsos_answers_to_repetitions_are_understood",
        "formats/test_sensorthings_entities.py::test_istsos_another_value_of_the_same_time_is_named",
    ),
    "one bad row says error for all of its group": (
        "formats/test_sensorthings_real_server.py::test_one_bad_row_spoils_its_group_there_and_the_good_ones_arrive_all_the_same",
    ),
    "a 500 for one observation must not stop the queue": (
        "formats/test_sensorthings_conversation.py::test_a_500_is_tried_a_bounded_number_of_times_while_others_are_taken",
    ),
    "servers stumble over $orderby and find nothing by properties": (
        "formats/test_traps.py::test_a_sensorthings_server_is_asked_only_what_every_one_answers",
    ),
    "CreateObservations is not everywhere": (
        "formats/test_sensorthings_conversation.py::test_a_server_without_data_arrays_gets_them_one_by_one",
    ),
    "a Thing without a Location has no feature of interest": (
        "formats/test_sensorthings_words.py::test_a_device_without_a_place_observes_nowhere_and_has_no_location",
    ),
    # ── ThingsBoard ──
    "ts is in milliseconds; equal keys and times overwrite": (
        "formats/test_thingsboard.py::test_each_time_of_an_uplink_has_its_own_ts_and_equal_keys_do_not_overwrite_each_other",
    ),
    "65,536 octets a message": ("formats/test_thingsboard.py::test_no_message_is_larger_than_thingsboard_takes",),
    "500 to what it cannot read": (
        "formats/test_thingsboard.py::test_a_row_that_thingsboard_stumbles_over_ends_and_its_neighbours_are_delivered",
    ),
    "the vendor's package installs others at run time: its capture is the oracle": (
        "formats/test_thingsboard.py::test_messages_have_the_shape_of_those_of_the_vendors_sdk",
    ),
    # ── Azure, AWS ──
    "the token's formula, and its end": (
        "transports/test_shared_access.py::test_a_token_is_the_sdk_s_octet_for_octet",
        "formats/test_azure_iot.py::test_a_token_is_renewed_before_it_runs_out_while_the_line_is_idle",
    ),
    "properties are percent-encoded in the topic": (
        "formats/test_azure_iot.py::test_topic_and_properties_are_written_as_the_sdk_writes_them",
    ),
    "a closed connection is the only error": (
        "formats/test_azure_iot.py::test_the_message_that_the_hub_hangs_up_over_is_found_and_the_others_arrive",
        "formats/test_standing_alone.py::test_the_message_that_the_line_is_closed_over_is_found_and_refused",
    ),
    "256 KiB, 128 KiB, eight levels, 256 octets of topic": (
        "formats/test_azure_iot.py::test_a_message_over_the_hub_s_limit_is_refused_with_a_word_and_the_others_go",
        "formats/test_aws_iot.py::test_a_message_over_the_limit_is_refused_with_a_word",
        "formats/test_aws_iot.py::test_a_rule_s_prefix_counts_neither_as_levels_nor_as_octets",
    ),
    # ── SenML, diwise ──
    "secondary units need base version 26": (
        "formats/test_senml.py::test_secondary_units_are_announced_by_the_base_version",
    ),
    "names have few characters": (
        "formats/test_senml.py::test_topic_and_base_name_are_templates_and_names_stay_names",
    ),
    "a small time is relative to now": ("formats/test_traps.py::test_no_time_of_a_pack_is_relative_to_now",),
    "diwise: whole seconds, its own id, its own spelling of units": (
        "formats/test_diwise.py::test_the_base_time_is_whole_seconds_and_never_rounded_up",
        "formats/test_diwise.py::test_a_temperature_is_octet_for_octet_what_diwises_own_code_writes",
        "formats/test_diwise.py::test_units_and_resources_are_those_of_types_go",
    ),
    "diwise: 500 for a device that it does not know, for ever": (
        "formats/test_diwise.py::test_a_500_is_refused_after_five_tries_while_others_are_taken",
    ),
    "diwise: the layout of its own documentation is an old one": (
        "formats/test_diwise.py::test_the_stand_in_says_no_as_the_real_one",
    ),
    "diwise: a facade that stamps the time of arrival": (
        "formats/test_network_servers_over_mqtt.py::test_the_time_that_diwise_keeps_is_that_of_hearing",
    ),
    # ── the rest ──
    "RealEstateCore: exactly one kind of value": (
        "formats/test_rec_edge.py::test_every_quantity_is_valid_with_its_unit_and_time",
    ),
    "ChirpStack: a strict reader takes no unknown name": (
        "formats/test_chirpstack.py::test_chirpstacks_protobuf_reads_all_that_was_heard",
    ),
    "The Things Stack: what is zero is left out, a frequency is a text": (
        "formats/test_the_things_stack.py::test_what_is_zero_false_or_empty_is_left_out",
        "formats/test_the_things_stack.py::test_the_stacks_protobuf_reads_all_that_was_heard",
    ),
    "The Things Stack: its schema excludes 360°, and pressures below 900 hPa": (
        "formats/test_the_things_stack.py::test_what_is_normalised_validates_whatever_was_measured",
    ),
    "Yggio stamps a push with the time of arrival": (
        "formats/test_yggio.py::test_what_is_not_fresh_does_not_go_where_it_would_get_the_time_of_arrival",
    ),
    "IoT Open takes numbers alone": (
        "formats/test_iot_open.py::test_every_quantity_is_a_number_with_its_unit_and_time",
        "formats/test_iot_open.py::test_a_text_cannot_be_said_and_is_counted",
    ),
    "JSON has no NaN": ("formats/test_json_event.py::test_what_json_cannot_say_of_raw_fields_is_null",),
    "an answer may be anything": ("formats/test_conformance.py::test_no_answer_raises_and_every_row_ends_once",),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_each_trap_has_a_test(trap: str) -> None:
    missing = [one for one in TRAPS[trap] if one.split("::")[1] not in names_in(one.split("::")[0])]

    assert missing == []


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


# ── what stands nowhere else ──


def entities_of_every_quantity() -> Iterator[dict[str, Any]]:
    for type_ in ("", *models()):
        for one in backlog(ROUND, until=NOW.utc):
            device = Device(dev_eui=one.device.dev_eui, place=one.device.place, entity=type(one.device.entity)(type_))
            readings = [Reading(each.quantity, each.value, each.unit) for each in one.observations]
            for wave in converse(NgsiLd(), [item(*readings, device=device)])[0]:
                yield from (one for request in wave for one in json.loads(request.body))


def test_every_number_says_its_unit() -> None:
    silent = {
        (said["type"], name)
        for said in entities_of_every_quantity()
        for name, one in said.items()
        if isinstance(one, dict)
        and isinstance(one.get("value"), (int, float))
        and not isinstance(one["value"], bool)
        and "observedAt" in one
        and "unitCode" not in one
        and "unit" not in said
    }

    assert silent <= {("WaterConsumptionObserved", name) for name in ("alarmStopsLeaks", "alarmTamper")}


def test_no_entity_has_a_value_of_its_own() -> None:
    with_value = {"id": "urn:ngsi-ld:Device:1", "type": "Device", "value": {"type": "Property", "value": 1}}
    known = expanded({**with_value, "@context": [models()["Device"].context, CORE_CONTEXT]})

    assert "https://uri.etsi.org/ngsi-ld/hasValue" in known[0]  # what a reader would find
    assert [said["id"] for said in entities_of_every_quantity() if "value" in said] == []


def test_no_unit_code_is_one_of_the_wrong_ones() -> None:
    codes = {one["unitCode"] for said in entities_of_every_quantity() for one in said.values() if "unitCode" in one}

    assert codes.isdisjoint({"MHO", "VAR", "ONE"})
    assert {one.unit_code for one in QUANTITIES.values()}.isdisjoint({"MHO", "VAR", "ONE"})


def test_a_201_that_names_some_has_taken_all() -> None:
    some = Answer(verdict=Verdict.TAKEN, status=201, body=json.dumps([entity(2)]).encode())

    _, receipt = converse(NgsiLd(), [co2(1, 1), co2(2, 2)], some)

    assert receipt.accepted == {1, 2}
    assert receipt.undecided == receipt.refused == {}


def test_no_time_of_a_pack_is_relative_to_now() -> None:
    device = Device(dev_eui=eui(1))
    history = item(Reading("co2", 1, "[ppm]", at=NOW.utc.replace(year=2015, month=2)), device=device, heard_at=NOW.utc)

    for encoding in ("json", "cbor"):
        [[request]], _ = converse(SenMl(encoding=encoding), [history])
        times = [at for _, _, at, _ in resolve(read(request.body, request.content_type))]
        assert len(times) == 2
        assert min(times) >= RELATIVE


def test_a_sensorthings_server_is_asked_only_what_every_one_answers() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Answer:
        asked.append(request.target)
        if request.method == "GET":
            return Answer(verdict=Verdict.TAKEN, status=200, body=b'{"value":[]}')
        location: Json = {"Location": f"http://x/v1.1/Things({len(asked)})"}
        return Answer(
            verdict=Verdict.UNCLEAR if "Observations" in request.target else Verdict.TAKEN, status=0, headers=location
        )

    platform = SensorThings()
    _, receipt = converse(platform, backlog(3, until=NOW.utc), answer)
    converse(platform, backlog(3, until=NOW.utc), answer, receipt.memory)

    assert any("phenomenonTime" in target for target in asked)
    assert [target for target in asked if "$orderby" in target or "properties" in target or "$batch" in target] == []
