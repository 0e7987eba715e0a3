// Node's Buffer, as far as payloads need it: octets that index like a Uint8Array, with readers, writers and texts.
(function (room) {
  "use strict";
  const { put, modules, fromUtf8, toUtf8 } = room;
  const proto = Object.create(Uint8Array.prototype);

  const born = (octets) => Object.setPrototypeOf(octets, proto);

  function Buffer(value, encoding, size) {
    return typeof value === "number" ? born(new Uint8Array(value)) : from(value, encoding, size);
  }
  Object.setPrototypeOf(Buffer, Uint8Array);
  Buffer.prototype = proto;
  const methods = (target, table) => {
    for (const name of Object.keys(table)) {
      Object.defineProperty(target, name, { value: table[name], configurable: true, enumerable: false, writable: true });
    }
  };

  // ── texts ───────────────────────────────────────────────────────────────────────────────────────────────────

  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  const latin = (octets, mask) => {
    let out = "";
    for (let place = 0; place < octets.length; place++) out += String.fromCharCode(octets[place] & mask);
    return out;
  };
  const unlatin = (text) => Array.from({ length: text.length }, (_, place) => text.charCodeAt(place) & 255);
  const hex = (octets) => {
    let out = "";
    for (let place = 0; place < octets.length; place++) out += (octets[place] < 16 ? "0" : "") + octets[place].toString(16);
    return out;
  };
  const unhex = (text) => {
    const octets = [];
    for (let place = 0; place + 1 < text.length; place += 2) {
      const pair = text.slice(place, place + 2);
      if (!/^[0-9a-f]{2}$/i.test(pair)) break; // as Node does: what came before it counts
      octets.push(parseInt(pair, 16));
    }
    return octets;
  };
  const base64 = (octets) => {
    let out = "";
    for (let place = 0; place < octets.length; place += 3) {
      const left = octets.length - place;
      const three = (octets[place] << 16) | ((left > 1 ? octets[place + 1] : 0) << 8) | (left > 2 ? octets[place + 2] : 0);
      out += ALPHABET[three >> 18] + ALPHABET[(three >> 12) & 63];
      out += (left > 1 ? ALPHABET[(three >> 6) & 63] : "=") + (left > 2 ? ALPHABET[three & 63] : "=");
    }
    return out;
  };
  const unbase64 = (text) => {
    const octets = [];
    let bits = 0, held = 0;
    for (const character of text.replace(/-/g, "+").replace(/_/g, "/")) {
      if (character === "=") break;
      const six = ALPHABET.indexOf(character);
      if (six < 0) continue;
      held = ((held << 6) | six) & 0xffffff;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        octets.push((held >> bits) & 255);
      }
    }
    return octets;
  };
  const utf16 = (octets) => {
    let out = "";
    for (let place = 0; place + 1 < octets.length; place += 2) out += String.fromCharCode(octets[place] | (octets[place + 1] << 8));
    return out;
  };
  const unutf16 = (text) => unlatinPairs(text);
  const unlatinPairs = (text) => {
    const octets = [];
    for (let place = 0; place < text.length; place++) octets.push(text.charCodeAt(place) & 255, text.charCodeAt(place) >> 8);
    return octets;
  };
  const TEXTS = {
    utf8: [fromUtf8, toUtf8],
    hex: [hex, unhex],
    ascii: [(octets) => latin(octets, 127), unlatin],
    latin1: [(octets) => latin(octets, 255), unlatin],
    base64: [base64, unbase64],
    base64url: [(octets) => base64(octets).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, ""), unbase64],
    utf16le: [utf16, unutf16],
  };
  const SAME = { "utf-8": "utf8", binary: "latin1", ucs2: "utf16le", "ucs-2": "utf16le", "utf-16le": "utf16le" };

  function texts(encoding) {
    const asked = String(encoding === undefined || encoding === null ? "utf8" : encoding).toLowerCase();
    const found = TEXTS[SAME[asked] || asked];
    if (found === undefined) throw new TypeError(`Unknown encoding: ${encoding}`);
    return found;
  }

  // ── making ──────────────────────────────────────────────────────────────────────────────────────────────────

  function from(value, encoding, size) {
    if (typeof value === "string") return born(Uint8Array.from(texts(encoding)[1](value)));
    if (value instanceof ArrayBuffer) return born(new Uint8Array(value, encoding, size));
    if (value && value.type === "Buffer" && Array.isArray(value.data)) return from(value.data);
    if (value === null || typeof value !== "object") {
      throw new TypeError("The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array");
    }
    return born(Uint8Array.from(value, (one) => Number(one) & 255));
  }

  function alloc(size, fill, encoding) {
    const made = born(new Uint8Array(size));
    return fill === undefined ? made : made.fill(fill, 0, size, encoding);
  }

  methods(Buffer, {
    from, alloc,
    allocUnsafe: (size) => alloc(size),
    of: (...all) => from(all),
    isBuffer: (value) => value instanceof Buffer,
    isEncoding: (encoding) => TEXTS[SAME[String(encoding).toLowerCase()] || String(encoding).toLowerCase()] !== undefined,
    byteLength: (value, encoding) => (typeof value === "string" ? texts(encoding)[1](value).length : value.byteLength),
    concat(list, total) {
      const size = total === undefined ? list.reduce((sum, one) => sum + one.length, 0) : total;
      const whole = alloc(size);
      let place = 0;
      for (const one of list) {
        for (let inner = 0; inner < one.length && place < size; inner++) whole[place++] = one[inner];
      }
      return whole;
    },
    compare: (left, right) => {
      for (let place = 0; place < Math.min(left.length, right.length); place++) {
        if (left[place] !== right[place]) return left[place] < right[place] ? -1 : 1;
      }
      return Math.sign(left.length - right.length);
    },
  });

  // ── what it can do ──────────────────────────────────────────────────────────────────────────────────────────

  const needle = (value, encoding) => (typeof value === "number" ? [value & 255] : typeof value === "string" ? from(value, encoding) : value);

  methods(proto, {
    constructor: Buffer,
    toString(encoding, start, end) {
      return texts(encoding)[0](Uint8Array.prototype.subarray.call(this, start, end));
    },
    toJSON() {
      return { type: "Buffer", data: Array.from(this) };
    },
    subarray(start, end) {
      const [low, high] = [start, end].map((one, place) => bounded(one, place ? this.length : 0, this.length));
      return born(new Uint8Array(this.buffer, this.byteOffset + low, Math.max(high - low, 0)));
    },
    slice(start, end) {
      return this.subarray(start, end); // shares its octets, unlike a Uint8Array's
    },
    equals(other) {
      return Buffer.compare(this, other) === 0;
    },
    compare(other) {
      return Buffer.compare(this, other);
    },
    copy(target, to = 0, start = 0, end = this.length) {
      const part = Uint8Array.prototype.subarray.call(this, start, Math.min(end, start + target.length - to));
      target.set(part, to);
      return part.length;
    },
    fill(value, start = 0, end = this.length, encoding = "utf8") {
      const octets = needle(value, encoding);
      for (let place = start; place < end && octets.length > 0; place++) this[place] = octets[(place - start) % octets.length];
      return this;
    },
    indexOf(value, start = 0, encoding = "utf8") {
      const octets = needle(value, encoding);
      for (let place = start < 0 ? Math.max(this.length + start, 0) : start; place + octets.length <= this.length; place++) {
        let same = 0;
        while (same < octets.length && this[place + same] === octets[same]) same++;
        if (same === octets.length) return place;
      }
      return -1;
    },
    includes(value, start, encoding) {
      return this.indexOf(value, start, encoding) >= 0;
    },
    write(text, offset = 0, size = this.length, encoding = "utf8") {
      if (typeof offset === "string") return this.write(text, 0, this.length, offset);
      if (typeof size === "string") return this.write(text, offset, this.length, size);
      const octets = texts(encoding)[1](text).slice(0, Math.min(size, this.length - offset));
      this.set(octets, offset);
      return octets.length;
    },
  });
  for (const size of [2, 4, 8]) {
    methods(proto, {
      [`swap${size * 8}`]() {
        for (let place = 0; place + size <= this.length; place += size) Uint8Array.prototype.subarray.call(this, place, place + size).reverse();
        return this;
      },
    });
  }

  function bounded(value, otherwise, size) {
    const whole = value === undefined ? otherwise : Math.trunc(Number(value)) || 0;
    return Math.min(Math.max(whole < 0 ? size + whole : whole, 0), size);
  }

  // ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────

  function checked(octets, offset, size) {
    if (typeof offset !== "number") throw new TypeError('The "offset" argument must be of type number');
    if (!Number.isInteger(offset) || offset < 0 || offset + size > octets.length) {
      throw new RangeError(`The value of "offset" is out of range: ${offset} with ${size} octets of ${octets.length}`);
    }
    return new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  }

  // Node's name, DataView's name, octets
  const NUMBERS = [
    ["Int8", "Int8", 1], ["UInt8", "Uint8", 1], ["Int16", "Int16", 2], ["UInt16", "Uint16", 2], ["Int32", "Int32", 4],
    ["UInt32", "Uint32", 4], ["Float", "Float32", 4], ["Double", "Float64", 8], ["BigInt64", "BigInt64", 8], ["BigUInt64", "BigUint64", 8],
  ];
  for (const [name, kind, size] of NUMBERS) {
    for (const order of size === 1 ? [""] : ["LE", "BE"]) {
      const little = order === "LE";
      const read = function (offset = 0) {
        return checked(this, offset, size)[`get${kind}`](offset, little);
      };
      const write = function (value, offset = 0) {
        checked(this, offset, size)[`set${kind}`](offset, value, little);
        return offset + size;
      };
      named(name + order, read, write);
    }
  }
  for (const order of ["LE", "BE"]) {
    for (const signed of [false, true]) {
      const read = function (offset, size) {
        checked(this, offset, size);
        let value = 0;
        for (let place = 0; place < size; place++) value = value * 256 + this[offset + (order === "BE" ? place : size - 1 - place)];
        return signed && value >= 2 ** (8 * size - 1) ? value - 2 ** (8 * size) : value;
      };
      const write = function (value, offset, size) {
        checked(this, offset, size);
        let left = value < 0 ? value + 2 ** (8 * size) : value;
        for (let place = 0; place < size; place++, left = Math.floor(left / 256)) this[offset + (order === "LE" ? place : size - 1 - place)] = left % 256;
        return offset + size;
      };
      named((signed ? "Int" : "UInt") + order, read, write);
    }
  }
  function named(name, read, write) {
    methods(proto, { [`read${name}`]: read, [`write${name}`]: write });
    const other = name.replace("UInt", "Uint"); // Node has both spellings
    if (other !== name) methods(proto, { [`read${other}`]: read, [`write${other}`]: write });
  }

  put("Buffer", Buffer);
  modules.buffer = { Buffer };
})
