import { compare, type Measure, quantile } from "./report.ts";

/** The quantities that were measured at one moment. */
export type Sample = Record<string, number>;

/** The allowed growth from the second to the last fifth: a share, or an absolute amount. */
export interface Slack {
  share: number;
  amount: number;
}

/**
 * Compares the median of the last fifth of a run with that of the second fifth. Samples are taken at equal
 * intervals; the first fifth is the warm-up.
 */
export function compareFifths(
  name: string,
  values: number[],
  { share, amount }: Slack,
  format: (value: number) => string,
): Measure {
  const fifth = (index: number) => {
    const [from, to] = [index, index + 1].map((n) => Math.floor((n * values.length) / 5));
    return quantile(values.slice(from, to), 0.5);
  };
  const [second, last] = [fifth(1), fifth(4)];
  const most = Math.ceil(100 * (1 + Math.max(share, amount / second))) / 100;
  return compare(`${name}, last fifth : second`, last, second, { format, target: { most } });
}
