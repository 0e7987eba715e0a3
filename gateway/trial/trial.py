"""A trial: connect, log in, send one marked observation, read it back where the platform lets us; each step in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.config import DestinationSettings
from gateway.errors import Unreachable
from gateway.formats import Format, Known
from gateway.line import Line
from gateway.model import Answer, Clock, Item, Json, Receipt, TimeQuality, Verdict
from gateway.transports import Transport, catalogue, tls
from gateway.transports.broker import Broker
from gateway.transports.service import Service
from gateway.trial import reading_back
from gateway.trial.advice import advice
from gateway.trial.steps import Step, clock_steps, reach, wrong

OF_A_TRIAL: Final = "-test"  # behind the client_id: the agent that runs meanwhile keeps its connection


@dataclass(slots=True)
class Heard:
    """All that the platform answered."""

    answers: list[Answer] = field(default_factory=list)
    memory: Mapping[str, Json] = field(default_factory=dict)

    @property
    def date(self) -> dict[str, str]:
        """The Date of its last answer, as a header."""
        dates = [one.headers.get("Date", "") for one in self.answers]
        return {"Date": dates[-1]} if dates and dates[-1] else {}


async def attempt(settings: DestinationSettings, item: Item, clock: Clock, trust: TimeQuality) -> list[Step]:
    """Try a destination out with ``item``, as far as it goes. Raises ConfigError for a TLS file."""
    platform = _beside_the_agent(settings)
    made = (lambda: tls.context(platform.tls)) if platform.endpoint.secure else None
    reached = await reach(platform.endpoint, made, platform.proxy)
    if not reached[-1].is_good:
        return [*reached, *clock_steps(clock(), trust, {})]
    transport = catalogue.make(platform, clock)
    heard = Heard()
    try:
        if isinstance(platform, Broker):
            async with reading_back.listening(platform, settings.format, item, made, clock) as ear:
                told = await _deliver(settings.format, transport, item, heard)
                told += [await ear.heard()] if told[-1].is_good else []
        else:
            told = await _deliver(settings.format, transport, item, heard)
            if told[-1].is_good:
                told.append(await reading_back.asked(settings.format, transport, item, heard.memory))
    finally:
        await transport.close()
    return [*reached, *clock_steps(clock(), trust, heard.date), *told]


def _beside_the_agent(settings: DestinationSettings) -> Broker | Service:
    platform = settings.platform
    if isinstance(platform, Service):
        return platform
    quiet = replace(platform, status_topic=None, listen_topic=None)
    if isinstance(settings.format, Known) and settings.format.identity(platform.endpoint.host).client_id:
        return quiet  # the platform knows one client by one name, and drops the agent's connection for this one
    return replace(quiet, client_id=platform.client_id + OF_A_TRIAL)


# ── the conversation ──


async def _deliver(format_: Format, transport: Transport, item: Item, heard: Heard) -> list[Step]:
    try:
        receipt = await _converse(format_, transport, item, heard)
    except Unreachable as error:
        kind, what = advice(str(error))
        return [Step("login" if kind != "refusal" else "connection", False, str(error), what, kind)]
    login = [Step("login", True, "the platform lets us in")] if _is_in(heard.answers) else []
    return [*login, _delivery(receipt, item, heard)]


async def _converse(format_: Format, transport: Transport, item: Item, heard: Heard) -> Receipt:
    line = Line(transport)
    conversation = format_.deliver([item], {})
    try:
        requests = next(conversation)
        while True:
            answers = await line.send(requests)
            heard.answers += answers
            requests = conversation.send(answers)
    except StopIteration as end:
        receipt: Receipt = end.value
        heard.memory = {key: value for key, value in receipt.memory.items() if value is not None}
        return receipt
    finally:
        conversation.close()


def _is_in(answers: Sequence[Answer]) -> bool:
    return any(one.verdict is Verdict.TAKEN or one.status not in {0, 401, 403} for one in answers)


def _delivery(receipt: Receipt, item: Item, heard: Heard) -> Step:
    said = receipt.refused.get(item.row) or receipt.undecided.get(item.row)
    if said is None and not heard.answers:
        unsaid = ", ".join(receipt.inexpressible) or "nothing"
        return wrong("delivery", f"this format has no word for {unsaid}", "no word")
    if said is None:
        marked = f"observation {item.uplink.id} of {item.device.name or item.device.dev_eui}"
        return Step("delivery", True, f"the platform took {marked}")
    kind, what = advice(said)
    return Step(f"delivery ({kind})", False, said, what, kind)
