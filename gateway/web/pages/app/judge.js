/** What the agent's status means: what is not well, and what to do about it. Pure. */

const SILENT_S = 900; // a gateway pings its agent every ten seconds; a quarter of an hour is no hiccup
const OLD_S = 300; // a live uplink is told within seconds
const FULL = 0.9; // of the journal's room; then uplinks begin to go
const CLOCK = "waiting for the clock";
const SHORT_YEARS = 3; // then somebody has to climb the mast
const RANK = { wrong: 0, unwise: 1, unknown: 2, well: 3 };

/** Return troubles, the worst first: `{level, what, values, said, to, hindrance}`; `what` is a key of words, `said` the agent's own words. */
export function troubles(status) {
  const found = [...clock(status), ...journal(status.journal), ...sources(status.sources ?? []), ...destinations(status)];
  return found.sort((a, b) => RANK[a.level] - RANK[b.level]);
}

/** Return the worst level of troubles: "well" where there is none. */
export const worst = (found) => found[0]?.level ?? "well";

const trouble = (level, what, to, values = {}, said = "", hindrance = null) => ({ level, what, to, values, said, hindrance });

function clock({ clock: one }) {
  return !one || one.trusted ? [] : [trouble("wrong", "clock", "doctor", { quality: one.quality }, one.words)];
}

function journal(one) {
  const found = (one.alarms ?? []).map((alarm) => trouble("wrong", "alarm", "journal", {}, alarm.words));
  if (one.trouble) found.push(trouble("wrong", "disk", "journal", {}, one.trouble));
  if (one.used_bytes > FULL * one.quota_bytes) found.push(trouble("unwise", "full", "journal"));
  if (one.damaged) found.push(trouble("unwise", "damaged", "journal", { count: one.damaged }));
  if (one.wear?.years && one.wear.years < SHORT_YEARS) found.push(trouble("unwise", "wear", "journal", { years: one.wear.years }));
  return found;
}

function sources(all) {
  if (!all.length) return [trouble("unwise", "no_sources", "sources")];
  return all.flatMap((one) => [...advised(one), ...away(one), ...silent(one)]);
}

const advised = (one) => (one.advice ?? []).map((words) => trouble("unwise", "source_advice", "sources", { name: one.name }, words));

function away(one) {
  const why = one.broker?.last_error;
  return why && one.broker.connected === false ? [trouble("wrong", "source_away", "sources", { name: one.name }, why)] : [];
}

function silent(one) {
  const gateways = Object.entries(one.gateways ?? {});
  if (one.type === "semtech_udp" && one.listening && !gateways.length) return [trouble("unwise", "no_gateway", "sources", { name: one.name, where: one.listening })];
  return gateways.filter(([, seen]) => seen.last_seen_s > SILENT_S).map(([eui, seen]) => trouble("wrong", "gateway_silent", "sources", { name: eui, age_s: seen.last_seen_s }));
}

function destinations(status) {
  const named = Object.entries(status.destinations ?? {});
  if (!named.length) return [trouble("unwise", "no_destinations", "destinations")];
  const isTold = clock(status).length > 0; // why they all wait for it
  return named.flatMap(([name, one]) => destination(name, one, `destinations/${encodeURIComponent(name)}`, isTold ? CLOCK : null));
}

/** Return what is wrong with a destination; that it waits in the state `told` is another trouble already. */
function destination(name, one, to, told) {
  const found = [];
  if (!one.configured && one.waiting) found.push(trouble("unwise", "destination_former", to, { name, waiting: one.waiting }));
  if (one.trouble) found.push(trouble("wrong", "destination_away", to, { name, waiting: one.waiting }, one.trouble, one.hindrance));
  else if (one.configured && one.state?.startsWith("waiting for") && one.state !== told && one.oldest_s > OLD_S) found.push(trouble("unwise", "destination_waits", to, { name, waiting: one.waiting }));
  const held = Object.values(one.held ?? {}).reduce((sum, count) => sum + count, 0);
  if (held) found.push(trouble("unwise", "held", to, { name, count: held }, one.last_refusal ?? ""));
  if (one.lost || one.held_lost) found.push(trouble("wrong", "lost", to, { name, count: one.lost + one.held_lost }));
  return found;
}

/** Return how a destination stands: `{level, state}`; `state` is a key below "state". */
export function standing(one) {
  if (one.moved) return { level: "unknown", state: "moved" };
  if (!one.configured) return { level: one.waiting ? "unwise" : "unknown", state: "former" };
  if (!one.state) return { level: "unknown", state: "stopped" };
  if (one.state.startsWith("waiting for")) return { level: "waiting", state: "waiting" };
  if (one.state !== "delivering") return { level: one.state === "no contact yet" ? "waiting" : one.state === "connection lost" ? "unwise" : "wrong", state: one.state.replaceAll(" ", "_") };
  if (one.lane?.history) return { level: "waiting", state: "catching_up" };
  return { level: "well", state: one.waiting ? "delivering" : "up_to_date" };
}

/** Return how a source stands: `{level, state}`. */
export function sourceStanding(one) {
  if (!one) return { level: "unknown", state: "stopped" };
  if (away(one).length) return { level: "wrong", state: "away" };
  if (one.advice?.length || silent(one).length) return { level: "unwise", state: "look" };
  return { level: "well", state: "hears" };
}

// Margins in dB above what the data rate needs at all: the demodulator's floor, and what fading takes on a bad day.
const GOOD_DB = 10;
const FAIR_DB = 5;
const GOOD_DBM = -105;
const FAIR_DBM = -115;
const GRADES = ["weak", "fair", "good"];
const UNKNOWN_FLOOR_DB = -12.5; // SF9, in the middle, where a list does not say the spreading factor
const FLOORS_DB = { 7: -7.5, 8: -10, 9: -12.5, 10: -15, 11: -17.5, 12: -20 }; // Semtech SX1276, table 13

/** Return how well something is heard: "good", "fair", "weak", or "none" where it was not. */
export function hearing({ rssi_dbm: rssi = null, snr_db: snr = null, sf = null, margin_db: margin = null } = {}) {
  const above = margin ?? (snr === null ? null : snr - (FLOORS_DB[sf] ?? UNKNOWN_FLOOR_DB));
  if (above === null && rssi === null) return "none";
  const one = above === null ? graded(rssi, GOOD_DBM, FAIR_DBM) : graded(above, GOOD_DB, FAIR_DB);
  return margin !== null || sf !== null || rssi === null ? one : [one, graded(rssi, GOOD_DBM, FAIR_DBM)].sort((a, b) => GRADES.indexOf(a) - GRADES.indexOf(b))[0];
}

const graded = (value, good, fair) => (value >= good ? "good" : value >= fair ? "fair" : "weak");
