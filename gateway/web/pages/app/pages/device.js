/** One device: how it is heard, what it says, what it is told. */

import { ask } from "../api.js";
import { atMostEvery, h, put, renew } from "../dom.js";
import { wrongOctets, wrongPort } from "../forms.js";
import * as live from "../live.js";
import { age, busy, button, card, choice, fault, faults, field, head, mark, named, pairs, reason, said, signal as heardBars, sure, table, tell } from "../parts.js";
import { plot } from "../plots.js";
import { ago, byName, known, momentOf, number, quantity, share, t, value } from "../words.js";

const RANGES = [24, 168]; // hours
const LOOK_AGAIN_MS = 3_000;
const MHZ = 1e6;
const TONES = ["plot-1", "plot-2", "plot-3"];

export async function show(box, { argument: eui, signal, session }) {
  const path = `devices/${encodeURIComponent(eui)}`;
  const mayDo = session.role !== "view";
  let hours = RANGES[0];
  let [one, history] = await Promise.all([ask(path, { signal }), ask(`${path}/history`, { query: { hours }, signal })]);
  const places = { state: h("div"), latest: h("div"), plots: h("div", { class: "columns" }), frames: h("div"), downlinks: h("div"), story: h("div") };
  let drawn = new AbortController();
  signal.addEventListener("abort", () => drawn.abort());

  function draw() {
    renew(places.state, state(one));
    renew(places.latest, latest(history));
    renew(places.frames, frames(one.frames), refused(one.refused));
    renew(places.downlinks, waitingOnes(one.downlinks, mayDo, look));
    renew(places.story, story(one));
  }

  function drawPlots() {
    drawn.abort();
    drawn = new AbortController();
    put(places.plots, plots(history, hours, drawn.signal));
  }

  async function look() {
    [one, history] = await Promise.all([ask(path, { signal }), ask(`${path}/history`, { query: { hours }, signal })]);
    draw();
    if (!places.plots.querySelector("details[open]")) drawPlots(); // whoever reads the numbers keeps them
  }

  async function over(wanted) {
    hours = wanted;
    await look();
    drawPlots();
  }

  const ranges = choice(t("device.range"), RANGES.map((one) => [one, t(`device.hours.${one}`)]), hours, (wanted) => over(wanted).catch((error) => tell(reason(error), "wrong")));
  put(box,
    head(one.name || one.dev_eui, { back: { href: "#/devices", words: t("nav.devices") }, note: h("span", { class: "code" }, one.dev_eui) }),
    places.state, places.latest,
    h("div", { class: "card-head" }, h("h2", {}, t("device.over_time")), ranges), places.plots,
    places.frames, places.downlinks, mayDo && sender(one, path, look), places.story, mayDo && remover(one, path));
  draw();
  drawPlots();
  const again = atMostEvery(() => !signal.aborted && look().catch(() => {}), LOOK_AGAIN_MS); // the next uplink asks again
  live.on("uplink", (uplink) => uplink.dev_eui === one.dev_eui && again(), signal);
}

// ── how it is, and what it says ──

function state(one) {
  const last = one.frames[0] ?? null;
  const waits = one.last_heard_s === null && one.last_heard === null;
  const where = one.last_heard_s !== null ? age(one.last_heard_s) : one.last_heard ? momentOf(new Date(one.last_heard)) : t("device.never");
  return card(t("device.now"), { tone: waits ? "waiting-tone" : "" },
    waits && h("p", {}, mark("waiting", t("device.waits")), " ", t(one.activation === "otaa" ? "device.waits_otaa" : "device.waits_abp")),
    pairs([
      [t("device.last_heard"), where],
      [t("device.signal"), last && heardBars(last)],
      [t("device.snr"), last && last.snr_db !== null ? `${number(last.snr_db, 1)}\u00a0dB` : null],
      [t("device.margin"), one.margin_db === null ? null : t("device.margin_db", { margin: one.margin_db })],
      [t("device.battery"), power(one.status)],
      [t("device.heard_by"), one.gateways.length ? h("ul", {}, one.gateways.map((gateway) => h("li", {}, t("device.gateway", { name: gateway.gateway, frames: gateway.frames, of: gateway.of, rssi: gateway.best_rssi_dbm ?? "–" })))) : null],
    ]));
}

function power(status) {
  if (!status) return null;
  const words = status.external_power ? t("device.external_power") : status.battery_percent === null ? null : share(status.battery_percent / 100);
  return words && `${words} (${ago(status.age_s)})`;
}

const lineOf = (series) => `${quantity(series.quantity)}${series.channel === null || series.channel === undefined || series.channel === "" ? "" : ` ${series.channel}`}`;

function latest(history) {
  const there = history.series.filter((one) => one.points.length).sort((a, b) => byName(lineOf(a), lineOf(b)));
  if (!there.length) return [];
  return card(t("device.latest"), {}, h("div", { class: "readings" }, there.map((series) => {
    const [at, last] = series.points.at(-1);
    return h("div", { class: "reading" }, h("span", { class: "quiet small" }, lineOf(series)), h("strong", {}, value(last, series.unit)), age(Math.max(0, Date.now() / 1000 - at)));
  })));
}

function plots(history, hours, signal) {
  const radio = [
    { title: "RSSI", unit: "dBm", tone: TONES[0], points: history.radio.filter(([, rssi]) => rssi !== null).map(([at, rssi]) => [at, rssi]) },
    { title: "SNR", unit: "dB", tone: TONES[1], points: history.radio.filter(([, , snr]) => snr !== null).map(([at, , snr]) => [at, snr]) },
  ];
  if (!history.radio.length) return h("p", { class: "card quiet across" }, t("device.no_history"));
  const each = history.series.filter((one) => one.points.some(([, value]) => typeof value === "number" || typeof value === "boolean"));
  each.sort((a, b) => byName(lineOf(a), lineOf(b)));
  return [
    !history.is_all && h("p", { class: "quiet across" }, t("device.not_all")),
    ...each.map((series) => h("div", { class: "card" }, plot(`${lineOf(series)}`, [{ title: lineOf(series), unit: series.unit, tone: TONES[0], points: series.points }], { hours, signal }))),
    ...radio.map((line) => h("div", { class: "card" }, plot(t(`device.radio.${line.title.toLowerCase()}`), [line], { hours, signal, digits: 1 }))),
  ];
}

function frames(all) {
  if (!all.length) return [];
  const columns = [
    { title: t("time"), of: (one) => momentOf(new Date(one.heard_at)) },
    { title: t("device.counter"), number: true, of: (one) => String(one.f_cnt) },
    { title: t("device.port"), number: true, wide: true, of: (one) => String(one.f_port ?? "–") },
    { title: t("device.data_rate"), wide: true, of: (one) => one.data_rate ?? "–" },
    { title: t("device.frequency"), wide: true, number: true, of: (one) => (one.frequency_hz ? `${number(one.frequency_hz / MHZ, 3)}\u00a0MHz` : "–") },
    { title: t("device.signal"), of: heardBars },
    { title: t("device.payload"), wide: true, of: (one) => h("span", { class: "code" }, one.payload) },
  ];
  return card(t("device.frames"), {}, table(t("device.frames"), columns, all));
}

function refused(all) {
  if (!all.length) return [];
  return card(t("device.refused"), { tone: "unwise" }, h("ul", { class: "lanes" }, all.map((one) => h("li", {}, refusal(one), age((Date.now() - new Date(one.at)) / 1000)))));
}

/** Return why a frame was not taken, and what would help. */
function refusal(one) {
  const words = known("refusal", one.reason); // none in English, in which the agent says it itself
  return words ? h("span", {}, words) : said([one.words, one.helps].filter(Boolean).join("; "), "span");
}

// ── what it is told ──

function waitingOnes(all, mayDo, look) {
  if (!all.length) return [];
  return card(t("downlink.waiting"), {}, h("ul", { class: "lanes" }, all.map((one) => h("li", {},
    h("span", {}, t("downlink.one", { id: String(one.id), port: String(one.f_port) }), " ", h("span", { class: "code" }, one.payload)),
    mayDo ? button(t("downlink.drop"), (event) => busy(event.currentTarget, async () => (await ask(`downlinks/${one.id}`, { method: "DELETE" }), tell(t("downlink.dropped")), look())), { kind: "danger", "data-key": `drop-${one.id}` }) : h("span"),
    h("span", { class: "quiet" }, named("downlink_state", one.state), one.detail && [": ", said(one.detail, "span")])))));
}

function sender(one, path, look) {
  const form = h("form", { class: "form two", onsubmit: (event) => {
    event.preventDefault();
    busy(form.querySelector("[type=submit]"), () => send(form, path, look));
  } },
  field("port", t("downlink.port"), { hint: t("downlink.port_hint"), inputmode: "numeric", pattern: "[0-9]*" }),
  field("payload", t("downlink.payload"), { hint: t("downlink.payload_hint"), class: "code-in" }),
  h("div", { class: "across" }, field("command", t("downlink.command"), { make: "textarea", hint: t("downlink.command_hint"), class: "code-in", rows: 2 })),
  h("label", { class: "check across" }, h("input", { type: "checkbox", name: "confirmed" }), t("downlink.confirmed")),
  h("div", { class: "deeds across" }, button(t("downlink.send"), null, { kind: "first", type: "submit", sign: "send" })));
  return card(t("downlink.title"), { id: "downlink" }, h("p", { class: "quiet" }, t(one.device_class === "C" ? "downlink.when_c" : "downlink.when_a")), form);
}

async function send(form, path, look) {
  const { port, payload, command, confirmed } = form.elements;
  for (const name of ["port", "payload", "command"]) fault(form, name, null);
  const body = { confirmed: confirmed.checked };
  if (command.value.trim()) {
    const wrong = { port: port.value.trim() ? wrongPort(port.value.trim(), 223) : null, payload: payload.value.trim() ? { what: "both", values: {} } : null };
    if (faults(form, wrong)) return;
    try {
      body.command = JSON.parse(command.value);
    } catch (error) {
      fault(form, "command", t("downlink.no_json", { why: error.message }));
      return command.focus();
    }
    if (port.value.trim()) body.f_port = Number(port.value);
  } else {
    if (faults(form, { port: wrongPort(port.value.trim(), 223), payload: payload.value.trim() ? wrongOctets(payload.value) : { what: "payload", values: {} } })) return;
    Object.assign(body, { f_port: Number(port.value), payload: payload.value.trim() });
  }
  try {
    await ask(`${path}/downlinks`, { method: "POST", body });
  } catch (error) {
    if (error.status !== 400) throw error;
    const at = body.command ? "command" : /port/i.test(reason(error)) ? "port" : "payload";
    fault(form, at, t("wrong.refused"), reason(error));
    return form.elements[at].focus();
  }
  form.reset();
  tell(t("downlink.queued"));
  await look();
}

// ── who it is ──

function story(one) {
  const radio = one.radio;
  return card(t("device.story"), {}, pairs([
    [t("device.decoder"), one.decoder || h("span", {}, mark("unwise", t("device.no_decoder")), " ", t("device.no_decoder_words"))],
    [t("device.activation"), `${one.activation.toUpperCase()}, LoRaWAN ${one.mac_version}, ${t("device.class", { name: one.device_class })}`],
    ["JoinEUI", one.join_eui && h("span", { class: "code" }, one.join_eui)],
    [t("device.measures"), Object.values(one.entity ?? {}).filter(Boolean).join(" ")],
    [t("device.place"), one.place && `${number(one.place.latitude, 5)} · ${number(one.place.longitude, 5)}`],
    [t("device.tags"), one.tags.length ? h("span", { class: "tags" }, one.tags.map((tag) => h("span", { class: "tag" }, tag))) : null],
    [t("device.session"), one.sessions.map((each) => t("device.session_words", { address: each.dev_addr, up: String(each.next_f_cnt_up), down: String(each.next_f_cnt_down) })).join("; ")],
    [t("device.sends"), radio && `${radio.region}, ${radio.data_rate}, ${radio.eirp_dbm ?? "–"}\u00a0dBm`],
    [t("device.behind"), one.behind],
    [t("device.events"), one.events.length ? h("ul", {}, one.events.map((event) => h("li", {}, momentOf(new Date(event.at)), " ", said(event.what, "span")))) : null],
  ]));
}

function remover(one, path) {
  const name = one.name || one.dev_eui;
  return card(t("device.remove"), {}, h("p", { class: "quiet" }, t("device.remove_words")), h("div", {}, button(t("device.remove"), (event) => busy(event.currentTarget, async () => {
    if (!(await sure(t("device.remove_sure", { name }), t("device.remove_words"), t("device.remove")))) return;
    await ask(path, { method: "DELETE" });
    location.hash = "#/devices";
    tell(t("device.removed", { name }));
  }), { kind: "danger" })));
}
