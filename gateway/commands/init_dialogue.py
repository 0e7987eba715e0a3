"""The wizard's conversation: questions until all is known, then a summary that can be changed before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.cities.profile import Said
from gateway.commands.init_terminal import BACK, DIM, HELP, PROMPT, Terminal
from gateway.setup.asking import NotRight, Question
from gateway.setup.dialogue import Dialogue

SUMMARY: Final = Said("This is what it will be:", "Så här blir det:")
WHAT_NOW: Final = Said(
    "Enter: write it. A number: change that. f: show the files. q: leave, nothing is changed",
    "Enter: skriv. En siffra: ändra det. f: visa filerna. q: avsluta, inget ändras",
)
SHORT: Final[Mapping[str, Said]] = {  # what was asked, in a list of answers
    "mode": Said("what to do", "vad som görs"),
    "radio": Said("radio", "radio"),
    "point": Said("change the other side", "ändra andra sidan"),
    "modem_frequency": Said("modem's channel (Hz)", "modemets kanal (Hz)"),
    "modem_spreading_factor": Said("modem's SF", "modemets SF"),
    "server_url": Said("server", "server"),
    "server_application": Said("application", "applikation"),
    "server_username": Said("user at the server", "användare hos servern"),
    "server_password": Said("its password", "dess lösenord"),
    "gnss": Said("GNSS receiver", "GNSS-mottagare"),
    "name": Said("name", "namn"),
    "place": Said("place", "plats"),
    "region": Said("region", "region"),
    "city": Said("city", "stad"),
    "city_unknown": Said("without a profile", "utan profil"),
    "city_url": Said("address", "adress"),
    "city_username": Said("user", "användare"),
    "city_password": Said("password", "lösenord"),
    "city_token": Said("token", "token"),
    "device": Said("devices", "enheter"),
    "dashboard": Said("dashboard", "webbsida"),
    "dashboard_password": Said("its password", "dess lösenord"),
    "clock": Said("clock", "klocka"),
    "data": Said("journal in", "journal i"),
    "start": Said("start now", "starta nu"),
}
VALUES: Final[Mapping[tuple[str, str], Said]] = {  # answers that are words of ours, by the question; "": of any
    ("", "yes"): Said("yes", "ja"),
    ("", "no"): Said("no", "nej"),
    ("radio", "none"): Said("none", "ingen"),
    ("mode", "keep"): Said("keep", "behåll"),
    ("mode", "city"): Said("city", "stad"),
    ("mode", "new"): Said("new", "börja om"),
    ("dashboard", "off"): Said("off", "ingen"),
    ("dashboard", "here"): Said("here", "bara på boxen"),
    ("dashboard", "network"): Said("network", "i boxens nät"),
    ("clock", "ntp"): Said("ntp", "när den ställts från nätet"),
    ("clock", "system"): Said("system", "som den är"),
}
NO_FURTHER: Final = Said("this is the first question", "detta är den första frågan")
UNKNOWN: Final = Said("Enter, a number of the list, f or q", "Enter, en siffra ur listan, f eller q")


def converse(terminal: Terminal, dialogue: Dialogue) -> Dialogue:
    """Ask until nothing is left to be asked. Raises Unanswered where the input ends."""
    while (question := dialogue.next()) is not None:
        dialogue = _one(terminal, dialogue, question)
    return dialogue


def _one(terminal: Terminal, dialogue: Dialogue, question: Question) -> Dialogue:
    text = terminal.ask(dialogue.known, question, dialogue.usual(question))
    word = text.strip().lower()
    if word in BACK:
        if not dialogue.known.typed and not dialogue.known.devices:
            terminal.say(NO_FURTHER, DIM)
        return dialogue.back()
    if word in HELP:
        terminal.say(question.helps, DIM)
        return dialogue
    try:
        return dialogue.taken(question, text)
    except NotRight as error:
        terminal.say(f"! {terminal.words(error.said)}")
        return dialogue


def summary(terminal: Terminal, dialogue: Dialogue) -> None:
    """Show every answer with the number that it is changed by; secrets by whether there is one."""
    terminal.heading(SUMMARY)
    for number, question in enumerate(dialogue.answered(), 1):
        terminal.say(f"{number:2} {terminal.words(SHORT[question.id])}: {_shown(dialogue, question)}")


def _shown(dialogue: Dialogue, question: Question) -> str:
    known = dialogue.known
    if question.id == "device":
        names = [one.get("name") or one.get("file") or one["dev_eui"] for one in known.devices]
        return ", ".join(names) or "–"
    value = known.given(question.id)
    if question.is_secret and value:
        return "…"
    said = VALUES.get((question.id, value)) or VALUES.get(("", value))
    return value or "–" if said is None else known.says(said)


def decided(terminal: Terminal, dialogue: Dialogue) -> str:
    """Return what is to be done after the summary: "write", "files", "quit", or the id of the question to ask again."""
    ids = [one.id for one in dialogue.answered()]
    terminal.say(WHAT_NOW, DIM)
    while True:
        word = terminal.type(PROMPT).strip().lower()
        if word.isdecimal() and 1 <= int(word) <= len(ids):
            return ids[int(word) - 1]
        if word in {"", "f", "q"}:
            return {"": "write", "f": "files", "q": "quit"}[word]
        if word in BACK:
            return ids[-1] if ids else "quit"
        terminal.say(UNKNOWN)
