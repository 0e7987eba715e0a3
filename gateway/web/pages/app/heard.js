/** How much was heard lately: counted from the status while the page is open. */

const STEP_S = 10;
const KEPT_S = 600;

let bins = new Map(); // start of ten seconds -> frames
let last = null;

/** Take a status, which comes every two seconds. */
export function take(status) {
  const frames = status.network?.counts?.frames ?? null;
  const since = status.since_s ?? 0;
  if (frames !== null && last !== null && frames >= last.frames && since >= last.since) add(frames - last.frames);
  last = frames === null ? null : { frames, since };
}

function add(count) {
  const now = Date.now() / 1000;
  const at = Math.floor(now / STEP_S) * STEP_S;
  bins.set(at, (bins.get(at) ?? 0) + count);
  bins = new Map([...bins].filter(([start]) => start > now - KEPT_S));
}

/** Return `[[s, frames]]` of the last ten minutes, as far as the page was open. */
export const points = () => [...bins];
