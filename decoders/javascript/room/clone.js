// structuredClone(value): a copy of all that it knows how to copy, the same value within it once.
(function (room) {
  "use strict";
  const { isView } = ArrayBuffer;

  function copied(value, made) {
    if (typeof value === "function" || typeof value === "symbol") throw new Error(`${String(value)} could not be cloned.`);
    if (typeof value !== "object" || value === null) return value;
    if (!made.has(value)) fill(value, made);
    return made.get(value);
  }

  function fill(value, made) {
    const keep = (copy) => (made.set(value, copy), copy);
    if (value instanceof Date) return keep(new Date(value.getTime()));
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
    if (value instanceof ArrayBuffer || (isView(value) && !(value instanceof DataView))) return keep(value.slice());
    if (value instanceof DataView) return keep(new DataView(value.buffer.slice(0), value.byteOffset, value.byteLength));
    if (value instanceof Map) return value.forEach(entry(keep(new Map()), made));
    if (value instanceof Set) return value.forEach(item(keep(new Set()), made));
    if (value instanceof Error) return keep(Object.assign(new value.constructor(value.message), { stack: value.stack }));
    const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
    for (const key of Object.keys(value)) copy[key] = copied(value[key], made);
  }

  const entry = (copy, made) => (inner, key) => copy.set(copied(key, made), copied(inner, made));
  const item = (copy, made) => (inner) => copy.add(copied(inner, made));

  room.put("structuredClone", (value) => copied(value, new Map()));
})
