const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * True for a web address that the app is served from: of an origin in `PARLEY_ALLOWED_ORIGINS` (separated by commas or
 * spaces), or on this machine when the setting is empty.
 */
export function isAllowedOrigin(setting: string, url: URL): boolean {
  const isWeb = url.protocol === "http:" || url.protocol === "https:";
  const allowed = setting.split(/[\s,]+/).filter(Boolean);
  return isWeb &&
    (allowed.length > 0 ? allowed.includes(url.origin) : LOOPBACK.includes(url.hostname));
}
