/** What is heard, as it is heard: frames and uplinks, the newest first, a bounded number of them. */

import { afterRest, h, put } from "../dom.js";
import * as live from "../live.js";
import { button, choice, empty, field, head, mark, named, signal as heardBars } from "../parts.js";
import { number, quantity, t, timeOf, value } from "../words.js";

const KEPT = 200;
const SHOWN = 100;
const VALUES = 6; // of an uplink, in a line

export function show(box, { signal }) {
  const wish = { kind: "uplink", words: "", isPaused: false, missed: 0, isBroken: false };
  let lines = [];
  let fresh = 0;
  let isDue = false;
  const list = h("ol", { class: "heard" });
  const state = h("p", { class: "note", role: "status" });
  const pause = button(t("live.pause"), () => {
    wish.isPaused = !wish.isPaused;
    fresh = 0;
    put(pause, wish.isPaused ? t("live.go_on") : t("live.pause"));
    draw();
  });

  function take(kind, one) {
    lines = [{ kind, one, at: new Date(one.at ?? one.heard_at ?? Date.now()) }, ...lines].slice(0, KEPT);
    if (wish.isPaused) fresh += 1;
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      if (!signal.aborted) wish.isPaused ? tell() : draw();
    });
  }

  const fits = ({ kind, one }) => kind === wish.kind && (!wish.words || text(one).includes(wish.words));

  function draw() {
    const shown = lines.filter(fits).slice(0, SHOWN);
    put(list, shown.map((line) => (line.kind === "uplink" ? uplink(line) : frame(line))));
    nothing.hidden = shown.length > 0;
    tell();
  }

  function tell() {
    const missed = [wish.missed && t("live.missed", { count: wish.missed }), wish.isBroken && t("live.broken")].filter(Boolean).join(". ");
    const words = wish.isPaused ? t("live.paused", { count: fresh }) : missed;
    if (state.textContent !== words) state.textContent = words;
  }

  const nothing = empty("live.none");
  put(box, head(t("nav.live"), { note: t("live.words"), deeds: [pause] }),
    h("div", { class: "tools" }, field("filter", t("live.filter"), { type: "search", hint: t("live.filter_hint"), oninput: afterRest((event) => ((wish.words = event.target.value.trim().toLowerCase()), draw()), 200) }),
      choice(t("live.what"), [["uplink", t("live.uplinks")], ["frame", t("live.frames")]], wish.kind, (kind) => ((wish.kind = kind), draw()))),
    state, h("section", { class: "card", "aria-label": t("nav.live") }, nothing, list));
  draw();
  for (const kind of ["uplink", "frame"]) live.on(kind, (one) => take(kind, one), signal);
  live.on("missed", ({ count }) => {
    if (count === null) wish.isBroken = true;
    else wish.missed += count;
    tell();
  }, signal);
}

const text = (one) => [one.name, one.dev_eui, one.dev_addr, one.gateway, one.decoder, one.data_rate, one.join_eui, one.source].filter(Boolean).join(" ").toLowerCase();

function uplink({ one, at }) {
  return h("li", {}, h("a", { href: `#/devices/${one.dev_eui}` }, h("strong", {}, one.name || one.dev_eui)), h("span", { class: "when quiet" }, timeOf(at)),
    h("span", { class: "what" }, values(one)), heardBars(best(one)));
}

const best = (one) => ({ rssi_dbm: one.rssi_dbm, snr_db: one.snr_db, sf: one.sf ?? Number(/SF(\d+)/.exec(one.data_rate ?? "")?.[1] ?? 12) });

function values(one) {
  if (one.readings?.length) return one.readings.slice(0, VALUES).map((each) => `${quantity(each.quantity)} ${value(each.value, each.unit)}`).join(" · ") + (one.readings.length > VALUES ? " …" : "");
  if (one.error || one.undecoded) return [mark("unwise", t("live.undecoded")), " ", h("span", { class: "quiet", lang: "en" }, one.error ?? one.undecoded)];
  return h("span", { class: "code" }, t("live.payload", { port: String(one.f_port ?? "–"), payload: one.payload ?? "" }));
}

function frame({ one, at }) {
  const who = one.dev_addr ?? one.dev_eui ?? "";
  const details = [one.data_rate, one.frequency_hz && `${number(one.frequency_hz / 1e6, 3)} MHz`, one.f_cnt !== undefined && one.f_cnt !== null && t("live.counter", { counter: String(one.f_cnt) }), one.size && t("live.octets", { count: one.size }), one.gateways > 1 && t("source.gateways", { count: one.gateways })];
  return h("li", {}, h("strong", {}, one.name || named("frame", one.kind ?? "other"), " ", h("span", { class: "code quiet" }, who)), h("span", { class: "when quiet" }, timeOf(at)),
    h("span", { class: "what quiet" }, details.filter(Boolean).join(" · ")), heardBars(best(one)));
}
