import { quantile } from "./report.ts";

/** What was measured at one moment. */
export type Sample = Record<string, number>;

/** How a quantity went in the course of a run. */
export interface Course {
  start: number;
  middle: number;
  end: number;
  /** Whether the last fifth of the run is not above the second one, but for some slack: the first fifth warms up. */
  isFlat: boolean;
}

/** How far the last fifth may be above the second: this share of it, or this much. */
export interface Slack {
  share: number;
  amount: number;
}

/** The course of one quantity of samples that were taken at equal intervals. */
export function describeCourse(samples: Sample[], name: string, slack: Slack): Course {
  const values = samples.map((sample) => sample[name] ?? NaN);
  const fifth = (index: number) => {
    const [from, to] = [index, index + 1].map((n) => Math.floor((n * values.length) / 5));
    return quantile(values.slice(from, to), 0.5);
  };
  const [second, last] = [fifth(1), fifth(4)];
  return {
    start: values.at(0) ?? NaN,
    middle: values.at(values.length / 2) ?? NaN,
    end: values.at(-1) ?? NaN,
    isFlat: last <= Math.max(second * (1 + slack.share), second + slack.amount),
  };
}
