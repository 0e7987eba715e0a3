/** One destination: its lane, the platform's last answers, what is held back and tried again. */

import { ask } from "../api.js";
import { h, put, renew } from "../dom.js";
import { standing } from "../judge.js";
import * as live from "../live.js";
import { age, busy, button, card, head, hindered, mark, named, pairs, said, sure, table, tell } from "../parts.js";
import { momentOf, number, span, t } from "../words.js";
import { waits } from "./overview.js";

const LETTERS = 50;
const VERDICTS = { taken: "well", refused: "wrong", later: "waiting", unclear: "unwise" };

export async function show(box, { argument: name, signal, session }) {
  const path = `destinations/${encodeURIComponent(name)}`;
  const places = { state: h("div"), letters: h("div"), answers: h("div") };
  const fetchAll = () => Promise.all([ask(path, { signal }), ask("dead-letters", { query: { destination: name, limit: LETTERS }, signal })]);
  async function look() {
    const [one, letters] = await fetchAll();
    draw(one, letters);
  }
  function draw(one, letters) {
    renew(places.state, state(one));
    renew(places.letters, heldBack(name, one, letters, session.role !== "view", look));
    renew(places.answers, answers(one.answers ?? []));
  }
  const first = await fetchAll();
  put(box, head(name, { back: { href: "#/destinations", words: t("nav.destinations") } }), places.state, places.letters, places.answers);
  draw(...first);
  live.on("status", (status) => status.destinations[name] && renew(places.state, state({ ...first[0], ...status.destinations[name] })), signal);
}

function state(one) {
  const { level, state: word } = standing(one);
  const lane = one.lane;
  return card(t("destination.state"), { deeds: mark(level, t(`state.${word}`)), tone: level === "wrong" || level === "unwise" ? level : "" },
    one.trouble && [h("p", {}, t("destination.trouble", { time: span(one.trouble_s ?? 0) })), hindered(one)],
    (one.transport?.notes ?? []).map((words) => said(words)),
    (one.problems ?? []).map((problem) => said(`${problem.problem} (${number(problem.count)} ×)`)),
    pairs([
      [t("destination.waiting"), waits(one)],
      [t("destination.lane"), lane && t(`lane.${lane.name.replace(" ", "_")}`)],
      [t("destination.history"), lane?.history ? number(lane.history) : null],
      [t("destination.delivered"), one.counts && number(one.counts.delivered ?? 0)],
      [t("destination.refused"), one.counts?.refused ? number(one.counts.refused) : null],
      [t("destination.lost"), one.lost ? number(one.lost) : null],
      [t("destination.given_up"), one.given_up ? number(one.given_up) : null],
      [t("destination.answered"), one.last_answer_s === undefined || one.last_answer_s === null ? null : age(one.last_answer_s)],
      [t("destination.refusal"), one.last_refusal && said(one.last_refusal, "span")],
      [t("destination.reached"), one.transport && `${one.transport.protocol}, ${one.transport.url}`],
    ]));
}

function heldBack(name, one, letters, mayDo, look) {
  const count = Object.values(one.held ?? {}).reduce((sum, each) => sum + each, 0);
  const retry = (pressed, ids) => busy(pressed, async () => {
    const answer = await ask("dead-letters/retry", { method: "POST", body: ids ? { ids } : { destination: name } });
    tell(t("destination.retried", { count: answer.count }));
    await look();
  });
  const all = async (event) => {
    const pressed = event.currentTarget;
    if (await sure(t("destination.retry_sure", { count }), t("destination.retry_words"), t("destination.retry_all"))) await retry(pressed, null);
  };
  if (!letters.length) return card(t("destination.letters"), {}, h("p", { class: "quiet" }, t("destination.no_letters")));
  return card(t("destination.letters"), { tone: "unwise", deeds: mayDo && button(t("destination.retry_all"), all, { "data-key": "retry-all" }) },
    h("p", { class: "quiet" }, t("destination.letters_words")),
    table(t("destination.letters"), [
      { title: t("destination.held_at"), of: (letter) => momentOf(new Date(letter.held_at)) },
      { title: t("nav.devices"), of: (letter) => h("a", { href: `#/devices/${letter.dev_eui}`, class: "code" }, letter.dev_eui) },
      { title: t("destination.kind"), wide: true, of: (letter) => named("held", letter.kind) },
      { title: t("destination.why"), wide: true, of: (letter) => said(letter.reason, "span") },
      ...(mayDo ? [{ title: t("destination.deed"), of: (letter) => button(t("destination.retry"), (event) => retry(event.currentTarget, [letter.id]), { "data-key": `retry-${letter.id}` }) }] : []),
    ], letters), count > letters.length ? h("p", { class: "quiet" }, t("destination.more_letters", { count: count - letters.length })) : null);
}

function answers(all) {
  if (!all.length) return card(t("destination.answers"), {}, h("p", { class: "quiet" }, t("destination.no_answers")));
  return card(t("destination.answers"), {}, h("p", { class: "quiet" }, t("destination.answers_words")), h("ul", { class: "lanes" }, all.map((one) => h("li", {},
    h("span", {}, `${one.method} ${one.target}`.trim(), one.requests > 1 ? ` (${number(one.requests)} ×)` : ""), mark(VERDICTS[one.verdict] ?? "unknown", t(`verdict.${one.verdict}`)),
    h("span", { class: "quiet" }, momentOf(new Date(one.at)), one.status ? ` · ${one.status}` : "", one.detail ? h("span", { lang: "en" }, ` · ${one.detail}`) : ""),
    (one.sent || one.answered) && h("details", { class: "numbers quiet" }, h("summary", {}, t("destination.exchange"), h("span", { class: "unseen" }, ` ${momentOf(new Date(one.at))}`)), h("p", {}, t("destination.sent")), h("pre", {}, one.sent || "–"), h("p", {}, t("destination.came")), h("pre", {}, one.answered || "–"))))));
}
