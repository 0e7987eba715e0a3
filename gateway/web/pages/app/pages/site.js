/** The site from above, without a map: gateways and devices in metres, each in the shape and colour of how it is heard. */

import { ask } from "../api.js";
import { h, put, s } from "../dom.js";
import { hearing } from "../judge.js";
import { age, card, choice, empty, head, link, signal as heardBars, table } from "../parts.js";
import { number, t } from "../words.js";

const EDGE = 48; // pixels around the outermost
const LOWEST = 320; // of the drawing, in pixels
const PART = 0.62; // of the window's height, at most
const TEXT = 14;
const LISTED = 100; // below the plan; the page of devices has all
const NAMED = 60; // devices that get their names written
const ZOOMS = [1, 2, 4];
const NICE = [1, 2, 5];
const SINGLE = 500; // devices that are drawn one by one
const round = (r) => `m${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
const OUTLINES = {
  good: round,
  fair: (r) => `m0 ${-r * 1.2}l${r * 1.2} ${r * 2.2}h${-r * 2.4}z`,
  weak: (r) => `m0 ${-r * 1.3}l${r * 1.3} ${r * 1.3}l${-r * 1.3} ${r * 1.3}l${-r * 1.3} ${-r * 1.3}z`,
  none: round,
  gateway: (r) => `m${-r * 1.3} ${-r * 1.3}h${r * 2.6}v${r * 2.6}h${-r * 2.6}z`,
};
const outline = (how, size) => s("path", { d: `M0 0${OUTLINES[how](size)}`, class: `spot ${how}` });

export async function show(box, { signal }) {
  const site = await ask("site", { signal });
  const all = site.devices.length + site.gateways.length;
  put(box, head(t("nav.site"), { note: all ? `${t("devices.all", { count: site.devices.length })}, ${t("source.gateways", { count: site.gateways.length })}. ${t("site.words")}` : null }));
  if (!all) return void box.append(empty("site.none", link("#/devices", t("nav.devices"))));
  if (site.without_place) box.append(h("p", { class: "quiet" }, t("site.without", { count: site.without_place })));
  const map = h("div", { class: "map", tabindex: "0", role: "group", "aria-label": t("site.map") });
  let zoom = 1;
  box.append(card(t("site.map"), { deeds: choice(t("site.zoom"), ZOOMS.map((one) => [one, `${one}×`]), zoom, (wanted) => enlarge(map, site, (zoom = wanted))) }, key(), map), card(t("site.list"), {}, list(site)));
  const fit = new ResizeObserver(() => put(map, drawing(site, map.clientWidth, zoom)));
  fit.observe(map);
  signal.addEventListener("abort", () => fit.disconnect());
}

/** Draw it larger; what was in the middle stays there. */
function enlarge(map, site, zoom) {
  const [x, y] = [(map.scrollLeft + map.clientWidth / 2) / map.scrollWidth, (map.scrollTop + map.clientHeight / 2) / map.scrollHeight];
  put(map, drawing(site, map.clientWidth, zoom));
  map.scrollTo(x * map.scrollWidth - map.clientWidth / 2, y * map.scrollHeight - map.clientHeight / 2);
}

const extent = (values) => values.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)], [Infinity, -Infinity]);

/** Return where metres are on a drawing of `width` pixels, and how high that becomes. */
function paper(places, width, zoom) {
  const [west, east] = extent(places.map((one) => one.x_m));
  const [south, north] = extent(places.map((one) => one.y_m));
  const metres = Math.max(east - west, north - south, 50);
  const highest = Math.max(LOWEST, PART * window.innerHeight) * zoom;
  const scale = Math.min((width - 2 * EDGE) / Math.max(east - west, 50), (highest - 2 * EDGE) / Math.max(north - south, 50));
  const height = Math.max(LOWEST, (north - south) * scale + 2 * EDGE);
  const [left, top] = [(width - (east - west) * scale) / 2, (height - (north - south) * scale) / 2];
  return { width, height, scale, metres, at: (one) => [left + (one.x_m - west) * scale, top + (north - one.y_m) * scale] };
}

function drawing({ gateways, devices }, room, zoom) {
  const sheet = paper([...gateways, ...devices], room * zoom, zoom);
  const size = devices.length > 500 ? 3 : devices.length > 60 ? 5 : 7;
  return s("svg", { viewBox: `0 0 ${sheet.width} ${sheet.height}`, width: sheet.width, height: sheet.height, role: "img", "aria-label": t("site.drawing") },
    rings(gateways, sheet), devices.length > SINGLE ? crowd(devices, sheet, size) : devices.map((one) => spot(one, hearing(one), one.name || one.dev_eui, sheet.at(one), size)), gateways.map((one) => spot(one, "gateway", one.gateway, sheet.at(one), size * 1.2)),
    devices.length <= NAMED ? labels(devices, sheet, size) : null, ruler(sheet));
}

/** Return very many devices as one outline for each way of being heard: a phone draws four of them at once, and five thousand slowly. */
function crowd(devices, { at }, size) {
  const outlines = new Map();
  for (const one of devices) {
    const how = hearing(one);
    const [x, y] = at(one).map((pixels) => pixels.toFixed(1));
    if (!outlines.has(how)) outlines.set(how, []);
    outlines.get(how).push(`M${x} ${y}${OUTLINES[how](size)}`);
  }
  return [...outlines].map(([how, parts]) => s("path", { d: parts.join(""), class: `spot ${how}` }));
}

function spot(one, shape, name, [x, y], size) {
  const words = shape === "gateway" ? t("site.gateway", { name }) : `${name}: ${t(`hearing.${shape}`)}`;
  return s("g", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` }, s("title", {}, words), outline(shape, size));
}

/** Return names beside their devices, where they do not lie on another. */
function labels(devices, { at, width: room }, size) {
  const taken = [];
  return devices.map((one) => {
    const [x, y] = at(one);
    const name = one.name || one.dev_eui;
    const width = name.length * TEXT * 0.56;
    const isRight = x + size + 6 + width < room;
    const box = isRight ? [x + size + 6, x + size + 6 + width] : [x - size - 6 - width, x - size - 6];
    if (taken.some(([left, right, other]) => left < box[1] && right > box[0] && Math.abs(other - y) < TEXT + 2)) return null;
    taken.push([...box, y]);
    return s("text", { x: isRight ? box[0] : box[1], y: y + 5, "font-size": TEXT, "text-anchor": isRight ? "start" : "end", "aria-hidden": "true" }, name);
  });
}

const nice = (metres) => {
  const step = 10 ** Math.floor(Math.log10(metres));
  return step * NICE.findLast((one) => one * step <= metres);
};

const inMetres = (metres) => (metres >= 1000 ? `${number(metres / 1000, 1)}\u00a0km` : `${number(metres, 0)}\u00a0m`);

/** Draw rings around the first gateway, so that distances can be seen. */
function rings(gateways, { at, scale, metres }) {
  if (!gateways.length) return null;
  const [x, y] = at(gateways[0]);
  const step = nice(metres / 3);
  return [1, 2, 3, 4].map((ring) => s("circle", { class: "grid", cx: x, cy: y, r: ring * step * scale, "stroke-dasharray": "4 6" }));
}

function ruler({ scale, metres, height }) {
  const length = nice(metres / 4);
  return [s("g", { transform: `translate(14 ${height - 14})` }, s("path", { d: `M0 -7v7h${length * scale}v-7`, fill: "none", stroke: "currentColor", "stroke-width": 1.5 }), s("text", { x: length * scale + 8, y: 2, "font-size": TEXT }, inMetres(length))),
    s("text", { x: 14, y: 24, "font-size": TEXT }, `${t("site.north")} ↑`)];
}

const key = () => h("div", { class: "map-key" }, Object.keys(OUTLINES).map((name) => h("span", {}, s("svg", { viewBox: "-14 -14 28 28", "aria-hidden": "true" }, outline(name, 9)), t(name === "gateway" ? "site.a_gateway" : `hearing.${name}`))));

function list({ gateways, devices }) {
  const columns = [
    { title: t("device.name"), of: (one) => (one.gateway ? [t("site.gateway", { name: "" }), h("span", { class: "code" }, one.gateway)] : h("a", { href: `#/devices/${one.dev_eui}` }, one.name || one.dev_eui)) },
    { title: t("device.signal"), of: (one) => (one.gateway ? "–" : heardBars(one)) },
    { title: t("device.last_heard"), wide: true, of: (one) => (one.gateway ? "–" : age(one.last_heard_s, t("device.never"))) },
    { title: t("site.east"), number: true, wide: true, of: (one) => `${number(one.x_m, 0)}\u00a0m` },
    { title: t("site.north_m"), number: true, wide: true, of: (one) => `${number(one.y_m, 0)}\u00a0m` },
    { title: t("site.nearest"), number: true, of: (one) => (one.gateway || !gateways.length ? "–" : distance(one, gateways)) },
  ];
  const rows = [...gateways, ...devices];
  const shown = rows.slice(0, LISTED);
  return [table(t("site.list"), columns, shown), rows.length > shown.length ? h("p", { class: "quiet" }, t("site.more", { count: rows.length - shown.length })) : null];
}

const distance = (one, gateways) => inMetres(Math.min(...gateways.map((gateway) => Math.hypot(gateway.x_m - one.x_m, gateway.y_m - one.y_m))));
