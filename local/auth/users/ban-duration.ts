import { AuthError } from "../http/errors.ts";

const UNIT_MS: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const TERM = /(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g;
const DURATION = new RegExp(`^[-+]?(?:(?:${TERM.source})+|0)$`);
/** Go stores a duration as nanoseconds in 64 bits. */
const LONGEST_MS = 2 ** 63 / 1e6;

/**
 * Returns the end of a ban of this length; null for `none`. Throws unless it is a Go duration such as `1h30m`.
 * Source: https://pkg.go.dev/time#ParseDuration
 */
export function banEnd(duration: string, now = Date.now()): Date | null {
  if (duration === "none") return null;
  const length = durationMs(duration);
  return length === 0 ? null : new Date(now + length);
}

function durationMs(duration: string): number {
  const terms = [...duration.matchAll(TERM)];
  const sum = terms.reduce((ms, [, count, unit]) => ms + Number(count) * (UNIT_MS[unit!] ?? 0), 0);
  if (!DURATION.test(duration) || sum >= LONGEST_MS) {
    throw new AuthError("validation_failed", "invalid format for ban duration");
  }
  return duration.startsWith("-") ? -sum : sum;
}
