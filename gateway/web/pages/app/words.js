/** The words of the page in the language of whoever looks; numbers and times as that language writes them. */

export const LANGUAGES = { sv: "Svenska", en: "English" };
const KEPT = "brygga.language";
const DIVISIONS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const SHORT = { sv: "short", en: "long" }; // English has "mth" and "secs" otherwise
const SIZES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

let table = {};
let language = "sv";
const formats = new Map();

/** Return the language that is shown: "sv" or "en". */
export const inUse = () => language;

/** Choose a language, remember it and load its words. */
export async function speak(name) {
  localStorage.setItem(KEPT, name);
  await load(name);
}

/** Load the language that was chosen, else the first of the browser's that there is, else Swedish. */
export async function begin() {
  const asked = navigator.languages.map((one) => one.slice(0, 2).toLowerCase());
  const kept = localStorage.getItem(KEPT);
  await load(kept in LANGUAGES ? kept : asked.find((one) => one in LANGUAGES) ?? "sv");
}

/** Have the words of one page, too: those of "doctor" are many, and only the doctor's page needs them. */
export async function more(page) {
  table = { ...table, ...(await read(`${page}-${language}`)) };
}

async function read(file) {
  const answer = await fetch(`words/${file}.json`);
  if (!answer.ok) throw new Error(`words/${file}.json: ${answer.status}`);
  return answer.json();
}

async function load(name) {
  table = await read(name);
  language = name;
  formats.clear();
  document.documentElement.lang = name;
}

/** Return the words for `key`, with `{name}` filled in; `values.count` chooses between `key.one` and `key.other`. */
export function t(key, values = {}) {
  const plural = "count" in values ? `${key}.${format(Intl.PluralRules, {}).select(values.count)}` : key;
  const words = table[plural] ?? table[`${key}.other`] ?? table[key];
  if (words === undefined) {
    console.error(`no words for ${key}`);
    return key;
  }
  return filled(words, values);
}

const filled = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === "number" ? number(values[name]) : values[name] ?? ""));

/** Return the words for `group.name`, filled in like those of `t`, or null where there are none: names that the agent may add to. */
export function known(group, name, values = {}) {
  const words = table[`${group}.${name}`];
  return words === undefined ? null : filled(words, values);
}

function format(kind, options) {
  const key = `${kind.name}${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new kind(locale(), options));
  return formats.get(key);
}

const locale = () => (language === "en" ? "en-GB" : "sv-SE");

/** Return a number with at most `digits` decimals. */
export const number = (value, digits = 2) => format(Intl.NumberFormat, { maximumFractionDigits: digits }).format(value);

/** Return a share of 1 as a percentage. */
export const share = (value) => format(Intl.NumberFormat, { style: "percent", maximumFractionDigits: 0 }).format(value);

/** Return octets in the unit that suits. */
export function size(octets) {
  const step = Math.min(SIZES.length - 1, octets >= 1 ? Math.floor(Math.log10(octets) / 3) : 0);
  const options = { style: "unit", unit: SIZES[step], unitDisplay: "short", maximumFractionDigits: step > 1 ? 1 : 0 };
  return format(Intl.NumberFormat, options).format(octets / 1000 ** step);
}

/** Return a length of time in its largest unit: "3 min". */
export function span(seconds) {
  const [unit, length] = DIVISIONS.find(([, one]) => seconds >= one) ?? DIVISIONS.at(-1);
  const options = { style: "unit", unit, unitDisplay: unit === "second" || unit === "minute" || unit === "hour" ? SHORT[language] : "long", maximumFractionDigits: 0 };
  return format(Intl.NumberFormat, options).format(Math.floor(seconds / length));
}

/** Return how long ago: "3 min ago"; below two seconds "now". */
export function ago(seconds) {
  if (seconds < 2) return t("now");
  const [unit, length] = DIVISIONS.find(([, one]) => seconds >= one) ?? DIVISIONS.at(-1);
  return format(Intl.RelativeTimeFormat, { numeric: "always", style: "short" }).format(-Math.floor(seconds / length), unit);
}

/** Return the time of day. */
export const timeOf = (date) => format(Intl.DateTimeFormat, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(date);

/** Return day and time. */
export const momentOf = (date) => format(Intl.DateTimeFormat, { dateStyle: "medium", timeStyle: "medium" }).format(date);

/** Return day and time without a year and seconds, for an axis. */
export const tickOf = (date, withDay) =>
  format(Intl.DateTimeFormat, withDay ? { weekday: "short", hour: "2-digit" } : { hour: "2-digit", minute: "2-digit" }).format(date);

/** Return names in the order of the language. */
export const byName = (a, b) => format(Intl.Collator, { numeric: true }).compare(a, b);

/** Return a quantity in words. */
export const quantity = (name) => known("quantity", name) ?? name.replaceAll("_", " ");

const UNITS = {
  Cel: "°C", "[ppm]": "ppm", "[ppb]": "ppb", "[ppth]": "‰", "[pH]": "pH", "[NTU]": "NTU", m3: "m³", "m3/h": "m³/h", "uS/cm": "µS/cm", "ug/m3": "µg/m³",
  "umol/(m2.s)": "µmol/m²s", "m/s2": "m/s²", "W/m2": "W/m²", "Bq/m3": "Bq/m³", deg: "°", "dB{mW}": "dBm", "kW.h": "kWh", "V.A": "VA", "kV.A.h{reactive}": "kvarh",
  "V.A{reactive}": "var", 1: "",
};

/** Return a UCUM unit as people write it. */
export const unit = (ucum) => UNITS[ucum] ?? ucum ?? "";

/** Return a value with its unit. */
export function value(one, ucum) {
  if (typeof one === "boolean") return t(one ? "yes" : "no");
  if (typeof one !== "number") return String(one ?? "–");
  const words = unit(ucum);
  return words ? `${number(one)}${words === "°" ? "" : "\u00a0"}${words}` : number(one);
}
