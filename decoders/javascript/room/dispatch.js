// Finds the functions of a vendor's codec, calls them, and says in JSON what came of it.
//
// Evaluated before the codec: what it needs of the language it takes now, so that a codec which overwrites
// JSON.stringify or Array.prototype changes its own world only. Given the parts of the room that the codec needs and the time, it
// returns one function, from a request as JSON to an answer as JSON, which the codec never sees.
(function (parts, loadedAt) {
  "use strict";
  const { parse, stringify } = JSON;
  const { isArray } = Array;
  const { create, keys, defineProperty, getPrototypeOf } = Object;
  const { isFinite: finite, isSafeInteger } = Number;
  const { apply } = Reflect;
  const { isView } = ArrayBuffer;
  const [ErrorType, NativeDate, NativeMap, NativeSet, Bytes, Text, Numeral] = [Error, Date, Map, Set, Uint8Array, String, Number];
  const [Truth, Octets, View, Plain, Promised] = [Boolean, ArrayBuffer, DataView, Object.prototype, Promise];
  const then = Promise.prototype.then;
  const toISOString = Date.prototype.toISOString;
  const getTime = Date.prototype.getTime;
  const slice = String.prototype.slice;
  const mapEach = Map.prototype.forEach;
  const setEach = Set.prototype.forEach;
  const lengthOf = Object.getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), "length").get;

  const DEEPEST = 32; // levels; the deepest published answer has 7, and some 45 fit on the stack
  const MOST = 50000; // values in an answer; the longest published one has some hundred
  const LONGEST = 500000; // characters of an answer; the longest published one has some 3,500

  // ── where functions are ─────────────────────────────────────────────────────────────────────────────────────

  // By name, for `const`, `let` and `class` at the top of a script are no properties of the global object.
  function named(name) {
    switch (name) {
      case "decodeUplink":
        return typeof decodeUplink === "undefined" ? undefined : decodeUplink;
      case "Decode":
        return typeof Decode === "undefined" ? undefined : Decode;
      case "Decoder":
        return typeof Decoder === "undefined" ? undefined : Decoder;
      case "normalizeUplink":
        return typeof normalizeUplink === "undefined" ? undefined : normalizeUplink;
      case "encodeDownlink":
        return typeof encodeDownlink === "undefined" ? undefined : encodeDownlink;
      case "Encode":
        return typeof Encode === "undefined" ? undefined : Encode;
      case "Encoder":
        return typeof Encoder === "undefined" ? undefined : Encoder;
      case "decodeDownlink":
        return typeof decodeDownlink === "undefined" ? undefined : decodeDownlink;
      case "driver":
        return typeof driver === "undefined" ? undefined : driver;
      case "exports":
        return typeof exports === "undefined" ? undefined : exports;
      case "module":
        return typeof module === "undefined" ? undefined : module.exports;
      case "codec":
        return typeof codec === "undefined" ? undefined : codec;
      case "Codec":
        return typeof Codec === "undefined" ? undefined : Codec;
      case "decentlab_decoder":
        return typeof decentlab_decoder === "undefined" ? undefined : decentlab_decoder;
      case "decode":
        return typeof decode === "undefined" ? undefined : decode;
      case "decoder":
        return typeof decoder === "undefined" ? undefined : decoder;
    }
  }
  const HOLDERS = ["driver", "exports", "module", "codec", "Codec"];
  const INNER = ["default", "driver", "codec"]; // objects within the holders
  const OBJECTS = ["decentlab_decoder", "decoder", "codec", "module", "exports"]; // with a `decode(bytes, port)` of their own

  function own(holder, name) {
    try {
      return holder === undefined ? named(name) : holder === null ? undefined : holder[name];
    } catch (error) {
      return undefined; // a getter of the codec's own that throws, or a `module` that is none
    }
  }

  function found(name) {
    const plain = own(undefined, name);
    if (typeof plain === "function") return { call: plain, self: undefined, name };
    for (let place = 0; place < HOLDERS.length; place++) {
      const holder = own(undefined, HOLDERS[place]);
      if (holder === undefined || holder === null) continue;
      const inside = own(holder, name);
      if (typeof inside === "function") return { call: inside, self: holder, name };
      for (let deeper = 0; deeper < INNER.length; deeper++) {
        const inner = own(holder, INNER[deeper]);
        const last = inner === undefined ? undefined : own(inner, name);
        if (typeof last === "function") return { call: last, self: inner, name };
      }
    }
    return undefined;
  }

  function theDecoder() {
    return found("decodeUplink") || found("Decode") || found("Decoder") || anObject() || aFunction();
  }

  function anObject() {
    for (let place = 0; place < OBJECTS.length; place++) {
      const holder = own(undefined, OBJECTS[place]);
      const inside = typeof holder === "object" && holder !== null ? own(holder, "decode") : undefined;
      if (typeof inside === "function") return { call: inside, self: holder, name: "object.decode" };
    }
    return undefined;
  }

  function aFunction() { // decode(bytes, port), or module.exports = function (input) {…}: told by how many things it takes
    const plain = typeof own(undefined, "decode") === "function" ? own(undefined, "decode") : own(undefined, "decoder");
    if (typeof plain === "function") return { call: plain, self: undefined, name: "decode" };
    const whole = own(undefined, "module");
    const last = typeof whole === "function" || whole === undefined ? whole : own(whole, "default");
    if (typeof last !== "function") return undefined;
    return { call: last, self: undefined, name: last.length > 2 ? "Decode" : last.length > 1 ? "Decoder" : "decodeUplink" };
  }

  // ── calling ─────────────────────────────────────────────────────────────────────────────────────────────────

  function octets(hex) {
    const bytes = [];
    for (let place = 0; place < hex.length; place += 2) {
      bytes[place / 2] = DIGITS[hex[place]] * 16 + DIGITS[hex[place + 1]];
    }
    return bytes;
  }
  const DIGITS = create(null);
  for (let digit = 0; digit < 16; digit++) DIGITS["0123456789abcdef"[digit]] = digit;

  let clock = loadedAt === null ? NativeDate.now() : loadedAt; // milliseconds since 1970; stands still while a codec runs
  const at = () => new NativeDate(clock);

  function decoded(request) {
    const one = theDecoder();
    if (one === undefined) return answer("refused", stringify("no decodeUplink, Decode or Decoder is in it"));
    const bytes = octets(request.bytes);
    return settled(apply(one.call, one.self, decoderArguments(one.name, bytes, request)), (result) => {
      const normal = one.name === "decodeUplink" ? normalised(result, request) : "";
      return `{"form":${stringify(one.name)},"result":${text(result) || "null"}${normal}${said(request)}}`;
    });
  }

  let awaited; // what the promise of the last call became, and what is said of it

  // What `say` makes of a result; of a promise's when its jobs have run, which is asked as the work "settle".
  function settled(result, say) {
    if (!(result instanceof Promised)) return say(result);
    const mine = (awaited = { say, state: "never" });
    apply(then, result, [
      (value) => { mine.state = "kept"; mine.value = value; },
      (error) => { mine.state = "broken"; mine.value = error; },
    ]);
    return answer("pending", "true");
  }

  function settle() {
    if (awaited.state === "never") return answer("refused", stringify("the codec returns a Promise that never settles"));
    if (awaited.state === "broken") return thrown(awaited.value);
    return awaited.say(awaited.value);
  }

  function decoderArguments(name, bytes, request) {
    if (name === "decodeUplink") return [{ bytes, fPort: request.port, recvTime: at(), variables: {} }];
    if (name === "Decode") return [request.port, bytes, {}];
    return [bytes, request.port];
  }

  function normalised(result, request) {
    const one = found("normalizeUplink");
    if (one === undefined || typeof result !== "object" || result === null || has(result.errors)) return "";
    const data = "data" in result ? result.data : result;
    if (data === null || data === undefined) return "";
    try {
      const copy = parse(text(data)); // as it travels between the two functions elsewhere
      const input = { data: copy, errors: [], warnings: [], bytes: octets(request.bytes), fPort: request.port, recvTime: at() };
      return `,"normalised":${text(apply(one.call, one.self, [input])) || "null"}`;
    } catch (error) {
      return `,"not_normalised":${stringify(words(error))}`;
    }
  }

  const has = (errors) => (isArray(errors) ? errors.length > 0 : !!errors);

  // ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────

  class Refusal {
    constructor(why) {
      this.why = why;
    }
  }

  let values = 0; // said so far in this answer
  let length = 0;

  function text(value) {
    values = length = 0;
    return written(value, 0);
  }

  // The JSON of a value, or undefined for what has none (undefined, functions, symbols), as JSON.stringify does; but
  // for its hooks, and with what a codec's answer may hold besides: NaN and infinities are null, a BigInt is a number
  // where it is exact and a text where not, a Date is ISO 8601 (null when invalid), typed arrays, ArrayBuffers and
  // Sets are lists, a Map is an object.
  function written(value, depth) {
    if (++values > MOST) throw new Refusal(`more than ${MOST} values`);
    switch (typeof value) {
      case "string":
        return counted(stringify(value));
      case "number":
        return finite(value) ? counted(`${value}`) : "null";
      case "boolean":
        return value ? "true" : "false";
      case "bigint":
        return isSafeInteger(Numeral(value)) ? `${value}` : counted(`"${value}"`);
      case "object":
        if (value === null) return "null";
        if (depth >= DEEPEST) throw new Refusal(`nested in itself, or deeper than ${DEEPEST} levels`);
        return writtenObject(value, depth + 1);
      default:
        return undefined;
    }
  }

  function counted(piece) {
    length += piece.length;
    if (length > LONGEST) throw new Refusal(`longer than ${LONGEST} characters`);
    return piece;
  }

  function writtenObject(value, depth) {
    if (isArray(value)) return writtenList(value, value.length, depth);
    if (isView(value)) return writtenList(value, viewLength(value), depth);
    if (value instanceof NativeDate) return writtenDate(value);
    if (value instanceof Octets) return writtenObject(new Bytes(value), depth);
    if (value instanceof NativeSet) return writtenObject(listed(setEach, value), depth);
    if (value instanceof NativeMap) return writtenMap(value, depth);
    if (value instanceof Numeral || value instanceof Text || value instanceof Truth) return written(value.valueOf(), depth);
    if (typeof value.toJSON === "function" && value.toJSON !== Plain.toJSON) return written(value.toJSON(""), depth);
    return writtenFields(value, keys(value), depth);
  }

  const viewLength = (view) => (view instanceof View ? 0 : apply(lengthOf, view, []));

  function writtenDate(date) {
    const time = apply(getTime, date, []);
    return time === time ? stringify(apply(toISOString, date, [])) : "null";
  }

  function listed(each, set) {
    const list = [];
    apply(each, set, [(one) => { list[list.length] = one; }]);
    return list;
  }

  function writtenMap(map, depth) {
    const fields = create(null);
    apply(mapEach, map, [(inner, key) => { fields[`${key}`] = inner; }]);
    return writtenFields(fields, keys(fields), depth);
  }

  function writtenList(list, count, depth) {
    let out = "";
    for (let place = 0; place < count; place++) {
      const item = written(list[place], depth);
      out += (place ? "," : "") + (item === undefined ? "null" : item);
    }
    return `[${out}]`;
  }

  function writtenFields(object, names, depth) {
    let out = "";
    for (let place = 0; place < names.length; place++) {
      const item = written(object[names[place]], depth);
      if (item !== undefined) out += `${out ? "," : ""}${counted(stringify(names[place]))}:${item}`;
    }
    return `{${out}}`;
  }

  const answer = (kind, json) => `{"${kind}":${json}}`;

  function words(error) {
    if (error instanceof Refusal) return `what the codec returns is ${error.why}`;
    try {
      const message = error instanceof ErrorType ? `${error.message}` : typeof error === "object" ? text(error) : `${error}`;
      return apply(slice, message, [0, 1000]);
    } catch (other) {
      return "an exception that has no words";
    }
  }

  function thrown(error) {
    if (error instanceof Refusal) return answer("refused", stringify(words(error)));
    const kind = error instanceof ErrorType ? own(error, "name") : "";
    return `{"thrown":${stringify(words(error))},"kind":${stringify(typeof kind === "string" ? apply(slice, kind, [0, 60]) : "")}}`;
  }

  let lines = []; // what the codec wrote to its console, the last of it

  function said(request) {
    if (!request.said) return "";
    return `,"said":${written(lines, 0)}`;
  }

  function looked() {
    const name = (one) => (one === undefined ? "null" : stringify(one.name));
    const encoder = found("encodeDownlink") || found("Encode") || found("Encoder");
    return `{"decode":${name(theDecoder())},"encode":${name(encoder)},"decode_downlink":${name(found("decodeDownlink"))},"normalise":${name(found("normalizeUplink"))}}`;
  }

  const work = { decode: decoded, look: looked, settle };

  const room = {
    now: () => clock,
    write: (line) => { lines[lines.length] = line; },
    put: (name, value) => defineProperty(globalThis, name, { value, configurable: true, enumerable: false, writable: true }),
    modules: create(null),
    work, found, text, said, octets, at, answer, settled,
  };
  for (let place = 0; place < parts.length; place++) parts[place](room);

  return function serve(request) {
    try {
      const asked = parse(request);
      if (asked.work !== "settle") {
        clock = typeof asked.at === "number" ? asked.at : NativeDate.now();
        lines = [];
      }
      return apply(slice, work[asked.work](asked), [0]); // in one piece: the binding takes no string that is still a rope
    } catch (error) {
      return thrown(error);
    }
  };
})
