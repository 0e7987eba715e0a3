/** Add a device: from a photo of its label, from the label's text, or by hand; the cells are looked at before anything is added. */

import { ask, Refused } from "../api.js";
import { afterRest, h, put } from "../dom.js";
import { icon } from "../icons.js";
import { wrongCell } from "../forms.js";
import { busy, button, card, fault, faults, field, head, link, mark, reason, said, table, tell } from "../parts.js";
import { known, t } from "../words.js";

const CELLS = ["dev_eui", "join_eui", "app_key", "name", "decoder", "tags", "latitude", "longitude"];
const MORE = ["activation", "mac_version", "device_class", "nwk_key", "dev_addr", "nwk_s_key", "app_s_key", "entity_type", "entity_id", "altitude_m"];
const CODES = new Set(["dev_eui", "join_eui", "app_key", "nwk_key", "dev_addr", "nwk_s_key", "app_s_key", "decoder"]);
const SIDES = [1600, 800, 2600]; // pixels of a photo's longer side: a label is found in the first as a rule
const PROPOSED = 30; // decoders, in the list below the field
const FEW = 6; // as buttons

export async function show(box, { session }) {
  if (session.role === "view") return void put(box, head(t("add.title"), { note: t("add.not_yours") }));
  const place = h("div", { class: "page" });
  const fill = (cells, label = {}) => put(place, ...(cells ? [form(cells, label, place)] : []));
  put(box, head(t("add.title"), { note: t("add.words") }), label(fill), place);
}

// ── the label ──

/** Return the card of the label; `fill` gets what it says, or null while nothing is read: what the label before it said must not be taken for this one's. */
function label(fill) {
  const input = h("input", { type: "file", accept: "image/*", id: "photo", onchange: () => photo(input, fill) });
  const text = h("form", { class: "form", onsubmit: (event) => {
    event.preventDefault();
    busy(event.submitter ?? text.querySelector("button"), () => read(text, text.elements.label.value, fill));
  } },
  field("label", t("add.text"), { make: "textarea", hint: t("add.text_hint"), class: "code-in", rows: 3 }),
  h("div", { class: "deeds" }, button(t("add.read"), null, { type: "submit", kind: "first" }), button(t("add.by_hand"), () => (fill({}), document.getElementById("field-dev_eui").focus()))));
  return card(t("add.label"), {},
    h("label", { class: "button file", for: "photo" }, icon("photo"), t("add.photo"), input), h("p", { class: "hint" }, t("add.photo_hint")),
    h("div", { id: "photo-state", role: "status" }), text);
}

async function read(form, text, fill) {
  fault(form, "label", null);
  if (!text.trim()) return fault(form, "label", t("add.no_text")), form.elements.label.focus();
  fill(null);
  try {
    const answer = await ask("labels", { method: "POST", body: { text } });
    if (answer.problems.length) throw new Refused(400, answer.problems);
    fill(answer.cells, answer);
    document.getElementById("cells-title").focus();
  } catch (error) {
    if (error.status !== 400) throw error;
    fault(form, "label", t("add.not_read"), reason(error));
    form.elements.label.focus();
  }
}

async function photo(input, fill) {
  const [file] = input.files;
  if (!file) return;
  fill(null);
  const place = document.getElementById("photo-state");
  put(place, mark("waiting", t("add.looking")));
  const text = await codeIn(file).catch(() => null);
  input.value = "";
  if (text === null) return void put(place, h("p", {}, mark("unwise", t("add.no_code")), " ", t("add.no_code_words")));
  put(place, mark("well", t("add.found")));
  const form = document.getElementById("field-label").form;
  form.elements.label.value = text;
  await read(form, text, fill).catch((error) => tell(reason(error), "wrong"));
}

/** Return the text of the QR code in a photo, or null. The photo stays in the browser. */
async function codeIn(file) {
  const [picture] = await Promise.all([createImageBitmap(file), reader()]);
  for (const side of SIDES) {
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
    const canvas = h("canvas", { width, height });
    const paper = canvas.getContext("2d", { willReadFrequently: true });
    paper.drawImage(picture, 0, 0, width, height);
    const found = window.jsQR(paper.getImageData(0, 0, width, height).data, width, height, { inversionAttempts: "attemptBoth" });
    if (found?.data) return found.data;
  }
  return null;
}

function reader() {
  if (window.jsQR) return Promise.resolve();
  return new Promise((resolve, reject) => document.head.append(h("script", { src: "vendor/jsqr/jsQR.min.js", onload: resolve, onerror: reject })));
}

// ── the cells ──

const cell = (name, cells) => field(name, known("cell", name), { value: cells[name] ?? "", hint: known("cell_hint", name), class: CODES.has(name) ? "code-in" : null, list: name === "decoder" ? "decoders" : null, oninput: name === "decoder" ? (event) => propose(event.target.value) : null });

function form(cells, label, place) {
  const isOpen = MORE.some((name) => cells[name]) && cells.activation !== "otaa";
  const whole = h("form", { class: "form", novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    busy(whole.querySelector("[type=submit]"), () => add(whole, cells, place));
  } },
  h("div", { id: "cells-problems", role: "alert" }),
  label.is_known && h("p", {}, mark("unwise", t("add.is_known"))),
  label.remarks?.length ? (cells.app_key ? label.remarks.map((words) => said(words)) : h("p", {}, mark("unwise", t("add.no_keys")))) : null,
  label.proposed?.decoders.length ? proposal(label.proposed) : null,
  h("div", { class: "form two" }, CELLS.map((name) => cell(name, cells))),
  h("datalist", { id: "decoders" }),
  h("details", { class: "numbers", open: isOpen }, h("summary", {}, t("add.more")), h("div", { class: "form two" }, MORE.map((name) => cell(name, cells)))),
  h("div", { class: "deeds" }, button(t("add.add"), null, { kind: "first", type: "submit", sign: "add" })));
  queueMicrotask(() => propose(cells.decoder ?? ""));
  return h("section", { class: "card", "aria-labelledby": "cells-title" }, h("h2", { id: "cells-title", tabindex: "-1" }, t("add.look")), h("p", { class: "quiet" }, t("add.look_words")), whole);
}

/** Offer the decoders that its maker's devices have: the likeliest at once, the others to be searched. */
function proposal({ maker, decoders }) {
  return h("div", { class: "field" }, h("p", {}, t("add.proposed", { maker })),
    h("div", { class: "deeds" }, decoders.slice(0, FEW).map((one) => button(one, () => take(one)))),
    decoders.length > FEW && others(decoders[0].split("/")[0], decoders.length - FEW));
}

function take(decoder) {
  const input = document.getElementById("field-decoder");
  input.value = decoder;
  input.focus();
}

/** Return the search for the others; it has found the maker's when it is opened. */
function others(maker, count) {
  const found = h("div", { role: "status" });
  const search = afterRest((words) => look(words).catch((error) => put(found, said(reason(error)))), 200);
  const look = async (words) => {
    const answer = await ask("decoders", { query: { search: words, limit: PROPOSED } });
    put(found, h("p", { class: "quiet" }, t("decoder.found", { count: answer.total })), answer.decoders.length ? list(answer.decoders) : null);
  };
  const input = field("decoder_search", t("add.search_decoders"), { value: maker, oninput: (event) => search(event.target.value), onkeydown: (event) => event.key === "Enter" && event.preventDefault() });
  return h("details", { class: "numbers", ontoggle: (event) => event.target.open && !found.hasChildNodes() && search(maker) }, h("summary", {}, t("add.more_decoders", { count })), input, found);
}

const list = (decoders) => table(t("decoder.there_are"), [
  { title: t("decoder.name"), of: (one) => [h("button", { type: "button", class: "button plain code", onclick: () => take(one.name), "data-key": one.name }, one.name), h("span", { class: "under small quiet", lang: "en" }, one.title)] },
], decoders);

const propose = afterRest(async (search) => {
  const list = document.getElementById("decoders");
  const found = await ask("decoders", { query: { search, limit: PROPOSED } }).catch(() => ({ decoders: [] })); // a field without proposals can be filled in, too
  if (list) put(list, found.decoders.map((one) => h("option", { value: one.name }, one.title)));
}, 200);

async function add(whole, read, place) {
  const cells = { ...read };
  const texts = [...CELLS, ...MORE].map((name) => [name, whole.elements[name].value.trim()]);
  put(document.getElementById("cells-problems"));
  if (faults(whole, Object.fromEntries(texts.map(([name, text]) => [name, wrongCell(name, text)])))) return;
  for (const [name, value] of texts) {
    if (value) cells[name] = value;
    else delete cells[name];
  }
  try {
    const answer = await ask("devices", { method: "POST", body: { cells } });
    done(answer, cells, place);
  } catch (error) {
    if (error.status !== 400) throw error;
    refuse(whole, error.problems);
  }
}

/** Show each problem at its field; those of no field above them all. */
function refuse(whole, problems) {
  const rest = problems.filter((words) => {
    const name = [...CELLS, ...MORE].find((one) => new RegExp(`(^|[ :])${one}\\b`).test(words));
    return !name || !fault(whole, name, t(whole.elements[name].value.trim() ? "wrong.refused" : "wrong.missing"), words.replace(/^device add: /, ""));
  });
  put(document.getElementById("cells-problems"), rest.length ? [h("p", {}, t("wrong.refused")), rest.map((words) => said(words))] : []);
  const first = whole.querySelector("[aria-invalid='true']");
  first?.closest("details")?.setAttribute("open", "");
  (first ?? document.getElementById("cells-title")).focus();
}

function done(answer, cells, place) {
  const name = cells.name || answer.dev_eui;
  put(place, card(t("add.done", { name }), { tone: "well" },
    h("p", {}, t(answer.activation === "abp" ? "add.next_abp" : "add.next_otaa")),
    answer.warnings?.length ? [h("p", {}, mark("unwise", t("add.note"))), answer.warnings.map((words) => said(words))] : null,
    h("div", { class: "deeds" }, link(`#/devices/${answer.dev_eui}`, t("add.to_device"), { kind: "first" }), button(t("add.another"), () => {
      put(place);
      document.getElementById("field-label").value = "";
      document.getElementById("field-label").focus();
    }))));
  tell(t("add.done", { name }));
  place.querySelector("a").focus();
}
