(function (root, factory) {
  if (typeof exports === "object" && typeof module === "object") module.exports = factory();
  else if (typeof define === "function" && define.amd) define([], factory);
  else root.codec = factory();
})(typeof self !== "undefined" ? self : this, function () {
  return { default: { decodeUplink: (input) => ({ data: { temperature: input.bytes[1] / 10, humidity: input.bytes[2] / 2 } }) } };
});
