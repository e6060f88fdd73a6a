import { type Measure, meetsTarget } from "./report.ts";

const WIDTHS = [64, 16, 16, 20, 8];

/** The heading of the table. */
export const HEADING = formatColumns([
  "name",
  "measured",
  "baseline",
  "ratio (of rounds)",
  "target",
  "",
]);

/** Formats one line of the table. */
export function formatRow(measure: Measure): string {
  const { name, value, baseline } = measure;
  const verdict = { true: "ok", false: "MISS", null: "" }[`${meetsTarget(measure)}`];
  return formatColumns([
    name,
    value,
    baseline?.value ?? "",
    formatRatio(baseline),
    formatTarget(measure),
    verdict,
  ]);
}

function formatColumns(columns: string[]): string {
  return columns.map((text, index) => text.padEnd(WIDTHS[index] ?? 0)).join(" ").trimEnd();
}

function formatRatio(baseline: Measure["baseline"]): string {
  if (!baseline) return "";
  const { ratio, spread } = baseline;
  const range = spread ? ` (${spread.map((end) => end.toFixed(2)).join("–")})` : "";
  return `${ratio.toFixed(2)}x${range}`;
}

function formatTarget({ target, baseline }: Measure): string {
  if (!target) return "";
  const unit = baseline ? "x" : "";
  return "most" in target ? `≤ ${target.most}${unit}` : `≥ ${target.least}${unit}`;
}
