/** The one password of the page. */

import { ask } from "../api.js";
import { h, put } from "../dom.js";
import { busy, button, fault, field, reason } from "../parts.js";
import { t } from "../words.js";

export function show(box, { session, entered }) {
  const form = h("form", { class: "form", onsubmit: (event) => {
    event.preventDefault();
    busy(form.querySelector("button"), () => enter(form, entered));
  } },
  field("password", t("login.password"), { type: "password", autocomplete: "current-password", required: true, hint: t("login.hint") }),
  button(t("login.enter"), null, { kind: "first", type: "submit" }));
  put(box, h("h1", { tabindex: "-1" }, t("login.title")), h("p", { class: "note" }, t("login.words", { name: session?.gateway ?? "Brygga" })), h("div", { class: "card" }, form));
  queueMicrotask(() => form.querySelector("input").focus());
}

async function enter(form, entered) {
  const input = form.querySelector("input");
  try {
    await ask("session", { method: "POST", body: { password: input.value } });
  } catch (error) {
    if (![401, 429].includes(error.status)) throw error; // 403 is no password's fault: a proxy that changes the address, say
    const wait = error.retryAfter ? ` ${t("error.wait", { seconds: error.retryAfter })}` : "";
    fault(form, "password", error.status === 429 ? `${reason({ status: 429 })}${wait}` : t("login.wrong"));
    input.select();
    return input.focus();
  }
  await entered();
}
