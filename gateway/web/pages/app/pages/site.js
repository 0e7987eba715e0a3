/** The site from above, without a map: gateways and devices in metres, each in the shape and colour of how it is heard. */

import { ask } from "../api.js";
import { h, put, s } from "../dom.js";
import { hearing } from "../judge.js";
import { age, card, choice, empty, head, link, signal as heardBars, table } from "../parts.js";
import { number, t } from "../words.js";

const WIDTH = 1000; // of the drawing; metres are scaled to it
const EDGE = 70;
const ZOOMS = [1, 2, 4];
const NICE = [1, 2, 5];
const SHAPES = {
  good: (size) => s("circle", { r: size, class: "spot good" }),
  fair: (size) => s("path", { d: `M0 ${-size * 1.2} L${size * 1.2} ${size} L${-size * 1.2} ${size}Z`, class: "spot fair" }),
  weak: (size) => s("path", { d: `M0 ${-size * 1.3} L${size * 1.3} 0 L0 ${size * 1.3} L${-size * 1.3} 0Z`, class: "spot weak" }),
  none: (size) => s("circle", { r: size, class: "spot none" }),
  gateway: (size) => s("path", { d: `M${-size * 1.3} ${-size * 1.3}h${size * 2.6}v${size * 2.6}h${-size * 2.6}Z`, class: "spot gateway" }),
};

export async function show(box, { signal }) {
  const site = await ask("site", { signal });
  const all = site.devices.length + site.gateways.length;
  put(box, head(t("nav.site"), { note: all ? t("site.words", { devices: site.devices.length, gateways: site.gateways.length }) : null }));
  if (!all) return void box.append(empty("site.none", link("#/devices", t("nav.devices"))));
  if (site.without_place) box.append(h("p", { class: "quiet" }, t("site.without", { count: site.without_place })));
  const map = h("div", { class: "map", tabindex: "0", role: "region", "aria-label": t("site.map") }, drawing(site));
  box.append(card(t("site.map"), { deeds: choice(t("site.zoom"), ZOOMS.map((one) => [one, `${one}×`]), 1, (zoom) => enlarge(map, zoom)) }, key(), map),
    card(t("site.list"), {}, list(site)));
}

function enlarge(map, zoom) {
  const svg = map.firstChild;
  const [x, y] = [(map.scrollLeft + map.clientWidth / 2) / svg.clientWidth, (map.scrollTop + map.clientHeight / 2) / svg.clientHeight];
  svg.style.setProperty("--zoom", zoom);
  map.scrollTo(x * svg.clientWidth - map.clientWidth / 2, y * svg.clientHeight - map.clientHeight / 2);
}

function drawing({ gateways, devices }) {
  const places = [...gateways, ...devices];
  const xs = places.map((one) => one.x_m);
  const ys = places.map((one) => one.y_m);
  const extent = (values) => values.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)], [Infinity, -Infinity]);
  const [west, east] = extent(xs);
  const [south, north] = extent(ys);
  const metres = Math.max(east - west, north - south, 50);
  const scale = (WIDTH - 2 * EDGE) / metres;
  const height = Math.max(420, (north - south) * scale + 2 * EDGE);
  const at = (one) => [EDGE + (WIDTH - 2 * EDGE - (east - west) * scale) / 2 + (one.x_m - west) * scale, height - EDGE - (height - 2 * EDGE - (north - south) * scale) / 2 - (one.y_m - south) * scale];
  const size = devices.length > 500 ? 6 : devices.length > 60 ? 9 : 13;
  return s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": t("site.drawing", { devices: devices.length, gateways: gateways.length }) },
    rings(gateways, at, scale, metres), devices.map((one) => spot(one, hearing(one), one.name || one.dev_eui, at(one), size)), gateways.map((one) => spot(one, "gateway", one.gateway, at(one), size * 1.1)),
    devices.length <= 40 ? labels(devices, at, size) : null, ruler(scale, metres, height));
}

function spot(one, shape, name, [x, y], size) {
  const words = shape === "gateway" ? t("site.gateway", { name }) : `${name}: ${t(`hearing.${shape}`)}`;
  return s("g", { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` }, s("title", {}, words), SHAPES[shape](size));
}

/** Return names beside their devices, where they do not lie on another. */
function labels(devices, at, size) {
  const taken = [];
  return devices.map((one) => {
    const [x, y] = at(one);
    const name = one.name || one.dev_eui;
    const width = name.length * 11.5;
    const isRight = x + size + 8 + width < WIDTH;
    const box = isRight ? [x + size + 8, x + size + 8 + width] : [x - size - 8 - width, x - size - 8];
    if (taken.some(([left, right, other]) => left < box[1] && right > box[0] && Math.abs(other - y) < 22)) return null;
    taken.push([...box, y]);
    return s("text", { x: isRight ? box[0] : box[1], y: y + 7, "font-size": 20, "text-anchor": isRight ? "start" : "end", "aria-hidden": "true" }, name);
  });
}

const nice = (metres) => {
  const step = 10 ** Math.floor(Math.log10(metres));
  return step * NICE.findLast((one) => one * step <= metres);
};

/** Draw rings around the first gateway, so that distances can be seen. */
function rings(gateways, at, scale, metres) {
  if (!gateways.length) return null;
  const [x, y] = at(gateways[0]);
  const step = nice(metres / 3);
  return [1, 2, 3, 4].map((ring) => s("circle", { class: "grid", cx: x, cy: y, r: ring * step * scale, "stroke-dasharray": "4 6" }));
}

function ruler(scale, metres, height) {
  const length = nice(metres / 4);
  return s("g", { transform: `translate(20 ${height - 22})` }, s("path", { d: `M0 -8v8h${length * scale}v-8`, fill: "none", stroke: "currentColor", "stroke-width": 2 }),
    s("text", { x: length * scale + 12, y: 4, "font-size": 22 }, length >= 1000 ? `${number(length / 1000)} km` : `${number(length)} m`), s("text", { x: 0, y: -(height - 60), "font-size": 22 }, `${t("site.north")} ↑`));
}

const key = () => h("div", { class: "map-key" }, Object.keys(SHAPES).map((name) => h("span", {}, s("svg", { viewBox: "-14 -14 28 28", "aria-hidden": "true" }, SHAPES[name](9)), t(name === "gateway" ? "site.a_gateway" : `hearing.${name}`))));

function list({ gateways, devices }) {
  const columns = [
    { title: t("device.name"), of: (one) => (one.gateway ? t("site.gateway", { name: one.gateway }) : h("a", { href: `#/devices/${one.dev_eui}` }, one.name || one.dev_eui)) },
    { title: t("device.signal"), of: (one) => (one.gateway ? "–" : heardBars(one)) },
    { title: t("device.last_heard"), wide: true, of: (one) => (one.gateway ? "–" : age(one.last_heard_s, t("device.never"))) },
    { title: t("site.east"), number: true, wide: true, of: (one) => `${number(one.x_m, 0)}\u00a0m` },
    { title: t("site.north_m"), number: true, wide: true, of: (one) => `${number(one.y_m, 0)}\u00a0m` },
    { title: t("site.nearest"), number: true, of: (one) => (one.gateway || !gateways.length ? "–" : distance(one, gateways)) },
  ];
  const rows = [...gateways, ...devices];
  const shown = rows.slice(0, 300);
  return [table(t("site.list"), columns, shown), rows.length > shown.length ? h("p", { class: "quiet" }, t("site.more", { count: rows.length - shown.length })) : null];
}

function distance(one, gateways) {
  const metres = Math.min(...gateways.map((gateway) => Math.hypot(gateway.x_m - one.x_m, gateway.y_m - one.y_m)));
  return metres >= 1000 ? `${number(metres / 1000, 1)}\u00a0km` : `${number(metres, 0)}\u00a0m`;
}
