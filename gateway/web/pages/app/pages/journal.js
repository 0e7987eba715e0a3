/** The journal: what is kept, how much room there is, and how the card wears. */

import { ask } from "../api.js";
import { h, put, renew } from "../dom.js";
import * as live from "../live.js";
import { card, head, mark, meter, named, pairs, said, table } from "../parts.js";
import { momentOf, number, share, size, span, t } from "../words.js";
import { standing } from "../judge.js";

const YEAR_S = 31_557_600;
const SHORT_YEARS = 3;

export async function show(box, { signal }) {
  const places = h("div", { class: "columns" });
  put(box, head(t("nav.journal"), { note: t("journal.words") }), places);
  draw(places, live.latest() ?? (await ask("status", { signal })));
  live.on("status", (status) => draw(places, status), signal);
}

function draw(places, { journal: one, destinations }) {
  renew(places, alarms(one), room(one), wear(one.wear), numbers(one), waiting(destinations));
}

function alarms(one) {
  const all = [...(one.alarms ?? []).map((alarm) => ({ words: alarm.words, since: alarm.since, kind: alarm.kind })), ...(one.trouble ? [{ words: one.trouble, kind: "disk" }] : [])];
  if (!all.length) return [];
  return card(t("journal.alarms"), { tone: "wrong" }, all.map((alarm) => h("div", {}, h("p", {}, mark("wrong", named("alarm", alarm.kind)), alarm.since ? ` ${momentOf(new Date(alarm.since))}` : ""), said(alarm.words))));
}

function room(one) {
  const part = one.quota_bytes ? one.used_bytes / one.quota_bytes : 0;
  return card(t("journal.room"), {}, h("p", { class: "figure-big" }, share(part)), meter(part, t("journal.used", { used: size(one.used_bytes), limit: size(one.quota_bytes), part: share(part) }), part > 0.9 ? "wrong" : part > 0.75 ? "unwise" : "well"),
    h("p", { class: "quiet" }, t("journal.room_words")));
}

function wear(one) {
  if (!one?.years) return card(t("journal.wear"), {}, h("p", { class: "quiet" }, t("journal.wear_unknown")));
  const isShort = one.years < SHORT_YEARS;
  return card(t("journal.wear"), { tone: isShort ? "unwise" : "" }, h("p", { class: "figure-big" }, one.years > 50 ? t("journal.for_ever") : span(one.years * YEAR_S)),
    h("p", { class: "quiet" }, t("journal.wear_words", { card: t(`card.${one.card}`) })),
    pairs([
      [t("journal.agent_writes"), one.agent_bytes_per_day === null ? null : t("journal.a_day", { size: size(one.agent_bytes_per_day) })],
      [t("journal.all_write"), one.disk_bytes_per_day === null ? null : t("journal.a_day", { size: size(one.disk_bytes_per_day) })],
    ]));
}

const numbers = (one) => card(t("journal.numbers"), {}, pairs([
  [t("journal.rows"), number(one.rows)],
  [t("journal.committed"), number(one.committed_rows)],
  [t("journal.commits"), number(one.commits)],
  [t("journal.failed"), one.failed_commits ? number(one.failed_commits) : null],
  [t("journal.damaged"), one.damaged ? number(one.damaged) : null],
  [t("journal.untold"), one.untold_lost ? number(one.untold_lost) : null],
  [t("journal.file"), size(one.file_bytes)],
  [t("journal.log"), size(one.wal_bytes)],
  [t("journal.limit"), size(one.limit_bytes)],
]));

function waiting(destinations) {
  const rows = Object.entries(destinations ?? {}).map(([name, one]) => ({ name, ...one }));
  if (!rows.length) return [];
  return h("div", { class: "across" }, card(t("journal.waiting"), {}, table(t("journal.waiting"), [
    { title: t("destination.name"), of: (one) => h("a", { href: `#/destinations/${encodeURIComponent(one.name)}`, "data-key": `to-${one.name}` }, one.name) },
    { title: t("destination.state"), of: (one) => mark(standing(one).level, t(`state.${standing(one).state}`)) },
    { title: t("destination.waiting"), number: true, of: (one) => number(one.waiting) },
    { title: t("destination.oldest"), number: true, wide: true, of: (one) => (one.oldest_s === null ? "–" : span(one.oldest_s)) },
    { title: t("destination.left"), number: true, wide: true, of: (one) => (one.lane?.left_s ? span(one.lane.left_s) : "–") },
  ], rows)));
}
