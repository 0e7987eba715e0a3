import { Buffer } from "buffer";

export const SCALE = 10;

export function decodeUplink(input) {
  return { data: { temperature: Buffer.from(input.bytes).readInt16BE(0) / SCALE, humidity: input.bytes[2] / 2 } };
}
export { SCALE as scale };
