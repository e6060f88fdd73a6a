import { isAllowedOrigin, isWeb } from "../_shared/http/allowed-origins.ts";
import { AppError } from "../_shared/http/errors.ts";

/** Throws `url_not_allowed` unless users may be sent there: the origins of the setting, or loopback when it is empty. */
export function requireAllowed(allowedOrigins: string, urls: string[]): void {
  for (const text of urls) {
    const url = new URL(text);
    if (!isWeb(url.protocol) || !isAllowedOrigin(allowedOrigins, url.origin)) {
      throw new AppError("url_not_allowed", { details: { origin: url.origin } });
    }
  }
}
