/** One line of a benchmark's table. */
export interface Measure {
  name: string;
  /** What was measured, as a person reads it. */
  value: string;
  /** The number behind `value`. */
  measured?: number;
  baseline?: Baseline;
  /** Of the ratio when there is a baseline, else of the measured number. */
  target?: Target;
  /** How Postgres ran it; in the file only. */
  plan?: string;
}

/** What something was measured against. */
export interface Baseline {
  value: string;
  measured: number;
  /** The measured number by the baseline's. */
  ratio: number;
  /** The lowest and highest ratio of one round. */
  spread?: [number, number];
}

/** What a number is to be. */
export type Target = { most: number } | { least: number };

/** The value below which `share` (0 to 1) of the samples lie. */
export function quantile(samples: number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Milliseconds as a person reads them. */
export function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}

/** How numbers of a measure are written, and what is asked of it. */
export interface MeasureOptions {
  format?: (value: number) => string;
  target?: Target;
}

/** A number that stands alone. */
export function measure(
  name: string,
  measured: number,
  { format = String, target }: MeasureOptions = {},
): Measure {
  return { name, value: format(measured), measured, target };
}

/** A number against another of its kind. */
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

/** Medians of samples against medians of others, taken in turn with them; both are lists of rounds. */
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

/** Whether a measure is what it is to be; null when nothing is asked of it. */
export function meetsTarget({ measured, baseline, target }: Measure): boolean | null {
  const number = baseline?.ratio ?? measured;
  if (!target || number === undefined) return null;
  return "most" in target ? number <= target.most : number >= target.least;
}
