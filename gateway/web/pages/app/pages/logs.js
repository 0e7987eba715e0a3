/** The last lines of the log, the newest first, and those that come. */

import { ask } from "../api.js";
import { h, put } from "../dom.js";
import * as live from "../live.js";
import { choice, empty, head } from "../parts.js";
import { t, timeOf } from "../words.js";

const LIMIT = 200;
const LEVELS = ["debug", "info", "warning", "error"];

export async function show(box, { query, signal }) {
  let level = LEVELS.includes(query.get("level")) ? query.get("level") : "info";
  let lines = [];
  const list = h("ol", { class: "log" });
  const nothing = empty("logs.none");
  const draw = () => {
    put(list, lines.map(line));
    nothing.hidden = lines.length > 0;
  };
  const look = async () => {
    lines = (await ask("logs", { query: { level, limit: LIMIT }, signal })).lines;
    draw();
  };
  await look();
  put(box, head(t("nav.logs"), { note: t("logs.words") }), choice(t("logs.level"), LEVELS.map((one) => [one, t(`level.${one}`)]), level, (one) => {
    level = one;
    look().catch(() => {}); // the live lines go on, and the next choice asks again
  }), h("section", { class: "card", "aria-label": t("nav.logs") }, nothing, list));
  live.on("log", (one) => {
    if (rank(one.level) < rank(level)) return;
    lines = [one, ...lines].slice(0, LIMIT);
    draw();
  }, signal);
}

const rank = (level) => (level.toLowerCase() === "critical" ? LEVELS.length : LEVELS.indexOf(level.toLowerCase()));

function line(one) {
  const level = one.level.toLowerCase();
  return h("li", {}, h("time", { class: "quiet", datetime: one.at }, timeOf(new Date(one.at))), h("span", { class: `level ${level}` }, t(`level.${level}`)), h("span", { lang: "en" }, one.text, h("span", { class: "quiet" }, ` ${one.name}`)));
}
