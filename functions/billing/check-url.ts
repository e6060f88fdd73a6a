import { AppError } from "../_shared/errors.ts";

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** Throws `url_not_allowed` unless users may be sent there: the origins of the setting, or loopback when it is empty. */
export function requireAllowed(allowedOrigins: string, urls: string[]): void {
  const allowed = allowedOrigins.split(/[\s,]+/).filter(Boolean);
  for (const text of urls) {
    const url = new URL(text);
    const isAllowed = allowed.length > 0
      ? allowed.some((origin) => origin === url.origin)
      : LOOPBACK.includes(url.hostname);
    const isWeb = url.protocol === "http:" || url.protocol === "https:";
    if (!isAllowed || !isWeb) {
      throw new AppError("url_not_allowed", { details: { origin: url.origin } });
    }
  }
}
