import type Stripe from "stripe";

const DAY = 86_400;

/** Returns the current time in whole seconds since 1970, as Stripe writes times. */
export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Returns the time `days` days after `start`. */
export function addDays(start: number, days: number): number {
  return start + days * DAY;
}

/**
 * Returns the end of the period that begins at `start`, in seconds. Months are counted from `anchor`. A
 * subscription from the 31st therefore returns to the 31st after a short month
 * (https://docs.stripe.com/billing/subscriptions/billing-cycle).
 */
export function endOfPeriod(
  anchor: number,
  start: number,
  { interval, interval_count: count }: Pick<Stripe.Price.Recurring, "interval" | "interval_count">,
): number {
  if (interval === "day") return addDays(start, count);
  if (interval === "week") return addDays(start, 7 * count);
  const months = interval === "year" ? 12 * count : count;
  for (let cycle = 1;; cycle++) {
    const end = addMonths(anchor, months * cycle);
    if (end > start) return end;
  }
}

function addMonths(start: number, months: number): number {
  const date = new Date(start * 1000);
  const day = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() + months);
  // The date is past the end of a short month; day 0 is the last day of that month.
  if (date.getUTCDate() !== day) date.setUTCDate(0);
  return date.getTime() / 1000;
}
