// What codecs take from elsewhere besides Buffer: TextDecoder, TextEncoder, util and assert.
(function (room) {
  "use strict";
  const { put, modules, shown } = room;

  function fromUtf8(bytes) {
    let out = "";
    for (let place = 0; place < bytes.length; ) {
      const head = bytes[place];
      const more = head < 0x80 ? 0 : head >= 0xc2 && head < 0xe0 ? 1 : head >= 0xe0 && head < 0xf0 ? 2 : head >= 0xf0 && head < 0xf5 ? 3 : -1;
      let code = more < 0 ? -1 : more === 0 ? head : head & (0x3f >> more);
      let step = 1;
      for (; step <= more; step++) {
        const next = bytes[place + step];
        if (next === undefined || (next & 0xc0) !== 0x80 || (step === 1 && outside(head, next))) {
          code = -1;
          break;
        }
        code = (code << 6) | (next & 0x3f);
      }
      out += code < 0 ? "\ufffd" : String.fromCodePoint(code);
      place += code < 0 ? Math.max(step, 1) : more + 1;
    }
    return out;
  }
  // Second octets that would say a surrogate, a code above U+10FFFF, or what is shorter otherwise (Unicode, table 3-7).
  function outside(head, next) {
    return (head === 0xe0 && next < 0xa0) || (head === 0xed && next > 0x9f) || (head === 0xf0 && next < 0x90) || (head === 0xf4 && next > 0x8f);
  }
  function toUtf8(text) {
    const bytes = [];
    for (const character of String(text)) {
      let code = character.codePointAt(0);
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      if (code < 0x80) bytes.push(code);
      else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
      else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
      else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    }
    return bytes;
  }
  put("TextEncoder", class TextEncoder {
    get encoding() {
      return "utf-8";
    }
    encode(text = "") {
      return Uint8Array.from(toUtf8(text));
    }
  });
  put("TextDecoder", class TextDecoder {
    constructor(encoding = "utf-8") {
      this.encoding = String(encoding).toLowerCase();
    }
    decode(bytes = []) {
      const octets = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : new Uint8Array(bytes.buffer || bytes, bytes.byteOffset || 0, bytes.byteLength);
      if (/^(ascii|us-ascii|latin1|iso-8859-1|windows-1252)$/.test(this.encoding)) return String.fromCharCode(...octets);
      const text = fromUtf8(octets);
      return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    }
  });
  modules.util = {
    TextDecoder: globalThis.TextDecoder, TextEncoder: globalThis.TextEncoder, isArray: Array.isArray, inspect: shown,
    format: (...all) => all.map(shown).join(" "),
  };
  function assert(truth, message) {
    if (!truth) throw new Error(message || "assertion failed");
  }
  assert.ok = assert;
  assert.equal = assert.strictEqual = (left, right, message) => assert(left === right, message);
  modules.assert = assert;

  room.fromUtf8 = fromUtf8;
  room.toUtf8 = toUtf8;
})
