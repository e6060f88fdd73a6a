const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Returns true for an origin of the app: one of `PARLEY_ALLOWED_ORIGINS`. The origins there are separated by commas or
 * spaces and may have an app's own scheme. An empty setting allows every origin of this machine.
 */
export function isAllowedOrigin(setting: string, origin: string): boolean {
  const allowed = setting.split(/[\s,]+/).filter(Boolean);
  if (allowed.length > 0) return allowed.includes(origin);
  if (!URL.canParse(origin)) return false;
  const { protocol, hostname } = new URL(origin);
  return isWeb(protocol) && isLoopback(hostname);
}

/** Returns true for a host name of this machine. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.includes(hostname);
}

/** Returns true for the schemes of web pages. */
export function isWeb(protocol: string): boolean {
  return protocol === "http:" || protocol === "https:";
}
