// AES (FIPS 197) in ECB, CBC and CTR (NIST SP 800-38A) behind the names of Node's crypto, for meters that encrypt twice.
(function (room) {
  "use strict";
  const { modules } = room;
  const { Buffer } = modules.buffer;

  // ── the cipher ──────────────────────────────────────────────────────────────────────────────────────────────

  const double = (value) => ((value << 1) ^ (value & 0x80 ? 0x11b : 0)) & 0xff;
  const SBOX = new Uint8Array(256);
  const INVERSE = new Uint8Array(256);
  for (let value = 1, inverse = 1, first = true; first || value !== 1; first = false) {
    value ^= double(value); // times 3, which walks through all values but 0
    inverse ^= inverse << 1; // over 3
    inverse ^= inverse << 2;
    inverse ^= inverse << 4;
    inverse &= 0xff;
    if (inverse & 0x80) inverse ^= 0x09;
    const turned = inverse ^ turn(inverse, 1) ^ turn(inverse, 2) ^ turn(inverse, 3) ^ turn(inverse, 4) ^ 0x63;
    SBOX[value] = turned;
    INVERSE[turned] = value;
  }
  SBOX[0] = 0x63;
  INVERSE[0x63] = 0;
  function turn(value, bits) {
    return ((value << bits) | (value >> (8 - bits))) & 0xff;
  }

  function times(value, factor) {
    let product = 0;
    for (let power = value, left = factor; left > 0; left >>= 1, power = double(power)) product ^= left & 1 ? power : 0;
    return product;
  }

  function expanded(key) { // FIPS 197, section 5.2
    const words = key.length / 4;
    const keys = new Uint8Array(16 * (words + 7));
    keys.set(key);
    for (let place = words, constant = 1; place < keys.length / 4; place++) {
      let last = Array.from(keys.subarray(4 * place - 4, 4 * place));
      if (place % words === 0) {
        last = [SBOX[last[1]] ^ constant, SBOX[last[2]], SBOX[last[3]], SBOX[last[0]]];
        constant = double(constant);
      } else if (words > 6 && place % words === 4) {
        last = last.map((one) => SBOX[one]);
      }
      for (let octet = 0; octet < 4; octet++) keys[4 * place + octet] = keys[4 * (place - words) + octet] ^ last[octet];
    }
    return keys;
  }

  function mixed(state, [one, two, three, four]) {
    for (let column = 0; column < 16; column += 4) {
      const old = Array.from(state.subarray(column, column + 4));
      for (let row = 0; row < 4; row++) {
        state[column + row] = times(old[row], one) ^ times(old[(row + 1) % 4], two) ^ times(old[(row + 2) % 4], three) ^ times(old[(row + 3) % 4], four);
      }
    }
  }
  function keyed(state, keys, round) {
    for (let place = 0; place < 16; place++) state[place] ^= keys[16 * round + place];
  }
  function moved(state, box, step) { // SubBytes and ShiftRows, or both backwards
    const old = Uint8Array.from(state);
    for (let place = 0; place < 16; place++) state[place] = box[old[(place + step * 4 * (place % 4) + 64) % 16]];
  }

  function encrypt(block, keys) {
    const state = Uint8Array.from(block);
    const last = keys.length / 16 - 1;
    keyed(state, keys, 0);
    for (let round = 1; round <= last; round++) {
      moved(state, SBOX, 1);
      if (round < last) mixed(state, [2, 3, 1, 1]);
      keyed(state, keys, round);
    }
    return state;
  }
  function decrypt(block, keys) {
    const state = Uint8Array.from(block);
    const last = keys.length / 16 - 1;
    for (let round = last; round > 0; round--) {
      keyed(state, keys, round);
      if (round < last) mixed(state, [14, 11, 13, 9]);
      moved(state, INVERSE, -1);
    }
    keyed(state, keys, 0);
    return state;
  }

  // ── modes ───────────────────────────────────────────────────────────────────────────────────────────────────

  const xor = (left, right) => left.map((one, place) => one ^ right[place]);

  function counted(counter) {
    for (let place = 15; place >= 0 && (counter[place] = (counter[place] + 1) & 0xff) === 0; place--);
  }

  // Each takes a block and the chaining value, which it may change in place. CTR is none of them: it has no blocks.
  const BLOCKS = {
    ecb: { encrypt: (block, keys) => encrypt(block, keys), decrypt: (block, keys) => decrypt(block, keys) },
    cbc: {
      encrypt(block, keys, chain) {
        chain.set(encrypt(xor(block, chain), keys));
        return Uint8Array.from(chain);
      },
      decrypt(block, keys, chain) {
        const plain = xor(decrypt(block, keys), chain);
        chain.set(block);
        return plain;
      },
    },
  };

  const octets = (value, encoding) => (typeof value === "string" ? Buffer.from(value, encoding) : Uint8Array.from(value || []));

  class Cipher {
    constructor(name, key, iv, way) {
      const [, bits, mode] = /^aes-?(128|192|256)-(ecb|cbc|ctr)$/i.exec(name) || [];
      if (bits === undefined) throw new Error(`Unknown cipher: ${name}; there are aes-128-ecb, -cbc and -ctr, and the same with 192 and 256`);
      const [secret, start] = [octets(key), octets(iv)];
      if (secret.length * 8 !== Number(bits)) throw new RangeError("Invalid key length");
      if (mode.toLowerCase() !== "ecb" && start.length !== 16) throw new TypeError("Invalid initialization vector");
      this.mode = mode.toLowerCase();
      this.way = way;
      this.keys = expanded(secret);
      this.chain = Uint8Array.from(start);
      this.held = []; // octets that make no block yet; in CTR what is left of the key stream
      this.padded = this.mode !== "ctr";
    }
    turned(block) {
      return BLOCKS[this.mode][this.way](Uint8Array.from(block), this.keys, this.chain);
    }
    setAutoPadding(padded = true) {
      this.padded = padded && this.mode !== "ctr";
      return this;
    }
    update(data, from, to) {
      const given = octets(data, from);
      return said(this.mode === "ctr" ? this.streamed(given) : this.blocks(given), to);
    }
    streamed(given) {
      return Array.from(given, (one) => {
        if (this.held.length === 0) {
          this.held = Array.from(encrypt(this.chain, this.keys));
          counted(this.chain);
        }
        return one ^ this.held.shift();
      });
    }
    blocks(given) {
      this.held.push(...given);
      const kept = this.padded && this.way === "decrypt" ? 1 : 0; // the last block holds the padding: it waits for final()
      const out = [];
      while (this.held.length >= 16 + kept) out.push(...this.turned(this.held.splice(0, 16)));
      return out;
    }
    final(to) {
      if (this.mode === "ctr") return said([], to);
      if (!this.padded) return said(whole(this.held), to);
      return said(this.way === "encrypt" ? this.closed() : this.opened(), to);
    }
    closed() {
      const missing = 16 - this.held.length;
      return this.turned([...this.held, ...new Array(missing).fill(missing)]);
    }
    opened() {
      if (this.held.length !== 16) throw new Error("wrong final block length");
      const plain = this.turned(this.held);
      const padding = plain[15];
      if (padding < 1 || padding > 16 || plain.slice(16 - padding).some((one) => one !== padding)) throw new Error("bad decrypt");
      return plain.slice(0, 16 - padding);
    }
  }
  function whole(held) {
    if (held.length > 0) throw new Error("wrong final block length");
    return [];
  }
  function said(list, to) {
    const buffer = Buffer.from(list);
    return to ? buffer.toString(to) : buffer;
  }

  modules.crypto = {
    createCipheriv: (name, key, iv) => new Cipher(name, key, iv, "encrypt"),
    createDecipheriv: (name, key, iv) => new Cipher(name, key, iv, "decrypt"),
  };
})
