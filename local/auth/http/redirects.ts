/** The target of links without an allowed address, the same as `site_url` in config.toml. */
export const SITE_URL = "http://127.0.0.1:3000";

/**
 * Returns the target of a verified link: `wanted` if it is on this machine or in an allowed origin, else the site.
 * Source: https://supabase.com/docs/guides/auth/redirect-urls
 */
export function resolveRedirect(wanted: string | null | undefined, allowed: string[]): string {
  const url = wanted && URL.canParse(wanted) ? new URL(wanted) : null;
  if (!url || !(isLoopback(url) || allowed.some((entry) => isWithin(url, entry)))) return SITE_URL;
  // Returns the URL as browsers read it. An origin without a slash stays without one.
  return url.href === `${wanted}/` ? url.href.slice(0, -1) : url.href;
}

/** Returns the allowed target for the redirect that a request asks for. */
export function requestedRedirect(
  request: Request,
  { allowedOrigins }: { allowedOrigins: string[] },
  inBody?: string,
): string {
  const inQuery = new URL(request.url).searchParams.get("redirect_to");
  return resolveRedirect(inBody || inQuery || request.headers.get("referer"), allowedOrigins);
}

function isLoopback({ protocol, hostname }: URL): boolean {
  return /^https?:$/.test(protocol) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** Compares scheme, host and port, so that an app's own scheme (`app://callback`) can be allowed too. */
function isWithin(url: URL, entry: string): boolean {
  if (!URL.canParse(entry)) return false;
  const { protocol, host } = new URL(entry);
  return url.protocol === protocol && url.host === host && host !== "";
}
