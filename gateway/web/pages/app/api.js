/** The agent's API: one place that asks, and says in words what went wrong. */

const WAIT_MS = 65_000; // the agent itself gives up after 60 s: the doctor of a small box without a network takes half of that

let csrf = "";

/** Keep what a changing request has to show that it comes from this page. */
export function trust(token) {
  csrf = token ?? "";
}

/** An answer that is none: `problems` in words, `status` 0 where nobody answered. */
export class Refused extends Error {
  constructor(status, problems, retryAfter = null) {
    super(problems.join("\n") || `HTTP ${status}`);
    this.status = status;
    this.problems = problems;
    this.retryAfter = retryAfter;
  }
}

/** Ask `path` below /api/v1 and return its JSON. Raises Refused; an AbortError where `signal` ended it. */
export async function ask(path, { method = "GET", body, query, signal, as = "json" } = {}) {
  const answer = await reach(method, address(path, query), body, signal);
  if (!answer.ok) throw await refusal(answer);
  if (as === "blob") return { blob: await answer.blob(), name: fileName(answer) };
  return answer.status === 204 ? null : await answer.json();
}

/** Return where `path` is, with those of `query` that say something. */
export function address(path, query = {}) {
  const said = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const words = new URLSearchParams(said).toString();
  return `api/v1/${path}${words ? `?${words}` : ""}`;
}

async function reach(method, where, body, signal) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const limit = AbortSignal.timeout(WAIT_MS);
  try {
    return await fetch(where, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal: (signal && AbortSignal.any?.([signal, limit])) ?? limit, // a browser of before 2024 has no any: there the limit alone ends it
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(0, []);
  }
}

async function refusal(answer) {
  const said = await answer.json().catch(() => ({}));
  return new Refused(answer.status, said.problems ?? [], Number(answer.headers.get("Retry-After")) || null);
}

function fileName(answer) {
  return /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? null;
}
