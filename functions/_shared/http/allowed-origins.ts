const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * True for an origin that the app is served from: one of `PARLEY_ALLOWED_ORIGINS`, which are separated by commas or
 * spaces and may have an app's own scheme, or any on this machine when the setting is empty.
 */
export function isAllowedOrigin(setting: string, origin: string): boolean {
  const allowed = setting.split(/[\s,]+/).filter(Boolean);
  if (allowed.length > 0) return allowed.includes(origin);
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname } = new URL(origin);
  return isWeb(protocol) && LOOPBACK.includes(hostname);
}

/** True for the schemes of pages. */
export function isWeb(protocol: string): boolean {
  return protocol === "http:" || protocol === "https:";
}
