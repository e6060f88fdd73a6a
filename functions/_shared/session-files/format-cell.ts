/** Day 0 of Excel. It takes 1900 for a leap year, so this is right from March 1900 on. */
const DAY_0 = Date.UTC(1899, 11, 30);
const DAYS_TO_1904 = 1_462;
/** Excel shows no day after 9999. */
const LAST_DAY = 2_958_465;

/** Returns a number without the noise of binary fractions: `0.1 + 0.2` is shown as `0.3`. */
export function formatNumber(value: number): string {
  return String(Number(value.toPrecision(15)));
}

/** Returns a day of Excel as a date, a date with time, or a time of day or duration. */
export function formatDate(days: number, isFrom1904: boolean): string {
  const day = isFrom1904 ? days + DAYS_TO_1904 : days;
  if (!(day >= 0 && day <= LAST_DAY)) return formatNumber(days);
  const [date = "", time = ""] = new Date(DAY_0 + Math.round(day * 86_400) * 1_000).toISOString()
    .slice(0, 19).split("T");
  const clock = time.endsWith(":00") ? time.slice(0, 5) : time;
  if (days < 1) return clock;
  return clock === "00:00" ? date : `${date} ${clock}`;
}
