/** What may stand in the fields of forms, as the agent reads them: told at the field before anything is sent. Pure. */

const DIGITS = { dev_eui: 16, join_eui: 16, app_key: 32, nwk_key: 32, dev_addr: 8, nwk_s_key: 32, app_s_key: 32 };
const NUMBERS = { latitude: [-90, 90], longitude: [-180, 180], altitude_m: [-500, 10_000] };
const CHOICES = { activation: ["otaa", "abp"], device_class: ["A", "C"], mac_version: ["1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.1"] };
const OTHER_NAMES = { "1.0": "1.0.0", "1.1.0": "1.1" }; // of a LoRaWAN version
const DECODER = /^[a-z0-9][a-z0-9._-]*\/[a-z0-9][a-z0-9._-]*$/;
const NUMBER = /^[+-]?\d+([.,]\d+)?$/;
const ROUNDED = /^\d([.,]\d+)?E\+\d+$/i; // what a spreadsheet makes of an EUI that is all digits

const bare = (text) => text.replace(/[-:\s]/g, "");
const is = (what, values = {}) => ({ what, values });

/** Return what is wrong with the text of a device's cell, `{what, values}` with `what` a key below "wrong", or null. */
export function wrongCell(name, text) {
  if (name === "dev_eui" && !text) return is("missing");
  if (!text) return null;
  if (name in DIGITS) return wrongDigits(text, DIGITS[name]);
  if (name in NUMBERS) return wrongNumber(text.replace(",", "."), ...NUMBERS[name], NUMBER.test(text));
  if (name in CHOICES) return wrongChoice(text, CHOICES[name]);
  return name === "decoder" && !DECODER.test(text) ? is("decoder") : null;
}

function wrongDigits(text, wanted) {
  if (ROUNDED.test(text)) return is("rounded");
  const have = bare(text);
  if (!/^[0-9a-f]*$/i.test(have)) return is("hex");
  return have.length === wanted ? null : is("digits", { count: have.length, wanted });
}

function wrongNumber(text, least, most, isNumber) {
  if (!isNumber) return is("number");
  return Number(text) >= least && Number(text) <= most ? null : is("range", { least, most });
}

function wrongChoice(text, choices) {
  const plain = text.replace(",", ".");
  return choices.some((one) => one.toLowerCase() === (OTHER_NAMES[plain] ?? plain).toLowerCase()) ? null : is("choice", { choices: choices.join(", ") });
}

/** Return what is wrong with a port up to `most`, or null. */
export const wrongPort = (text, most) => (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= most ? null : is("range", { least: 1, most }));

/** Return what is wrong with octets in hex or base64, or null. */
export function wrongOctets(text, encoding = "hex") {
  if (encoding === "base64") return /^[A-Za-z0-9+/_\s-]*={0,2}\s*$/.test(text) ? null : is("base64");
  const have = bare(text).replace(/^0x/i, "");
  if (!/^[0-9a-f]*$/i.test(have)) return is("hex");
  return have.length % 2 ? is("odd", { count: have.length }) : null;
}
