/** Plots over time, each with a table of the same numbers. uPlot draws; it is loaded with the first plot. */

import { h } from "./dom.js";
import { table } from "./parts.js";
import { t, number, momentOf, tickOf, unit as unitOf } from "./words.js";

const HEIGHT = 190;
const TABLE_ROWS = 200; // of a table: the newest
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000]; // steps of an axis that counts
const SHORTEST_S = 600; // that a plot covers
const DAY_S = 86_400;
let library = null;

function load() {
  library ??= new Promise((resolve, reject) => {
    document.head.append(h("link", { rel: "stylesheet", href: "vendor/uplot/uPlot.min.css" }));
    document.head.append(h("script", { src: "vendor/uplot/uPlot.iife.min.js", onload: () => resolve(window.uPlot), onerror: reject }));
  });
  return library;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Return a plot: `lines` is `[{title, unit, tone, points: [[s, value]]}]`, all over the same seconds; bars stand on each other; `figure.show(lines)` draws others. */
export function plot(title, lines, { hours = 24, signal, isBars = false, digits = 2 } = {}) {
  const place = h("div", { class: "plot", role: "img" });
  const numbers = h("details", { class: "numbers" }, h("summary", {}, t("plot.table")));
  const legend = lines.length > 1 && h("span", { class: "legend" }, lines.map((line) => h("span", { class: `key ${line.tone}` }, line.title)));
  const figure = h("figure", { class: "figure" }, h("figcaption", {}, h("span", { class: "figure-title" }, title), legend), place, numbers);
  const state = { place, hours, isBars, digits, lines, chart: null };
  const tabulate = () => numbers.open && numbers.replaceChildren(numbers.firstChild, alternative(title, state));
  figure.show = (next) => {
    Object.assign(state, { lines: next, ...grid(next) });
    place.setAttribute("aria-label", summary(title, state));
    state.chart?.setData([state.seconds, ...layers(state).columns]);
    tabulate();
  };
  figure.show(lines);
  numbers.addEventListener("toggle", tabulate);
  draw(state, signal);
  return figure;
}

function grid(lines) {
  const seconds = [...new Set(lines.flatMap((line) => line.points.map(([at]) => at)))].sort((a, b) => a - b);
  const columns = lines.map((line) => {
    const values = new Map(line.points);
    return seconds.map((at) => (typeof values.get(at) === "boolean" ? Number(values.get(at)) : values.get(at) ?? null));
  });
  return { seconds, columns };
}

/** Return lines and columns as they are drawn, one over the other: of bars the sum of all first, then what they stand on. */
function layers({ lines, columns, isBars }) {
  if (!isBars) return { lines, columns };
  const sums = columns.map((_, place) => columns[0].map((_, row) => columns.slice(0, place + 1).reduce((all, one) => all + (one[row] ?? 0), 0)));
  return { lines: [...lines].reverse(), columns: sums.reverse() };
}

function summary(title, { lines, columns, digits }) {
  const words = lines.map((line, place) => {
    const there = columns[place].filter((one) => one !== null);
    if (!there.length) return `${line.title}: –`;
    const [lowest, highest] = there.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)], [Infinity, -Infinity]);
    return t("plot.summary", { name: line.title, lowest: number(lowest, digits), highest: number(highest, digits), last: number(there.at(-1), digits), unit: unitOf(line.unit) });
  });
  return `${title}. ${words.join(" ")}`;
}

function alternative(title, { lines, seconds, columns, digits }) {
  const rows = seconds.map((_, place) => place).slice(-TABLE_ROWS).reverse();
  const cells = lines.map((line, place) => ({ title: `${line.title}${unitOf(line.unit) ? `, ${unitOf(line.unit)}` : ""}`, number: true, of: (row) => (columns[place][row] === null ? "–" : number(columns[place][row], digits)) }));
  return table(title, [{ title: t("time"), of: (row) => momentOf(new Date(seconds[row] * 1000)) }, ...cells], rows);
}

async function draw(state, signal) {
  const uPlot = await load();
  if (signal?.aborted || !state.place.isConnected) return;
  const redraw = () => {
    state.chart?.destroy();
    state.chart = new uPlot(options(uPlot, state), [state.seconds, ...layers(state).columns], state.place);
  };
  redraw();
  const watch = new ResizeObserver(() => state.chart.setSize({ width: state.place.clientWidth, height: HEIGHT }));
  watch.observe(state.place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw, { signal });
  signal?.addEventListener("abort", () => (watch.disconnect(), state.chart.destroy()));
}

function options(uPlot, state) {
  const { place, hours, isBars, digits } = state;
  const span = () => timespan(state.seconds, hours, isBars);
  const axis = { stroke: colour("ink-2"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px sans-serif" };
  const tick = (at) => tickOf(new Date(at * 1000), span()[1] - span()[0] > 2 * DAY_S);
  return {
    width: place.clientWidth || 320, height: HEIGHT, legend: { show: false }, padding: [12, 8, 0, 0],
    cursor: { drag: { x: false, y: false }, points: { size: 8 } },
    scales: { x: { range: span }, y: { range: (_, low, high) => room(low, high) } },
    axes: [{ ...axis, space: 70, size: 32, values: (_, ticks) => ticks.map(tick) }, { ...axis, size: 52, space: 34, incrs: digits ? undefined : WHOLE, values: (_, ticks) => ticks.map((one) => number(one, digits)) }],
    series: [{}, ...layers(state).lines.map((line) => ({
      stroke: colour(line.tone), width: 2, fill: isBars ? colour(line.tone) : undefined, spanGaps: true,
      paths: isBars ? uPlot.paths.bars({ size: [0.8, 24] }) : undefined, points: { show: isBars ? false : line.points.length < 80, size: 5, fill: colour(line.tone) },
    }))],
  };
}

/** Return from when to when is drawn: the hours asked for, or from the first point where there are fewer. */
function timespan(seconds, hours, isWhole) {
  const now = Date.now() / 1000;
  const first = isWhole || !seconds.length ? -Infinity : seconds[0] - Math.max(SHORTEST_S / 4, (now - seconds[0]) * 0.05);
  return [Math.min(now - SHORTEST_S, Math.max(now - hours * 3600, first)), now];
}

function room(low, high) {
  if (low === null || high === null) return [0, 1];
  const least = Math.max((high - low) * 0.1, Math.abs(high) * 0.01, 0.1);
  return [low >= 0 && low - least < 0 ? 0 : low - least, high + least];
}
