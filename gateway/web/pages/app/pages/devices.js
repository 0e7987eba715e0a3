/** All devices: found by a word or a tag, in an order, a page at a time. */

import { ask } from "../api.js";
import { afterRest, atMostEvery, h, put, renew } from "../dom.js";
import * as live from "../live.js";
import { age, button, empty, field, head, link, signal as heard, table } from "../parts.js";
import { byName, number, share, t } from "../words.js";

const LIMIT = 50;
const ORDERS = ["name", "last_heard_s", "-last_heard_s", "rssi_dbm", "battery", "decoder", "dev_eui"];
const LOOK_AGAIN_MS = 2_000;

export async function show(box, { query, signal, session }) {
  const wish = { search: query.get("search") ?? "", tag: query.get("tag") ?? "", sort: query.get("sort") ?? "name", offset: Number(query.get("offset")) || 0 };
  const list = h("div", { class: "page" });
  const counted = h("p", { class: "note", role: "status" });
  let shown = new Set();

  async function look() {
    const answer = await ask("devices", { query: { ...wish, limit: LIMIT, offset: wish.offset || null }, signal });
    if (wish.offset && wish.offset >= answer.total) return turn({ offset: 0 });
    known(answer.tags);
    shown = new Set(answer.devices.map((one) => one.dev_eui));
    const words = wish.search || wish.tag ? t("devices.found", { count: answer.total }) : t("devices.all", { count: answer.total });
    if (counted.textContent !== words) counted.textContent = words;
    renew(list, answer.total ? [rows(answer.devices, turn, wish), pager(answer.total)] : nothing());
  }

  function turn(changes) {
    Object.assign(wish, { offset: 0 }, changes);
    const said = Object.entries({ ...wish, sort: wish.sort === "name" ? "" : wish.sort }).filter(([, value]) => value);
    history.replaceState(null, "", `#/devices${said.length ? `?${new URLSearchParams(said)}` : ""}`);
    return look();
  }

  function nothing() {
    if (wish.search || wish.tag) return empty("devices.no_match", button(t("devices.show_all"), () => (put(tools, fields()), turn({ search: "", tag: "" }))));
    return empty("devices.none", session.role === "view" ? null : link("#/add", t("devices.add_first"), { kind: "first", sign: "add" }));
  }

  function pager(total) {
    if (total <= LIMIT) return null;
    const last = Math.min(total, wish.offset + LIMIT);
    const step = (words, offset, is_there, sign) => button(words, async () => (await turn({ offset }), window.scrollTo(0, 0)), { sign, disabled: !is_there, "data-key": `page-${sign}` });
    return h("nav", { class: "pager", "aria-label": t("devices.pages") }, step(t("devices.before"), Math.max(0, wish.offset - LIMIT), wish.offset > 0, "back"),
      h("span", {}, t("devices.of", { first: wish.offset + 1, last, total })), step(t("devices.after"), wish.offset + LIMIT, last < total, "next"));
  }

  function known(tags) {
    const select = tools.querySelector("[name=tag]");
    const names = Object.keys(tags).sort(byName);
    if (select.options.length === names.length + 1 && select.value === wish.tag) return;
    put(select, h("option", { value: "" }, t("devices.any_tag")), names.map((one) => h("option", { value: one, selected: one === wish.tag }, `${one} (${number(tags[one])})`)));
  }

  const typed = afterRest(turn, 250);
  const fields = () => [
    field("search", t("devices.search"), { type: "search", value: wish.search, oninput: (event) => typed({ search: event.target.value.trim() }) }),
    field("tag", t("devices.tag"), { make: "select", onchange: (event) => turn({ tag: event.target.value }), children: [h("option", { value: "" }, t("devices.any_tag"))] }),
    field("sort", t("devices.sort"), { make: "select", onchange: (event) => turn({ sort: event.target.value }), children: ORDERS.map((one) => h("option", { value: one, selected: one === wish.sort }, t(`devices.by.${one}`))) }),
  ];
  const tools = h("form", { class: "tools", role: "search", onsubmit: (event) => event.preventDefault() }, fields());
  await look();
  put(box, head(t("nav.devices"), { deeds: session.role === "view" ? [] : [link("#/add", t("nav.add"), { kind: "first", sign: "add" })] }), tools, counted, list);
  const again = atMostEvery(() => !signal.aborted && look().catch(() => {}), LOOK_AGAIN_MS); // one that fails is asked for again with the next uplink
  live.on("uplink", (one) => shown.has(one.dev_eui) && again(), signal);
}

function rows(devices, turn, wish) {
  const tag = (name) => h("span", { class: "tag" }, name);
  const columns = [
    { title: t("device.name"), grow: true, of: (one) => [h("a", { href: `#/devices/${one.dev_eui}`, "data-key": one.dev_eui }, one.name || one.dev_eui, h("span", { class: "quiet small code under" }, one.name ? one.dev_eui : ""))] },
    { title: t("device.decoder"), wide: true, of: (one) => one.decoder || h("span", { class: "quiet" }, t("device.no_decoder")) },
    { title: t("device.tags"), wide: true, of: (one) => h("span", { class: "tags" }, one.tags.map(tag)) },
    { title: t("device.signal"), of: (one) => [heard(one), h("span", { class: "quiet small narrow under" }, age(one.last_heard_s, t("device.never")))] },
    { title: t("device.battery"), wide: true, number: true, of: battery },
    { title: t("device.last_heard"), wide: true, of: (one) => age(one.last_heard_s, t("device.never")) },
  ];
  return h("div", { class: "card rows", "data-sort": wish.sort }, table(t("nav.devices"), columns, devices));
}

/** Return a battery in words: percent, or volts where the device tells those. */
function battery(one) {
  if (one.external_power) return t("device.external_power");
  if (one.battery !== null) return share(one.battery / 100);
  return one.battery_v === null ? h("span", { class: "quiet" }, "–") : `${number(one.battery_v)}\u00a0V`;
}
