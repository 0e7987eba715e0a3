function decodeUplink(input) {
  return { data: { temp: input.bytes[1] / 10, millivolts: 3300, error: input.bytes[0] } };
}
function normalizeUplink(input) {
  if (input.data.error === 1) throw new Error("no probe");
  if (input.data.error === 2) return { errors: ["probe is broken"] };
  return { data: [{ air: { temperature: input.data.temp } }, { battery: input.data.millivolts / 1000 }], warnings: input.data.error ? ["old calibration"] : [] };
}
