// What a published codec expects around it: CommonJS names, a console, a clock that stands at the uplink's reception.
//
// Every name is configurable, for codecs declare their own `exports`, `console` or `global` with let, const or function.
(function (room) {
  "use strict";
  const { now, put, modules } = room;
  const NativeDate = Date;

  // ── modules ─────────────────────────────────────────────────────────────────────────────────────────────────

  const exports = {};
  put("module", { exports, id: ".", loaded: true, children: [], paths: [] });
  put("exports", exports);
  put("global", globalThis);
  put("window", globalThis);
  put("self", globalThis);
  put("context", {}); // Actility: what a device's codec keeps from one uplink to the next
  put("process", { env: {}, argv: [], platform: "linux", version: "v20.0.0", versions: {} });

  put("require", function require(name) {
    const found = modules[String(name).replace(/^node:/, "")];
    if (found === undefined) throw new Error(`require('${name}'): a codec has buffer, crypto, util and assert here, and nothing else`);
    return found;
  });

  // ── console ─────────────────────────────────────────────────────────────────────────────────────────────────

  const MOST = 20; // lines for a person who tries a codec out
  const WIDEST = 300; // characters
  let written = 0;

  function shown(value) {
    if (typeof value === "string") return value;
    try {
      return (typeof value === "object" && JSON.stringify(value)) || String(value);
    } catch (error) {
      return "[object]";
    }
  }
  function write(...all) {
    if (written++ < MOST) room.write(all.map(shown).join(" ").slice(0, WIDEST));
  }
  room.shown = shown;
  const nothing = () => undefined;
  put("console", {
    log: write, info: write, warn: write, error: write, debug: write, trace: write, dir: write, table: write,
    group: write, groupEnd: nothing, time: nothing, timeEnd: nothing, timeLog: nothing, count: nothing, clear: nothing,
    assert: (truth, ...all) => (truth ? undefined : write("assertion failed:", ...all)),
  });

  // ── timers ──────────────────────────────────────────────────────────────────────────────────────────────────

  // A codec has ended when it has returned: what it puts off does not come.
  for (const name of ["setTimeout", "setInterval", "setImmediate"]) put(name, () => 0);
  for (const name of ["clearTimeout", "clearInterval", "clearImmediate"]) put(name, nothing);

  // ── the clock ───────────────────────────────────────────────────────────────────────────────────────────────

  // An uplink may be decoded hours after it was heard; a codec that says "now" means when it was heard.
  function Clock(...all) {
    if (new.target === undefined) return new NativeDate(now()).toString();
    return Reflect.construct(NativeDate, all.length === 0 ? [now()] : all, new.target);
  }
  Object.defineProperty(Clock, "name", { value: "Date" });
  Object.defineProperty(Clock, "length", { value: 7 });
  Clock.prototype = NativeDate.prototype;
  Object.defineProperty(NativeDate.prototype, "constructor", { value: Clock, configurable: true, enumerable: false, writable: true });
  for (const [name, value] of [["UTC", NativeDate.UTC], ["parse", NativeDate.parse], ["now", () => now()]]) {
    Object.defineProperty(Clock, name, { value, configurable: true, enumerable: false, writable: true });
  }
  put("Date", Clock);

  const { toString, toTimeString } = NativeDate.prototype;
  const zoned = (native) => function () {
    const words = native.call(this);
    return words === "Invalid Date" ? words : `${words} (Coordinated Universal Time)`;
  };
  Object.defineProperty(NativeDate.prototype, "toString", { value: zoned(toString), configurable: true, writable: true });
  Object.defineProperty(NativeDate.prototype, "toTimeString", { value: zoned(toTimeString), configurable: true, writable: true });
})
