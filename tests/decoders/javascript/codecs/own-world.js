// A codec that declares what others find, and overwrites what it should leave alone.
let exports = "mine";
const console = { log: function () {} };
function print() {}
var module = null, global = 1, require = undefined, log = 3;
JSON.stringify = JSON.parse = function () { throw new Error("no JSON"); };
Array.prototype.push = Array.prototype.map = Array.prototype.forEach = null;
Object.prototype.toJSON = function () { return "polluted"; };
Array.prototype.toJSON = function () { return "polluted"; };
Object.prototype.errors = ["polluted"];
Object.defineProperty(Array.prototype, Symbol.iterator, { value: null });
Object.keys = Object.defineProperty = Reflect.apply = String.prototype.slice = undefined;
Date = Map = Set = Error = Number = undefined;
function decodeUplink(input) {
  console.log("quiet");
  return { data: { temperature: input.bytes[1] / 10, humidity: input.bytes[2] / 2 } };
}
