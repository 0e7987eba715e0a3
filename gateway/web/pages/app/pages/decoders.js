/** Try a decoder out: a payload in, its readings out; nothing is kept. */

import { ask } from "../api.js";
import { afterRest, h, put } from "../dom.js";
import { wrongOctets, wrongPort } from "../forms.js";
import { busy, button, card, choice, fault, faults, field, head, mark, reason, said, table } from "../parts.js";
import { quantity, t, value } from "../words.js";

const FOUND = 20;

export async function show(box, { query, signal }) {
  const result = h("div", { role: "status" });
  const found = h("div");
  let encoding = "hex";
  const form = h("form", { class: "form two", onsubmit: (event) => {
    event.preventDefault();
    busy(form.querySelector("[type=submit]"), () => tryOut(form, encoding, result));
  } },
  field("decoder", t("decoder.name"), { hint: t("decoder.name_hint"), list: "decoders", class: "code-in", value: query.get("decoder") ?? "", oninput: (event) => search(event.target.value) }),
  field("f_port", t("downlink.port"), { hint: t("decoder.port_hint"), inputmode: "numeric", value: query.get("port") ?? "" }),
  h("div", { class: "across" }, field("payload", t("decoder.payload"), { make: "textarea", rows: 2, hint: t("decoder.payload_hint"), class: "code-in" })),
  h("datalist", { id: "decoders" }),
  h("div", { class: "deeds across" }, choice(t("decoder.encoding"), [["hex", "Hex"], ["base64", "Base64"]], encoding, (one) => (encoding = one)), button(t("decoder.try"), null, { kind: "first", type: "submit" })));
  const look = async (words) => {
    const answer = await ask("decoders", { query: { search: words, limit: FOUND }, signal });
    put(form.querySelector("datalist"), answer.decoders.map((one) => h("option", { value: one.name }, one.title)));
    put(found, h("p", { class: "quiet", role: "status" }, t("decoder.found", { count: answer.total })), answer.decoders.length ? list(answer.decoders, form) : null);
  };
  const search = afterRest((words) => look(words).catch((error) => signal.aborted || put(found, said(reason(error)))), 250);
  put(box, head(t("nav.decoders"), { note: t("decoder.words") }), card(t("decoder.try_out"), {}, form), result, card(t("decoder.there_are"), {}, found));
  put(found, h("p", { class: "quiet" }, t("loading")));
  search(query.get("decoder") ?? "");
}

function list(decoders, form) {
  const take = (one) => {
    form.elements.decoder.value = one.name;
    form.elements.f_port.focus();
  };
  return table(t("decoder.there_are"), [
    { title: t("decoder.name"), of: (one) => [h("button", { type: "button", class: "button plain code", onclick: () => take(one), "data-key": one.name }, one.name), h("span", { class: "narrow under small quiet", lang: "en" }, one.title)] },
    { title: t("decoder.device"), wide: true, of: (one) => h("span", { lang: "en" }, one.title) },
    { title: t("decoder.measures"), wide: true, of: (one) => one.quantities.map(quantity).join(", ") },
  ], decoders);
}

async function tryOut(form, encoding, result) {
  const { decoder, f_port: port, payload } = form.elements;
  const needed = { decoder: decoder.value.trim(), f_port: port.value.trim(), payload: payload.value.trim() };
  const checks = { decoder: () => null, f_port: (text) => wrongPort(text, 255), payload: (text) => wrongOctets(text, encoding) };
  if (faults(form, Object.fromEntries(Object.entries(needed).map(([name, text]) => [name, text ? checks[name](text) : { what: "missing", values: {} }])))) return;
  try {
    const answer = await ask("decoders/try", { method: "POST", body: { ...needed, f_port: Number(needed.f_port), encoding } });
    put(result, answer.error ? failed(answer.error) : read(answer));
  } catch (error) {
    if (error.status !== 400) throw error;
    const name = ["f_port", "payload"].find((one) => reason(error).startsWith(one)) ?? "decoder";
    fault(form, name, t(name === "decoder" ? "decoder.unusable" : "wrong.refused"), reason(error));
    form.elements[name].focus();
  }
}

const failed = (words) => card(t("decoder.result"), { tone: "wrong" }, h("p", {}, mark("wrong", t("decoder.failed"))), said(words));

function read(answer) {
  return card(t("decoder.result"), { tone: "well" },
    answer.warnings.map((words) => h("p", {}, mark("unwise", t("decoder.warning")), " ", said(words, "span"))),
    answer.readings.length ? table(t("decoder.readings"), [
      { title: t("decoder.quantity"), of: (one) => `${quantity(one.quantity)}${one.channel ? ` ${one.channel}` : ""}` },
      { title: t("decoder.value"), number: true, of: (one) => value(one.value, one.unit) },
      { title: t("decoder.plausible"), wide: true, of: (one) => t(one.plausibility === "ok" || one.plausibility === "plausible" ? "yes" : "decoder.look") },
    ], answer.readings) : h("p", { class: "quiet" }, t("decoder.no_readings")),
    h("details", { class: "numbers" }, h("summary", {}, t("decoder.fields")), h("pre", {}, JSON.stringify(answer.fields, null, 2))));
}
