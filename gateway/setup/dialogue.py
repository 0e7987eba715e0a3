"""One question after the other: what is next, what an answer makes of it, and the way back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.setup import device_questions
from gateway.setup.asking import Known, NotRight, Question
from gateway.setup.questions import OF_THE_BOX

HANGING: Final[Mapping[str, tuple[str, ...]]] = {  # what is asked anew when an answer is
    "mode": tuple(one.id for one in OF_THE_BOX[1:]),
    "radio": (
        "point",
        "modem_frequency",
        "modem_spreading_factor",
        "server_url",
        "server_application",
        "server_username",
        "server_password",
        "region",
    ),
    "server_username": ("server_password",),
    "city": ("city_unknown", "city_url", "city_username", "city_password", "city_token"),
    "city_url": ("city_username", "city_password", "city_token"),
    "city_username": ("city_password", "city_token"),
    "dashboard": ("dashboard_password",),
}


@dataclass(frozen=True, slots=True)
class Dialogue:
    """How far it is: all that is known, and what is asked, in order."""

    known: Known
    questions: Sequence[Question] = OF_THE_BOX

    def next(self) -> Question | None:
        """Return the first question that is due and has no answer; None when all is known."""
        return next((one for one in self.questions if one.id not in self.known.typed and one.due(self.known)), None)

    def question(self, name: str) -> Question:
        """Return a question by its id; KeyError where there is none."""
        return {one.id: one for one in self.questions}[name]

    def usual(self, question: Question) -> str:
        """Return what Enter means."""
        return question.usual(self.known)

    def taken(self, question: Question, text: str) -> Dialogue:
        """Return the dialogue with an answer; what Enter means is asked for where ``text`` is empty. Raises NotRight."""
        plain = text if question.is_secret else text.strip()
        value = question.read(plain or question.usual(self.known), self.known)
        typed = {key: said for key, said in self.known.typed.items() if key not in HANGING.get(question.id, ())}
        typed.pop(question.id, None)
        return _settled(replace(self, known=replace(self.known, typed={**typed, question.id: value})))

    def back(self) -> Dialogue:
        """Return the dialogue before the last answer, or before the last device."""
        typed = dict(self.known.typed)
        upcoming = self.next()
        if upcoming is not None and upcoming.id == "device" and self.known.devices:
            return replace(self, known=replace(self.known, devices=self.known.devices[:-1]))
        if typed:
            typed.popitem()
        return replace(self, known=replace(self.known, typed=typed))

    def again(self, name: str) -> Dialogue:
        """Return the dialogue without an answer and what hangs on it; with ``device`` all devices are asked for anew."""
        gone = {name, *HANGING.get(name, ())}
        typed = {key: said for key, said in self.known.typed.items() if key not in gone}
        devices = () if "device" in gone else self.known.devices
        return replace(self, known=replace(self.known, typed=typed, devices=devices))

    def answered(self) -> Iterator[Question]:
        """Yield the questions that count: due, and answered."""
        yield from (one for one in self.questions if one.id in self.known.typed and one.due(self.known))


def _settled(dialogue: Dialogue) -> Dialogue:
    """Put a device that nothing more is to be asked of to the others."""
    upcoming, known = dialogue.next(), dialogue.known
    if not known.given("device") or (upcoming is not None and upcoming.id in device_questions.OWN):
        return dialogue
    device = device_questions.cells(known)
    typed = {key: said for key, said in known.typed.items() if key not in device_questions.OWN}
    return replace(dialogue, known=replace(known, typed=typed, devices=(*known.devices, device)))


def filled(dialogue: Dialogue, texts: Mapping[str, str], devices: Sequence[str]) -> tuple[Dialogue, list[str]]:
    """Return the dialogue with the answers of a file, usual ones where it has none, and every problem as "id: words"."""
    problems: list[str] = []
    waiting = [*devices, ""]
    while (question := dialogue.next()) is not None:
        text = waiting.pop(0) if question.id == "device" else texts.get(question.id, "")
        try:
            dialogue = dialogue.taken(question, text)
        except NotRight as error:
            problems.append(f"{question.id}: {dialogue.known.says(error.said)}")
            dialogue = _passed(dialogue, question)
    return dialogue, problems


def _passed(dialogue: Dialogue, question: Question) -> Dialogue:
    """Go on behind an answer that is wrong, so that the others are looked at, too."""
    if question.id == "device":
        return dialogue  # the next one is tried, the last of them is none
    known = dialogue.known
    try:
        usual = question.read(question.usual(known), known)
    except NotRight:
        usual = ""
    return replace(dialogue, known=replace(known, typed={**known.typed, question.id: usual}))
