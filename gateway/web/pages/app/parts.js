/** The parts that pages are made of. */

import { h, s, put } from "./dom.js";
import { icon } from "./icons.js";
import { hearing } from "./judge.js";
import { t, known, number, ago } from "./words.js";

/** Return the head of a page: its one h1, a line below it, and what can be done. */
export const head = (title, { note = null, deeds = [], back = null } = {}) =>
  h("header", { class: "head" },
    back && h("a", { class: "back", href: back.href }, icon("back"), back.words),
    h("div", { class: "head-row" }, h("h1", { tabindex: "-1" }, title), deeds.length ? h("div", { class: "deeds" }, deeds) : null),
    note && h("p", { class: "note" }, note));

/** Return a card with a heading of the second order. */
export function card(title, { tone = "", deeds = null, id = null } = {}, ...children) {
  return h("section", { class: `card ${tone}`, id },
    h("div", { class: "card-head" }, h("h2", {}, title), deeds), children);
}

/** Return a state: a colour, an icon and a word, so that none of them is needed alone. */
export const mark = (level, words) => h("span", { class: `mark ${level}` }, icon(level), words);

/** Return words that come from the agent itself, which speaks English. */
export const said = (words, tag = "p") => h(tag, { class: "said", lang: "en" }, words);

/** Return the words of `group.name`, or the name as the agent has it. */
export const named = (group, name) => known(group, name) ?? h("span", { lang: "en" }, String(name).replaceAll("_", " "));

/** Return what a page says that has nothing to show, and what to do first. */
export const empty = (key, ...deeds) =>
  h("div", { class: "empty" }, h("h2", {}, t(`${key}.title`)), h("p", {}, t(`${key}.words`)), deeds.length ? h("div", { class: "deeds" }, deeds) : null);

/** Return pairs of a word and its value; pairs without a value are left out. */
export const pairs = (rows) =>
  h("dl", { class: "pairs" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([word, value]) => h("div", {}, h("dt", {}, word), h("dd", {}, value))));

/** Return a table; a column is `{title, of, wide, number}`: `wide` ones are left out on a phone. */
export function table(caption, columns, rows, { isHidden = true } = {}) {
  const kind = (column) => [column.wide && "wide", column.number && "number", column.grow && "grow"].filter(Boolean).join(" ") || null;
  const box = h("div", { class: "scroll", role: "group", "aria-label": caption },
    h("table", {}, h("caption", { class: isHidden ? "unseen" : null }, caption),
      h("thead", {}, h("tr", {}, columns.map((one) => h("th", { scope: "col", class: kind(one) }, one.title)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, columns.map((one, place) => h(place ? "td" : "th", { scope: place ? null : "row", class: kind(one) }, one.of(row))))))));
  wide.observe(box);
  return box;
}

/** Lets the keyboard scroll what does not fit, and only that. */
const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});

/** Return a link that looks like a button. */
export const link = (href, words, { kind = "", sign = null } = {}) => h("a", { class: `button ${kind}`, href }, sign && icon(sign), words);

/** Return a button. */
export const button = (words, onclick, { kind = "", sign = null, type = "button", ...more } = {}) =>
  h("button", { class: `button ${kind}`, type, onclick, ...more }, sign && icon(sign), words);

/** Return a labelled field; `hint` says what is right. Errors are put in by `fault`. */
export function field(name, words, { hint = null, make = "input", children = [], ...attributes } = {}) {
  const id = `field-${name}`;
  return h("div", { class: "field", "data-field": name },
    h("label", { for: id }, words),
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint),
    h(make, { id, name, autocomplete: "off", autocapitalize: "none", spellcheck: "false", "aria-describedby": hint ? `${id}-hint` : null, ...attributes }, children));
}

/** Show what is wrong with a field, at the field, and below it what the agent says itself; null takes it away. */
export function fault(form, name, words, agents = "") {
  const box = form.querySelector(`[data-field="${CSS.escape(name)}"]`);
  const input = box?.querySelector("input, select, textarea");
  if (!input) return false;
  box.querySelector(".fault")?.remove();
  const hint = box.querySelector(".hint") ? `${input.id}-hint` : "";
  input.toggleAttribute("aria-invalid", Boolean(words));
  if (words) {
    hush();
    input.setAttribute("aria-invalid", "true");
    box.append(h("div", { class: "fault", id: `${input.id}-fault` }, icon("wrong"), h("span", {}, words, agents && h("span", { class: "small under", lang: "en" }, agents))));
  }
  const told = [hint, words && `${input.id}-fault`].filter(Boolean).join(" ");
  if (told) input.setAttribute("aria-describedby", told);
  else input.removeAttribute("aria-describedby");
  return true;
}

/** Show at each field what `wrong` says of its text (null: nothing), go to the first, and return whether there is one. */
export function faults(form, found) {
  const names = Object.keys(found);
  for (const name of names) fault(form, name, found[name] && t(`wrong.${found[name].what}`, found[name].values));
  const first = names.find((name) => found[name]);
  if (!first) return false;
  form.elements[first].closest("details")?.setAttribute("open", "");
  form.elements[first].focus();
  return true;
}

/** Return why a platform takes nothing: in the page's language (in English the agent says it itself), then in the agent's and the platform's own words. */
export const hindered = (one) => one.trouble && [one.hindrance && known("hindrance", one.hindrance) && h("p", {}, known("hindrance", one.hindrance)), said(one.trouble)];

/** Return the words for an answer that is none, with what to do. */
export function wentWrong(error, again = null) {
  const key = known("error", String(error.status)) ? `error.${error.status}` : "error.other";
  const wait = error.retryAfter ? t("error.wait", { seconds: error.retryAfter }) : null;
  return h("div", { class: "card wrong trouble", role: "alert" },
    h("h2", {}, mark("wrong", t(`${key}.title`))),
    h("p", {}, t(key), wait && ` ${wait}`),
    (error.problems ?? []).map((words) => said(words)),
    again && button(t("again"), again, { kind: "first" }));
}

/** Return bars that say how well something is heard, with a word. */
export function signal(one) {
  const how = hearing(one);
  if (how === "none") return h("span", { class: "quiet" }, "–");
  const bars = { good: 3, fair: 2, weak: 1 }[how];
  return h("span", { class: `signal ${how}` },
    s("svg", { class: "bars", viewBox: "0 0 18 14", "aria-hidden": "true" }, [1, 2, 3].map((bar) => s("rect", { x: (bar - 1) * 6, y: 14 - bar * 4.6, width: 4.2, height: bar * 4.6, rx: 1, class: bar <= bars ? "on" : "off" }))),
    h("span", {}, t(`hearing.${how}`)),
    one.rssi_dbm !== null && one.rssi_dbm !== undefined ? h("span", { class: "quiet small" }, `${number(one.rssi_dbm, 0)}\u00a0dBm`) : null);
}

/** Return how long ago, kept right while it stands on the page. */
export function age(seconds, none = "–") {
  if (seconds === null || seconds === undefined) return h("span", { class: "quiet" }, none);
  return h("span", { class: "age", "data-born": Date.now() - seconds * 1000 }, ago(seconds));
}

setInterval(() => {
  for (const one of document.querySelectorAll(".age")) {
    const words = ago((Date.now() - Number(one.dataset.born)) / 1000);
    if (one.textContent !== words) one.textContent = words;
  }
}, 1000);

/** Return a bar from 0 to 1 with its words. */
export function meter(part, words, level = "well") {
  const width = Math.max(0, Math.min(1, part)) * 100;
  return h("div", { class: "meter-row" },
    s("svg", { class: `meter ${level}`, viewBox: "0 0 100 8", preserveAspectRatio: "none", role: "img", "aria-label": words }, s("rect", { class: "off", width: 100, height: 8 }), s("rect", { class: "on", width, height: 8 })),
    h("span", {}, words));
}

/** Return buttons of which one is pressed; `choose` gets the value. */
export function choice(words, options, chosen, choose) {
  const buttons = options.map(([value, label]) =>
    h("button", { type: "button", class: "choice", "data-key": `${words}-${value}`, "aria-pressed": String(value === chosen), onclick: () => {
      for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.key === `${words}-${value}`));
      choose(value);
    } }, label));
  return h("div", { class: "choices", role: "group", "aria-label": words }, buttons);
}

/** Ask before something that cannot be taken back; resolves to whether it is wanted. */
export function sure(title, words, deed) {
  return new Promise((resolve) => {
    const heading = h("h2", { id: "sure-title" }, title);
    const dialog = h("dialog", { "aria-labelledby": "sure-title", onclose: () => (dialog.remove(), resolve(dialog.returnValue === "yes")) },
      h("form", { method: "dialog" }, heading, h("p", {}, words),
        h("div", { class: "deeds" }, h("button", { class: "button", value: "no" }, t("cancel")), h("button", { class: "button danger", value: "yes" }, deed))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Take away what was said last: what comes now is about something else. */
function hush() {
  clearTimeout(tell.timer);
  put(document.getElementById("told"));
}

/** Say something once, politely, for those who look and those who listen. */
export function tell(words, level = "well") {
  const place = document.getElementById("told");
  put(place, h("div", { class: `toast ${level}` }, icon(level), h("span", {}, words)));
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => put(place), 6000);
}

/** Return what stands where an answer is waited for. */
export const waiting = () => h("div", { class: "waiting", role: "status" }, h("span", { class: "unseen" }, t("loading")), h("span", { class: "bone" }), h("span", { class: "bone" }), h("span", { class: "bone" }));

/** Run `deed` with its button busy, and show what went wrong beside it. */
export async function busy(pressed, deed) {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  try {
    await deed();
  } catch (error) {
    tell(reason(error), "wrong");
  } finally {
    pressed.removeAttribute("aria-disabled");
  }
}

/** Return an error in one line. */
export function reason(error) {
  if (error.problems?.length) return error.problems.join(" ");
  return t(known("error", String(error.status ?? "")) ? `error.${error.status}` : "error.other");
}
