"""What is asked about the first devices: a label's text or a file, and what neither says. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from decoders.makers import propose
from gateway.cities.profile import Said
from gateway.devices_file import COLUMNS, read_csv
from gateway.errors import ConfigError
from gateway.model import Activation, Key, MacVersion
from gateway.onboarding import Kind, Label, TypedLabel, read_moved, read_whole_label, recognise, registration
from gateway.setup import radios
from gateway.setup.asking import Known, NotRight, Option, Question, mode

OWN: Final = ("device", "device_name", "device_key", "device_decoder")  # of one device, again for each
NO_DECODER: Final = "none"
MOST_PROBLEMS: Final = 3  # of a file, on a phone
MOST_OPTIONS: Final = 9  # decoders that are listed


def _due(known: Known) -> bool:
    return mode(known) != "keep"


def _device(text: str, known: Known) -> str:
    if not text:
        return ""
    there = known.read_file(text)
    try:
        if there is not None:
            _checked(there, text, known)
        else:
            read_whole_label(text)
    except ConfigError as error:
        more = len(error.problems) - MOST_PROBLEMS
        shown = "\n".join(error.problems[:MOST_PROBLEMS])
        raise NotRight(f"{shown}\n+{more}" if more > 0 else shown) from None
    return text


def _checked(text: str, name: str, known: Known) -> None:
    """Raise ConfigError for all that is wrong with a file of devices."""
    kind = recognise(text, name)
    if kind is Kind.OWN_CSV:
        _, problems = read_csv(text, name, {}, keys_elsewhere=radios.is_behind_a_server(known))
    else:
        problems = list(read_moved(kind, text, name).problems)
    if problems:
        raise ConfigError(problems)


def is_file(known: Known) -> bool:
    """Tell whether the device that is asked about is a file of them."""
    return bool(known.given("device")) and known.read_file(known.given("device")) is not None


def label(known: Known) -> Label | TypedLabel | None:
    """Return the label that was typed."""
    text = known.given("device")
    return read_whole_label(text) if text and not is_file(known) else None


def cells(known: Known) -> Mapping[str, str]:
    """Return the device that was asked about, as the cells of a devices file; a file by its name."""
    if is_file(known):
        return {"file": known.given("device")}
    told = dict(_told(known))
    told["name"] = known.given("device_name")
    if known.given("device_key"):
        told["app_key"] = known.given("device_key")
    if known.given("device_decoder") not in {"", NO_DECODER}:
        told["decoder"] = known.given("device_decoder")
    return told


def _told(known: Known) -> Iterator[tuple[str, str]]:
    found = label(known)
    assert found is not None
    for name in COLUMNS:
        value = getattr(found, name, None)
        if value is not None:
            yield name, value.reveal().hex() if isinstance(value, Key) else str(value)
    device = registration(found).device
    if device.activation is Activation.ABP:
        yield "activation", str(device.activation)
    if device.mac_version is MacVersion.V1_1:
        yield "mac_version", str(device.mac_version)


def _wants_key(known: Known) -> bool:
    found = label(known)
    if found is None or radios.is_behind_a_server(known):
        return False
    told = dict(_told(known))
    return "app_key" not in told and told.get("activation") != Activation.ABP


def _key(text: str, _: Known) -> str:
    try:
        return Key.parse(text).reveal().hex() if text else ""
    except ValueError as error:
        raise NotRight(f"AppKey: {error}") from None


def proposals(known: Known) -> Sequence[str]:
    """Return the decoders that the device may need, by its label and its name."""
    found = label(known)
    if found is None:
        return ()
    told = dict(_told(known))
    tr005 = (found.vendor_id, found.profile_id) if isinstance(found, Label) else None
    made = propose(known.decoders(), told["dev_eui"], told.get("join_eui"), tr005, known.given("device_name"))
    return () if made is None else made.decoders


def _decoders(known: Known) -> Sequence[Option]:
    some = [Option(name, Said(name, name)) for name in proposals(known)[:MOST_OPTIONS]]
    return [*some, Option(NO_DECODER, Said("none yet", "ingen än"))]


def _decoder(text: str, known: Known) -> str:
    offered = [one.key for one in _decoders(known)]
    word = text.strip().lower()
    if word.isdecimal() and 1 <= int(word) <= len(offered):
        return offered[int(word) - 1]
    there = known.decoders()
    if word in {*there, NO_DECODER}:
        return word
    fitting = [name for name in (proposals(known) or there) if word in name] or [one for one in there if word in one]
    if len(fitting) == 1:
        return fitting[0]
    some = ", ".join(fitting[:MOST_OPTIONS])
    if fitting:
        raise NotRight(f"several: {some}; which?", f"flera: {some}; vilken?")
    raise NotRight(f"{text!r}: no decoder is called so", f"{text!r}: ingen avkodare heter så")


def _usual_decoder(known: Known) -> str:
    made = proposals(known)
    return made[0] if len(made) == 1 else NO_DECODER


def _so_far(known: Known) -> Sequence[str]:
    return [f"  {one.get('name') or one.get('file') or one['dev_eui']}" for one in known.devices]


OF_A_DEVICE: Final = (
    Question(
        id="device",
        text=Said(
            "A device: its label's text, or a file of several (Enter: no more)",
            "En enhet: etikettens text, eller en fil med flera (Enter: inga fler)",
        ),
        helps=Said(
            "paste what the QR code says (LW:D0:…), type the DevEUI, or name a CSV; later: brygga device add",
            "klistra in QR-kodens text (LW:D0:…), skriv DevEUI, eller ange en CSV; senare: brygga device add",
        ),
        read=_device,
        due=_due,
        found=_so_far,
    ),
    Question(
        id="device_name",
        text=Said("What is it called?", "Vad heter den?"),
        helps=Said("as people call the place: Library cellar", "som folk kallar platsen: Biblioteket källare"),
        usual=lambda known: f"sensor-{dict(_told(known))['dev_eui'][-4:]}",
        due=lambda known: label(known) is not None,
    ),
    Question(
        id="device_key",
        text=Said("Its AppKey (not shown; Enter: later)", "Dess AppKey (visas inte; Enter: senare)"),
        helps=Said("32 hex digits, from its maker", "32 hexsiffror, från tillverkaren"),
        read=_key,
        due=_wants_key,
        is_secret=True,
    ),
    Question(
        id="device_decoder",
        text=Said(
            "Its decoder (a number, or a part of the name)", "Dess avkodare (ett nummer, eller en del av namnet)"
        ),
        helps=Said("what reads its payload; brygga decoder search", "det som läser dess data; brygga decoder search"),
        read=_decoder,
        usual=_usual_decoder,
        due=lambda known: label(known) is not None,
        options=_decoders,
    ),
)
