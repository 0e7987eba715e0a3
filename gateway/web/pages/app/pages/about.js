/** What this is, whose work it stands on, and who is logged in. */

import { ask } from "../api.js";
import { h, put } from "../dom.js";
import { busy, button, card, head, pairs, tell } from "../parts.js";
import { t } from "../words.js";

const LIBRARIES = [["uPlot 1.6", "MIT", "vendor/uplot/LICENSE.txt"], ["jsQR 1.4", "Apache-2.0", "vendor/jsqr/LICENSE.txt"]];

export function show(box, { session }) {
  put(box, head(t("nav.about"), { note: t("about.words") }),
    card("Brygga", {}, pairs([[t("overview.version"), session.version], [t("overview.name"), session.gateway], [t("about.role"), t(`role.${session.role}`)], [t("about.licence"), "Apache-2.0"]]),
      h("p", {}, t("about.api"), " ", h("a", { href: "api/v1/openapi.json" }, "api/v1/openapi.json"))),
    card(t("about.libraries"), {}, h("ul", { class: "lanes" }, LIBRARIES.map(([name, licence, file]) => h("li", {}, h("span", {}, name), h("a", { href: file }, licence))))),
    session.needs_password ? card(t("about.session"), {}, h("p", { class: "quiet" }, t("about.session_words")), h("div", { class: "deeds" },
      button(t("logout"), (event) => busy(event.currentTarget, async () => {
        await ask("session", { method: "DELETE" });
        location.hash = "#/";
        location.reload();
      }), { "data-key": "about-logout" }),
      session.role === "admin" && button(t("about.others"), (event) => busy(event.currentTarget, async () => {
        await ask("session", { method: "DELETE", query: { others: true } });
        tell(t("about.others_out"));
      })))) : card(t("about.session"), { tone: "" }, h("p", { class: "quiet" }, t("about.no_password"))));
}
