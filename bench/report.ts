/** One line of a benchmark's table. */
export interface Measure {
  name: string;
  /** The measured value as text. */
  value: string;
  /** The number behind `value`. */
  measured?: number;
  baseline?: Baseline;
  /** Applies to the ratio if there is a baseline, otherwise to the measured number. */
  target?: Target;
  /** The plan from Postgres; only in the file. */
  plan?: string;
}

/** The baseline of a measure. */
export interface Baseline {
  value: string;
  measured: number;
  /** The measured number divided by the baseline's. */
  ratio: number;
  /** The lowest and highest ratio of one round. */
  spread?: [number, number];
}

/** The limit for a number. */
export type Target = { most: number } | { least: number };

/** Returns the value below which `share` (0 to 1) of the samples lie. */
export function quantile(samples: number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Formats milliseconds. */
export function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}

/** The format of a measure's numbers, and its target. */
export interface MeasureOptions {
  format?: (value: number) => string;
  target?: Target;
}

/** Creates a measure without a baseline. */
export function measure(
  name: string,
  measured: number,
  { format = String, target }: MeasureOptions = {},
): Measure {
  return { name, value: format(measured), measured, target };
}

/** Creates a measure with a baseline. */
export function compare(
  name: string,
  measured: number,
  baseline: number,
  { format = milliseconds, target }: MeasureOptions = {},
): Measure {
  return {
    name,
    value: format(measured),
    measured,
    baseline: { value: format(baseline), measured: baseline, ratio: measured / baseline },
    target,
  };
}

/** Compares the medians of two lists of rounds whose samples were taken alternately. */
export function compareRounds(
  name: string,
  measured: number[][],
  baseline: number[][],
  options: MeasureOptions = {},
): Measure {
  const median = (samples: number[]) => quantile(samples, 0.5);
  const compared = compare(name, median(measured.flat()), median(baseline.flat()), options);
  const ratios = measured.map((samples, round) => median(samples) / median(baseline[round] ?? []));
  const spread: [number, number] = [Math.min(...ratios), Math.max(...ratios)];
  if (compared.baseline) compared.baseline.spread = spread;
  return compared;
}

/** Returns whether a measure meets its target; null without a target. */
export function meetsTarget({ measured, baseline, target }: Measure): boolean | null {
  const number = baseline?.ratio ?? measured;
  if (!target || number === undefined) return null;
  return "most" in target ? number <= target.most : number >= target.least;
}
