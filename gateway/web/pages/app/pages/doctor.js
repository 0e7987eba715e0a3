/** The doctor: what was looked at, how it stands, what to do; and the file for whoever helps. */

import { ask } from "../api.js";
import { h, put } from "../dom.js";
import { busy, button, head, mark, said, tell } from "../parts.js";
import { icon } from "../icons.js";
import { known, more, t } from "../words.js";

const ORDER = ["wrong", "unwise", "unknown", "well"];

export async function show(box, { signal, session, again }) {
  put(box, head(t("nav.doctor"), { note: t("doctor.looking") }), h("div", { class: "waiting", role: "status" }, h("span", { class: "bone" }), h("span", { class: "bone" })));
  const [answer] = await Promise.all([ask("doctor", { signal }), more("doctor")]);
  const findings = answer.findings ?? answer;
  const deeds = [button(t("doctor.again"), again, { kind: "first" }), session.role === "admin" && button(t("doctor.bundle"), (event) => busy(event.currentTarget, bundle))];
  put(box, head(t("nav.doctor"), { note: t("doctor.words"), deeds: deeds.filter(Boolean) }), verdict(findings), ...ORDER.map((level) => group(level, findings)));
}

function verdict(findings) {
  const bad = findings.filter((one) => one.standing === "wrong").length;
  const unwise = findings.filter((one) => one.standing === "unwise").length;
  const level = bad ? "wrong" : unwise ? "unwise" : "well";
  const words = bad || unwise ? t("well.count", { count: bad + unwise }) : t("doctor.well", { count: findings.length });
  return h("div", { class: `verdict ${level}`, role: "status" }, icon(level), h("h2", {}, words), h("p", {}, t("doctor.looked", { count: findings.length })));
}

function group(level, findings) {
  const there = findings.filter((one) => one.standing === level);
  if (!there.length) return "";
  const list = h("ul", { class: "findings" }, there.map((one) => finding(level, one)));
  if (level === "well") return h("details", { class: "numbers" }, h("summary", {}, t("doctor.those_well", { count: there.length })), list);
  return h("section", { class: "page", "aria-label": t(`finding.${level}`) }, list);
}

function finding(level, one) {
  const name = known("check", one.check) ?? h("span", { lang: "en" }, one.check);
  const means = ours("ill", one) ?? (one.means && h("span", { lang: "en" }, sentence(one.means)));
  const advice = ours("do", one);
  return h("li", { class: "finding" }, h("h2", {}, h("span", {}, name, one.about && `: ${one.about}`), mark(level, t(`finding.${level}`))), means && h("p", { class: "means" }, means),
    one.seen && h("p", { class: means ? "quiet small" : null, lang: "en" }, one.seen), one.do && h("div", {}, h("p", { class: "quiet" }, t("doctor.to_do")), advice ? h("p", { class: "said" }, advice) : said(one.do)));
}

/** Return words with a capital at their beginning, unless a key of the configuration stands there. */
const sentence = (words) => words.replace(/^[a-z](?![a-z_]*\.)/, (letter) => letter.toUpperCase());

/** Return the words of this language for a finding, or null: by its check and ill, or by the ill alone, which any check may have. */
const ours = (group, one) => known(group, `${one.check}.${one.ill}`, one.keys) ?? known(group, one.ill, one.keys);

async function bundle() {
  const { blob, name } = await ask("doctor/bundle", { method: "POST", as: "blob", body: {} });
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name ?? "brygga-support.zip" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  tell(t("doctor.bundled"));
}
