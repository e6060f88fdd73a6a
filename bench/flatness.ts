import { compare, type Measure, quantile } from "./report.ts";

/** What was measured at one moment. */
export type Sample = Record<string, number>;

/** How far the last fifth may be above the second: this share of it, or this much. */
export interface Slack {
  share: number;
  amount: number;
}

/**
 * One quantity of samples that were taken at equal intervals: the median of the last fifth of the run against that of
 * the second one, for the first warms up.
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
