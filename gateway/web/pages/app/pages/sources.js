/** The sources: what each hears, which gateways bring it, what is to be done. */

import { ask } from "../api.js";
import { h, put, renew } from "../dom.js";
import { lately } from "../heard.js";
import { sourceStanding } from "../judge.js";
import * as live from "../live.js";
import { age, card, empty, head, mark, named, pairs, said, table } from "../parts.js";
import { number, share, t } from "../words.js";

export async function show(box, { signal }) {
  const answer = await ask("sources", { signal });
  const list = h("div", { class: "page" });
  put(box, head(t("nav.sources"), { note: t("source.words") }), list);
  const draw = (all, spent) => renew(list, all.length ? all.map((one) => source(one, spent)) : empty("sources.none"));
  draw(answer.sources, live.latest()?.network?.duty_cycle ?? []);
  live.on("status", (status) => draw(answer.sources.map((one) => ({ ...one, status: status.sources.find((now) => now.name === one.name) ?? one.status })), status.network?.duty_cycle ?? []), signal);
}

function source({ name, type, status }, spent) {
  const { level, state } = sourceStanding(status && { ...status, type });
  return card(name, { deeds: mark(level, t(`source.${state}`)), tone: level === "well" ? "" : level },
    (status?.advice ?? []).map((words) => said(words)),
    pairs([
      [t("source.type"), named("source_type", type)],
      [t("source.listens"), status?.listening],
      [t("source.heard"), heard(status)],
      [t("source.state"), status?.words && said(status.words, "span")],
      [t("source.trouble"), status?.broker?.last_error && said(status.broker.last_error, "span")],
    ]),
    gateways(name, status?.gateways ?? {}, status?.gateways_known), air(name, spent), counts(t("source.counts"), status?.counts), counts(t("source.dropped"), status?.dropped));
}

function heard(status) {
  const now = lately(status);
  return now && [t("source.lately", { count: now.heard }), now.share ? ` · ${t("source.broken", { share: share(now.share) })}` : ""];
}

function gateways(name, all, known) {
  const rows = Object.entries(all).sort(([a], [b]) => a.localeCompare(b)).map(([eui, one]) => ({ eui, ...one }));
  if (!rows.length) return null;
  const others = known > rows.length ? h("p", { class: "quiet small" }, t("source.gateways", { count: known })) : null;
  return [others, table(t("source.gateways_of", { name }), [
    { title: t("source.gateway"), of: (one) => h("span", { class: "code" }, one.eui) },
    { title: t("device.last_heard"), of: (one) => age(one.last_seen_s) },
    { title: t("source.frames_title"), number: true, of: (one) => number(one.frames ?? 0) },
    { title: t("source.transmits"), wide: true, of: (one) => t(one.can_transmit ? "yes" : "no") },
    { title: t("source.address"), wide: true, of: (one) => h("span", { class: "code" }, one.address ?? "–") },
  ], rows, { isHidden: false })];
}

function air(name, spent) {
  const rows = spent.filter((one) => one.source === name && one.allowed_s !== null);
  if (!rows.length) return null;
  return table(t("source.air"), [
    { title: t("source.gateway"), of: (one) => [h("span", { class: "code" }, one.gateway), h("span", { class: "quiet small narrow under" }, one.sub_band)] },
    { title: t("source.band"), wide: true, of: (one) => one.sub_band },
    { title: t("source.spent"), number: true, of: (one) => t("source.spent_of", { spent: one.spent_s, allowed: one.allowed_s }) },
    { title: t("source.share"), number: true, of: (one) => share(one.spent_s / one.allowed_s) },
  ], rows, { isHidden: false });
}

function counts(title, all) {
  const rows = Object.entries(all ?? {}).filter(([, count]) => count);
  if (!rows.length) return null;
  return h("details", { class: "numbers" }, h("summary", {}, title), pairs(rows.map(([name, count]) => [named("count", name), number(count)])));
}
