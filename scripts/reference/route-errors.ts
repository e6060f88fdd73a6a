import { errors, type HttpErrorCode } from "../../types/errors.ts";
import type { Route, RouteAuth } from "../../types/route.ts";

/** The callers of a route, in words. */
export const authWords: Record<RouteAuth, string> = {
  none: "everyone",
  publishable: "the publishable key",
  user: "a signed-in user",
  secret: "the secret key",
  signature: "Stripe's signature",
};

/** Returns the codes that a route can answer: its own, and those that all routes of its kind share. */
export function errorsOf({ auth, json, form, method, errors: own }: Route): HttpErrorCode[] {
  const hasBody = method === "POST" || method === "PATCH";
  return [
    ...json || form ? ["invalid_json", "invalid_request"] as const : [],
    ...auth === "none" || auth === "signature" ? [] : ["unauthorized"] as const,
    ...own,
    ...hasBody ? ["request_timeout", "payload_too_large"] as const : [],
    "internal",
    "database_outdated",
  ];
}

/** Groups codes by their HTTP status, lowest first. */
export function byStatus(codes: HttpErrorCode[]): [status: number, codes: HttpErrorCode[]][] {
  return [...Map.groupBy(codes, (code) => errors[code].status)].toSorted(([a], [b]) => a - b);
}
