const UNITS = [["d", 86_400], ["h", 3600], ["min", 60]] as const;

/** Formats seconds in the largest unit that fits. */
export function formatAge(seconds: number | null): string {
  if (seconds === null) return "–";
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}
