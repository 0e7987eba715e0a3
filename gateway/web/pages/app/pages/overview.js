/** Is all well? If not: what, and what to do. Then the box in numbers. */

import { ask } from "../api.js";
import { h, put, renew } from "../dom.js";
import * as heard from "../heard.js";
import { icon } from "../icons.js";
import { sourceStanding, standing, troubles, worst } from "../judge.js";
import * as live from "../live.js";
import { card, empty, hindered, link, mark, meter, named, pairs } from "../parts.js";
import { plot } from "../plots.js";
import { momentOf, number, share, size, span, t } from "../words.js";

export async function show(box, { signal }) {
  const status = live.latest() ?? (await ask("status", { signal }));
  const places = { verdict: h("div", { role: "status" }), troubles: h("div"), first: h("div"), facts: h("div", { class: "columns" }) };
  const radio = plot(t("overview.radio"), lines(status), { hours: 1, isBars: true, digits: 0, signal });
  const tell = (now) => draw(places, now);
  put(box, places.verdict, places.troubles, places.first, places.facts, card(t("overview.heard"), {}, h("p", { class: "quiet" }, t("overview.heard_note")), radio));
  tell(status);
  live.on("status", (now) => {
    tell(now);
    radio.show(lines(now));
  }, signal);
}

const lines = ({ sources: all = [] }) => [
  { title: t("overview.whole"), unit: "", tone: "plot-1", points: heard.points(all, "heard") },
  { title: t("overview.broken"), unit: "", tone: "plot-2", points: heard.points(all, "broken") },
];

function draw(places, status) {
  const found = troubles(status);
  const level = worst(found);
  const key = `${level}${found.length}${document.documentElement.lang}`;
  if (places.verdict.dataset.said !== key) {
    places.verdict.dataset.said = key; // said anew only when it changes
    put(places.verdict, verdict(level, found.length, status));
  }
  renew(places.troubles, found.length ? list(found) : []);
  renew(places.first, status.network?.devices === 0 ? empty("devices.none", link("#/add", t("devices.add_first"), { kind: "first", sign: "add" })) : []);
  renew(places.facts, lanes(status.destinations ?? {}), sources(status.sources ?? []), box(status), journal(status.journal));
}

function verdict(level, count, status) {
  const shown = level === "unknown" ? "unwise" : level;
  return h("div", { class: `verdict ${shown}` }, icon(shown), h("h1", { tabindex: "-1" }, level === "well" ? t("well.title") : t("well.count", { count })),
    h("p", {}, level === "well" ? t("well.words", { devices: status.network?.devices ?? 0 }) : t("well.below")));
}

function list(found) {
  return h("ul", { class: "troubles", "aria-label": t("well.below") }, found.map((one) => {
    const values = { ...one.values, age: one.values.age_s === undefined ? "" : span(one.values.age_s), time: one.values.years === undefined ? "" : span(one.values.years * 31557600) };
    return h("li", { class: one.level }, h("h2", {}, icon(one.level), h("span", {}, t(`trouble.${one.what}`, values))), h("p", {}, t(`trouble.${one.what}.do`, values)), hindered({ trouble: one.said, hindrance: one.hindrance }),
      h("a", { class: "button to", href: `#/${one.to}`, "data-key": `${one.what}-${one.values.name ?? ""}` }, t(`nav.${one.to.split("/")[0]}`), h("span", { class: "unseen" }, ` ${one.values.name ?? ""}`), icon("next")));
  }));
}

function lanes(destinations) {
  const all = Object.entries(destinations).filter(([, one]) => one.configured || one.waiting || Object.keys(one.held).length);
  return card(t("nav.destinations"), {}, all.length ? h("ul", { class: "lanes" }, all.map(([name, one]) => {
    const { level, state } = standing(one);
    return h("li", {}, h("a", { href: `#/destinations/${encodeURIComponent(name)}`, "data-key": `to-${name}` }, name), mark(level, t(`state.${state}`)), h("span", { class: "quiet" }, waits(one)));
  })) : h("p", { class: "quiet" }, t("destinations.none.title")));
}

/** Return how much waits, and for how long it will. */
export function waits(one) {
  if (!one.waiting) return t("waits.none");
  const words = [t("waits.some", { count: one.waiting })];
  if (one.oldest_s > 60) words.push(t("waits.oldest", { age: span(one.oldest_s) }));
  if (one.lane?.left_s >= 1) words.push(t("waits.left", { time: span(one.lane.left_s) }));
  else if (one.lane?.history && !one.lane.left_s) words.push(t("waits.unknown"));
  return words.join(" · ");
}

function sources(all) {
  return card(t("nav.sources"), {}, all.length ? h("ul", { class: "lanes" }, all.map((one) => {
    const { level, state } = sourceStanding(one);
    const count = one.gateways_known ?? Object.keys(one.gateways ?? {}).length;
    return h("li", {}, h("a", { href: "#/sources", "data-key": `from-${one.name}` }, one.name), mark(level, t(`source.${state}`)),
      h("span", { class: "quiet" }, [named("source_type", one.type), lately(one), count ? ` · ${t("source.gateways", { count })}` : ""]));
  })) : h("p", { class: "quiet" }, t("sources.none.title")));
}

/** Return what a source heard in the last minutes, behind something else. */
function lately(one) {
  const now = heard.lately(one);
  return now && [" · ", t("source.lately", { count: now.heard }), now.share ? ` · ${t("source.broken", { share: share(now.share) })}` : ""];
}

function box({ agent, clock, since_s: since, network }) {
  const counts = network?.counts ?? {};
  return card(t("overview.box"), {}, pairs([
    [t("overview.name"), agent.name],
    [t("overview.running"), since === undefined ? t("state.stopped") : span(since)],
    [t("overview.clock"), clock && h("span", {}, momentOf(new Date(clock.utc)), " ", mark(clock.trusted ? "well" : "wrong", named("clock", clock.quality)))],
    [t("nav.devices"), network && h("a", { href: "#/devices", "data-key": "devices" }, number(network.devices))],
    [t("overview.uplinks"), number(counts.uplinks ?? 0)],
    [t("overview.joins"), number(counts.joins ?? 0)],
    [t("overview.version"), agent.version],
  ]));
}

function journal(one) {
  const part = one.quota_bytes ? one.used_bytes / one.quota_bytes : 0;
  return card(t("nav.journal"), {}, meter(part, t("journal.used", { used: size(one.used_bytes), limit: size(one.quota_bytes), part: share(part) }), part > 0.9 ? "wrong" : part > 0.75 ? "unwise" : "well"),
    pairs([[t("journal.rows"), number(one.rows)], [t("journal.wear"), one.wear?.years ? t("journal.years", { time: span(one.wear.years * 31557600) }) : null]]),
    h("p", {}, h("a", { href: "#/journal", "data-key": "journal" }, t("journal.more"))));
}
