import { isAllowedOrigin, isWeb } from "../_shared/http/allowed-origins.ts";
import { AppError } from "../_shared/http/errors.ts";

/**
 * Returns a URL as it was parsed, so that Stripe gets exactly what was checked. Throws `url_not_allowed` unless users
 * may be sent there: to an origin of the setting, or to loopback when the setting is empty.
 */
export function requireAllowed(allowedOrigins: string, text: string): string {
  const url = new URL(text);
  if (!isWeb(url.protocol) || !isAllowedOrigin(allowedOrigins, url.origin)) {
    throw new AppError("url_not_allowed", { details: { origin: url.origin } });
  }
  // A parsed path has its braces escaped, and Stripe would not recognize its placeholder.
  return url.href.replaceAll("%7BCHECKOUT_SESSION_ID%7D", "{CHECKOUT_SESSION_ID}");
}
