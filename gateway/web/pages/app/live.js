/** What the agent tells as it happens. One stream for the whole page; it opens itself again when the agent is back. */

import { ask, address } from "./api.js";

const AGAIN_MS = 2_000;
const ALWAYS = ["status"];

const listeners = new Map(); // kind -> Set of functions
const standing = new Set(); // told true or false when the line is there or not
let stream = null;
let kinds = "";
let timer = 0;
let isThere = true;
let isOn = false;
let isBroken = false; // the stream has ended by itself since it was open last
let lastStatus = null;

/** Return the last status that was told, or null. */
export const latest = () => lastStatus;

/** Keep the stream open from now on. */
export function begin() {
  isOn = true;
  tune();
}

/** Close it. */
export function end() {
  isOn = false;
  lastStatus = null;
  stop();
}

/** Call `listen` for each event of `kind` until `signal` ends it. */
export function on(kind, listen, signal) {
  if (!listeners.has(kind)) listeners.set(kind, new Set());
  listeners.get(kind).add(listen);
  signal?.addEventListener("abort", () => {
    listeners.get(kind).delete(listen);
    tune();
  });
  tune();
}

/** Call `listen` with false when nobody answers, and with true when somebody does again. */
export function onStanding(listen) {
  standing.add(listen);
}

function tune() {
  if (!isOn) return;
  const wanted = [...new Set([...ALWAYS, ...[...listeners].filter(([, set]) => set.size).map(([kind]) => kind)])];
  const asked = wanted.filter((kind) => kind !== "missed").sort().join(",");
  if (stream && asked === kinds) return;
  stop();
  kinds = asked;
  queueMicrotask(open);
}

function open() {
  if (!isOn || stream) return;
  const mine = new EventSource(address("live", { kinds }));
  stream = mine;
  mine.onopen = () => {
    stand(true);
    if (isBroken) tell("missed", { count: null }); // nobody knows what came meanwhile
    isBroken = false;
  };
  mine.onerror = () => {
    if (stream === mine) lost();
  };
  for (const kind of [...kinds.split(","), "missed"]) mine.addEventListener(kind, (event) => tell(kind, JSON.parse(event.data)));
}

function tell(kind, what) {
  if (kind === "status") lastStatus = what;
  for (const listen of listeners.get(kind) ?? []) listen(what);
}

function stop() {
  clearTimeout(timer);
  stream?.close();
  stream = null;
}

async function lost() {
  stop();
  isBroken = true;
  try {
    const session = await ask("session");
    if (!session.role) return void window.dispatchEvent(new Event("brygga:login"));
    stand(true); // the stream alone has ended: too many readers, or a proxy between
  } catch (error) {
    if (error.status === 401) return void window.dispatchEvent(new Event("brygga:login"));
    stand(false);
  }
  timer = setTimeout(open, AGAIN_MS);
}

function stand(there) {
  if (there === isThere) return;
  isThere = there;
  for (const listen of standing) listen(there);
}
