/** The destinations: how each takes what it is told, and what waits. */

import { ask } from "../api.js";
import { h, put, renew } from "../dom.js";
import { standing } from "../judge.js";
import * as live from "../live.js";
import { age, card, empty, head, hindered, link, mark, pairs } from "../parts.js";
import { number, t } from "../words.js";
import { waits } from "./overview.js";

export async function show(box, { signal }) {
  const list = h("div", { class: "columns" });
  put(box, head(t("nav.destinations"), { note: t("destination.words") }), list);
  draw(list, live.latest()?.destinations ?? (await ask("destinations", { signal })));
  live.on("status", (status) => draw(list, status.destinations), signal);
}

function draw(list, all) {
  const named = Object.entries(all);
  renew(list, named.length ? named.map(([name, one]) => destination(name, one)) : empty("destinations.none"));
}

function destination(name, one) {
  const { level, state } = standing(one);
  const held = Object.values(one.held).reduce((sum, count) => sum + count, 0);
  return card(name, { deeds: mark(level, t(`state.${state}`)), tone: level === "well" || level === "unknown" || level === "waiting" ? "" : level },
    hindered(one),
    pairs([
      [t("destination.waiting"), waits(one)],
      [t("destination.delivered"), one.counts && number(one.counts.delivered ?? 0)],
      [t("destination.held"), held ? number(held) : null],
      [t("destination.lost"), one.lost ? number(one.lost) : null],
      [t("destination.answered"), one.last_answer_s === undefined || one.last_answer_s === null ? null : age(one.last_answer_s)],
      [t("destination.reached"), one.transport && `${one.transport.protocol}, ${one.transport.url}`],
    ]),
    h("div", {}, link(`#/destinations/${encodeURIComponent(name)}`, [t("destination.more"), h("span", { class: "unseen" }, ` ${name}`)], { sign: "next" })));
}
