"""The program of a worker process: runs codecs of strangers, with nothing in reach but its two pipes.

Run as ``python -I -S worker.py ENGINE`` with the path of the engine's extension module; it imports nothing of ours. Each
line that comes in is a request, each line that goes out its answer, both JSON:

    {"hash": …, "source": …, "keep": …, "work": "decode", …}    what dispatch.js does is behind "work"
    {"need": "source"}                                          the source of this hash was not sent yet
    {"limit": "time" | "load" | "memory" | "stack"}             the engine stopped the codec, "load": while it was loaded
    {"broken": "SyntaxError: …"}                                the source cannot be loaded
    …                                                           or what dispatch.js says

A context lives for one call, unless "keep" names one that is to live on; the answer of one that begins has "new". Those asked
longest ago make room for others.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from collections import OrderedDict
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from typing import Any

# The corpus of published codecs passes within 4 MB and 64 kB of stack.
MEMORY = 16 * 2**20
STACK = 256 * 2**10
# CPU seconds. 100 ms is what The Things Stack and ChirpStack allow a call; the slowest honest codec takes 1 ms. Loading
# the largest one takes 24 ms on a desktop, and gateways are up to ten times slower.
CALL = 0.1
LOAD = 0.5
# CPU seconds after which the kernel ends this process: some native loops (a typed array's sort) do not see the engine's limit.
END_LOAD = LOAD + 0.3
END_CALL = CALL + 0.3

SOURCES = 8 * 2**20  # octets of sources remembered, some 20 kB each
CONTEXTS = 48 * 2**20  # octets of contexts kept for devices, 0.3 to 2 MB each, MEMORY at most
# Octets of address space: an idle worker has some 30 MB, and a context at work, a source and an answer come on top of the rest.
ADDRESSES = 160 * 2**20
JOBS = 1000  # that promises of one call may lead to; an async function takes one or two

BEHIND = 5  # nice: hearing and keeping uplinks goes before decoding them

ROOM = Path(__file__).with_name("room")
PARTS = {  # file: what a source that needs it has in it; what takes from another stands after it
    "base": ("",),
    "text": ("TextDecoder", "TextEncoder", "Buffer", "require", "crypto"),
    "buffer": ("Buffer", "require", "crypto"),
    "crypto": ("crypto",),
    "locale": ("Locale", "Intl"),
    "clone": ("structuredClone",),
}
DOWNLINK = "downlink"  # the part for what is told to a device

Serve = Any  # dispatch.js's function, from a request as text to an answer as text
Message = dict[str, Any]
PENDING = '{"pending":true}'  # dispatch.js: the codec returned a promise
SETTLE = '{"work":"settle"}'
LOADING = '{"limit":"load"}'


class World:
    """A context in which a codec was loaded."""

    def __init__(self, context: Any, serve: Serve) -> None:
        self.context, self.serve = context, serve
        self.size = 0  # octets, as they were after the last call

    def call(self, request: str) -> str:
        """Return the answer, a promise's when that has settled; raises what the engine does."""
        said: str = self.serve(request)
        if said != PENDING:
            return said
        for _ in range(JOBS):
            if not self.context.execute_pending_job():
                break
        settled: str = self.serve(SETTLE)
        return settled

    def measure(self) -> None:
        """Take the size anew: some 10 µs and more where a codec has many values."""
        self.size = self.context.memory()["malloc_size"]


class Room:
    """What stands around a codec before it is loaded."""

    def __init__(self) -> None:
        self._dispatch = _script("dispatch")
        self._parts = {name: _script(name) for name in (*PARTS, DOWNLINK)}

    def around(self, source: str, at: float | None, *, downlink: bool) -> str:
        """Return the script that makes the room for ``source``, with what it needs of it: every part costs some 0.3 ms."""
        needed = [name for name, words in PARTS.items() if any(word in source for word in words)]
        parts = ",".join(self._parts[name] for name in (*needed, *([DOWNLINK] if downlink else [])))
        return f"{self._dispatch}([{parts}],{json.dumps(at)})"


def _script(name: str) -> str:
    return (ROOM / f"{name}.js").read_text(encoding="utf-8")


class Worker:
    """Answers requests, one after the other."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._room = Room()
        self._sources: OrderedDict[str, str] = OrderedDict()
        self._kept: OrderedDict[str, World] = OrderedDict()

    def answer(self, line: bytes) -> str:
        """Return the answer to a request."""
        request: Message = json.loads(line)
        source = self._source(request)
        if source is None:
            return '{"need":"source"}'
        keep = request.get("keep")
        key = None if keep is None else f"{request['hash']} {keep}"
        world = None if key is None else self._kept.get(key)
        if world is not None and key is not None:
            return self._of_kept(key, world, request)
        try:
            world = self._loaded(source, request.get("at"), downlink=key is not None or request["work"] != "decode")
        except (self._engine.JSException, self._engine.StackOverflow) as error:
            limit = _limit(error)
            return LOADING if limit == {"limit": "time"} else json.dumps(limit or {"broken": str(error)[:1000]})
        if key is None:
            return self._called(world, request)
        return f'{{"new":true,{self._of_kept(key, world, request)[1:]}'

    def _source(self, request: Message) -> str | None:
        if (source := request.pop("source", None)) is not None:
            self._sources[request["hash"]] = source
            while len(self._sources) > 1 and sum(map(sys.getsizeof, self._sources.values())) > SOURCES:
                self._sources.popitem(last=False)
        return self._sources.get(request["hash"])

    def _of_kept(self, key: str, world: World, request: Message) -> str:
        said = self._called(world, request)
        if '"limit":' in said[:10] or said.endswith('"kind":"InternalError"}'):
            self._kept.pop(key, None)  # a context that ran out of memory may be unusable afterwards
            return said
        world.measure()
        self._kept[key] = world
        self._kept.move_to_end(key)
        while sum(one.size for one in self._kept.values()) > CONTEXTS:
            self._kept.popitem(last=False)
        return said

    def _loaded(self, source: str, at: float | None, *, downlink: bool) -> World:
        context = self._engine.Context()
        context.set_memory_limit(MEMORY)
        context.set_max_stack_size(STACK)
        context.set_time_limit(LOAD)
        serve = context.eval(self._room.around(source, at, downlink=downlink))
        context.eval(source)
        context.set_time_limit(CALL)
        return World(context, serve)

    def _called(self, world: World, request: Message) -> str:
        end_after(END_CALL)
        try:
            return world.call(json.dumps(request))
        except (self._engine.JSException, self._engine.StackOverflow) as error:
            return json.dumps(_limit(error) or {"limit": "memory"})


def _limit(error: Exception) -> Message | None:
    words = str(error)
    if "interrupted" in words:
        return {"limit": "time"}
    if type(error).__name__ == "StackOverflow":
        return {"limit": "stack"}
    return {"limit": "memory"} if "out of memory" in words or words.startswith("null") else None


def load_engine(path: str) -> Any:
    """Return the engine's extension module; no other package of its folder can be imported."""
    spec = ModuleSpec("_quickjs", ExtensionFileLoader("_quickjs", path), origin=path)
    engine = module_from_spec(spec)
    if spec.loader is not None:
        spec.loader.exec_module(engine)
    return engine


def confine() -> None:
    """Give up what a codec's escape could use: more memory, files, processes and core dumps; let the gateway go first."""
    os.nice(BEHIND)
    for limit, value in (
        (resource.RLIMIT_AS, ADDRESSES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(limit, (value, value))


def end_after(seconds: float) -> None:
    """Have the kernel end this process after so much more CPU time, also when nobody waits for it any more; 0: not."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def main() -> None:
    """Answer requests until the other end is closed: a worker does not outlive the process that it works for."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # what ends us; whoever started us may have ignored it
    worker = Worker(load_engine(sys.argv[1]))
    confine()
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(b'{"ready":true}\n')
    answers.flush()
    while line := requests.readline():
        end_after(END_LOAD)
        answer = worker.answer(line).encode()
        end_after(0)
        answers.write(answer + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
