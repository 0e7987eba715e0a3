/** The shell: who is asking, which page, and what stands around it. */

import * as api from "./api.js";
import { h, put } from "./dom.js";
import { icon } from "./icons.js";
import { troubles, worst } from "./judge.js";
import * as live from "./live.js";
import { button, mark, tell, waiting, wentWrong } from "./parts.js";
import * as words from "./words.js";

const { t } = words;

// path, module below pages/, word of the navigation, icon; those with `first` stand in the bar of a phone
const PAGES = [
  { path: "", page: "overview", sign: "home", first: true },
  { path: "devices", page: "devices", sign: "devices", first: true },
  { path: "live", page: "live", sign: "live", first: true },
  { path: "add", page: "add", sign: "add", first: true },
  { path: "site", page: "site", sign: "site" },
  { path: "sources", page: "sources", sign: "sources" },
  { path: "destinations", page: "destinations", sign: "destinations" },
  { path: "journal", page: "journal", sign: "journal" },
  { path: "decoders", page: "decoders", sign: "decoders" },
  { path: "logs", page: "logs", sign: "logs" },
  { path: "doctor", page: "doctor", sign: "doctor" },
  { path: "about", page: "about", sign: "about" },
];
const INNER = { devices: "device", destinations: "destination" }; // what stands behind a name: #/devices/a81758fffe0a0001

const shell = document.getElementById("shell");
let session = null;
let leaving = null;
let main = null;

function here() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...rest] = path.split("/");
  return { name: plain(name), argument: rest.length ? plain(rest.join("/")) : null, query: new URLSearchParams(query) };
}

/** Return a part of an address as it was before it was one; what was typed by hand and is no such part stays as it is. */
function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Show what the address names. */
async function show({ isFirst = false } = {}) {
  leaving?.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  const { name, argument, query } = here();
  const entry = PAGES.find((one) => one.path === name);
  const page = !entry ? "missing" : argument && INNER[name] ? INNER[name] : entry.page;
  point(name);
  const box = h("div", { class: `page ${page}` }, waiting());
  put(main, box);
  try {
    const module = await import(`./pages/${page}.js`);
    if (signal.aborted) return;
    await module.show(box, { argument, query, signal, session, again: () => show() });
    if (signal.aborted) return;
  } catch (error) {
    if (signal.aborted) return;
    if (error.status === 401) return void signIn();
    if (!("problems" in error)) throw error;
    put(main, h("h1", { tabindex: "-1" }, t(`nav.${entry?.path || "overview"}`)), wentWrong(error, () => show()));
  }
  const title = main.querySelector("h1");
  document.title = `${title?.textContent ?? "Brygga"} – ${session?.gateway ?? "Brygga"}`;
  window.scrollTo(0, 0);
  if (!isFirst) title?.focus({ preventScroll: true });
}

function point(name) {
  for (const one of shell.querySelectorAll(".nav a[data-path]")) {
    if (one.dataset.path === name) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  closeMore();
}

// ── what stands around the page ──

function entry(one) {
  return h("li", { class: one.first ? "first" : "rest" }, h("a", { href: `#/${one.path}`, "data-path": one.path }, icon(one.sign), h("span", {}, t(`nav.${one.path || "overview"}`))));
}

function more() {
  const nav = shell.querySelector(".nav");
  const isOpen = nav.toggleAttribute("data-open");
  nav.querySelector(".more").setAttribute("aria-expanded", String(isOpen));
  if (isOpen) nav.querySelector(".rest a").focus();
}

function closeMore() {
  const nav = shell.querySelector(".nav");
  nav?.removeAttribute("data-open");
  nav?.querySelector(".more").setAttribute("aria-expanded", "false");
}

function frame() {
  main = h("main", { id: "main", tabindex: "-1" });
  const languages = Object.entries(words.LANGUAGES).map(([name, label]) =>
    h("button", { type: "button", class: "language", lang: name, "aria-pressed": String(name === words.inUse()), onclick: () => turn(name), "data-key": `language-${name}` }, h("span", { class: "short", "aria-hidden": "true" }, name.toUpperCase()), h("span", { class: "unseen" }, label)));
  put(shell,
    h("a", { class: "skip", href: "#main", onclick: (event) => (event.preventDefault(), main.focus()) }, t("skip")),
    h("header", { class: "top" },
      h("a", { class: "brand", href: "#/" }, h("img", { src: "icon.svg", alt: "", width: 32, height: 32 }), h("span", {}, session?.gateway ?? "Brygga")),
      h("div", { class: "top-end" },
        session?.role && h("a", { id: "standing", class: "standing", href: "#/" }, mark("waiting", t("loading"))),
        h("div", { class: "languages", role: "group", "aria-label": t("language") }, languages),
        session?.role && session.needs_password && button(t("logout"), logout, { kind: "plain logout" }))),
    session?.role && h("nav", { class: "nav", "aria-label": t("navigation"), onkeydown: (event) => event.key === "Escape" && (closeMore(), shell.querySelector(".more").focus()) },
      h("ul", {}, PAGES.map(entry), h("li", { class: "more-item" }, h("button", { type: "button", class: "more", "aria-expanded": "false", onclick: more }, icon("more"), h("span", {}, t("nav.more")))))),
    h("div", { id: "away", role: "status" }),
    main,
    h("div", { id: "told", role: "status", "aria-live": "polite" }));
  shell.classList.toggle("is-bare", !session?.role);
}

function stand(status) {
  const place = document.getElementById("standing");
  if (!place) return;
  const found = troubles(status);
  const level = worst(found);
  const label = level === "well" ? t("well.short") : t("well.not", { count: found.length });
  if (place.textContent !== label) put(place, mark(level, label));
}

function away(isThere) {
  document.body.classList.toggle("is-away", !isThere);
  put(document.getElementById("away"), isThere ? [] : h("p", { class: "away" }, icon("offline"), h("span", {}, h("strong", {}, t("away.title")), " ", t("away.words"))));
  if (isThere) comeBack().catch((error) => error.status !== 0 && fall(error)); // 0: away again, which the stream sees, too
}

/** Go on where the gateway is back: with new answers, but for a page into which something was typed, unless the login is over. */
async function comeBack() {
  const found = await api.ask("session");
  if (!found.role || found.csrf !== session?.csrf) await enter();
  else if (!isTyped()) await show({ isFirst: true });
  tell(t("away.back"));
}

const isTyped = () => [...main.querySelectorAll("input, textarea")].some((one) => one.value !== one.defaultValue);

// ── who is asking ──

async function turn(language) {
  await words.speak(language);
  const key = document.activeElement?.dataset.key;
  await draw();
  if (key) shell.querySelector(`[data-key="${key}"]`)?.focus();
}

async function draw() {
  frame();
  if (live.latest()) stand(live.latest());
  if (session?.role) await show({ isFirst: true });
  else await ask();
}

async function ask() {
  const module = await import("./pages/login.js");
  const box = h("div", { class: "page login" });
  module.show(box, { session, entered: enter });
  put(main, box);
  document.title = `${t("login.title")} – Brygga`;
}

/** Take who is asking from the agent, and show the page. */
async function enter() {
  session = await api.ask("session");
  api.trust(session.csrf);
  if (session.role) live.begin();
  await draw();
}

function signIn() {
  live.end();
  session = { ...session, role: null };
  return draw();
}

async function logout() {
  await api.ask("session", { method: "DELETE" });
  location.hash = "#/";
  live.end();
  await enter();
  tell(t("login.out"));
}

function fall(error) {
  if (!("problems" in error)) throw error;
  frame();
  put(main, h("h1", { tabindex: "-1" }, "Brygga"), wentWrong(error, () => enter().catch(fall)));
}

await words.begin();
live.on("status", stand);
live.onStanding(away);
window.addEventListener("hashchange", () => session?.role && show());
window.addEventListener("brygga:login", signIn);
await enter().catch(fall);
