import { StorageError } from "./storage-error.ts";

/** The positions of the first and the last byte. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Reads the Range header. Returns null for the whole file, also when the header is malformed. Throws `InvalidRange`
 * when the range is outside the file. Source: https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
export function readRange(header: string | null, size: number): ByteRange | null {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/i.exec(header ?? "") ?? [];
  if (first === "" && last === "") return null;
  const range = first === ""
    ? { start: Math.max(size - Number(last), 0), end: size - 1 }
    : { start: Number(first), end: Math.min(last === "" ? Infinity : Number(last), size - 1) };
  if (first !== "" && last !== "" && Number(first) > Number(last)) return null;
  if (range.start > range.end) throw new StorageError("InvalidRange");
  return range;
}

/**
 * Returns true when the client already has this version.
 * Source: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function matchesETag(request: Request, eTag: string): boolean {
  const known = request.headers.get("if-none-match")?.split(",").map((each) =>
    each.trim().replace(/^W\//, "")
  );
  return known?.some((each) => each === "*" || each === eTag) ?? false;
}
