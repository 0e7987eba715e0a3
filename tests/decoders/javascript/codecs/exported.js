"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.decodeUplink = function (input) {
  return { data: { temperature: input.bytes[1] / 10, humidity: input.bytes[2] / 2 } };
};
