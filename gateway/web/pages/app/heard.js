/** What was heard lately: in each of the last sixty minutes, as the sources count it. Pure. */

const MINUTE_S = 60;
const FEW = 10; // minutes that tell how it is now

const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

/** Return `[[s, packets]]` of all sources by the minute, the running one last: `kind` is "heard" (whole) or "broken". */
export function points(sources, kind, now = Date.now() / 1000) {
  const counts = sources.map((one) => one.minutes?.[kind] ?? []);
  const length = Math.max(0, ...counts.map((one) => one.length));
  const running = Math.floor(now / MINUTE_S) * MINUTE_S;
  return Array.from({ length }, (_, place) => [running - (length - 1 - place) * MINUTE_S, sum(counts.map((one) => one[place] ?? 0))]);
}

/** Return what a source heard in the last ten minutes: `{heard, share}`, the share of all packets that were broken; null where nobody counts. */
export function lately(source) {
  if (!source?.minutes) return null;
  const [heard, broken] = ["heard", "broken"].map((kind) => sum(source.minutes[kind].slice(-FEW)));
  return { heard, share: heard + broken ? broken / (heard + broken) : 0 };
}
