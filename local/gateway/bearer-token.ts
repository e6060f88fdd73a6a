/** Returns the token of an `authorization: Bearer …` header; undefined when the headers have none. */
export function bearerToken(headers: Headers): string | undefined {
  return headers.get("authorization")?.match(/^Bearer\s+(.+)$/i)?.[1];
}
