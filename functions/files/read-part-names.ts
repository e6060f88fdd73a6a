import { parse } from "content-disposition";

/** The name of a part of a form, and the file name of a file. */
export interface PartNames {
  name: string;
  fileName: string | undefined;
}

/** The part that is the file. Some clients send no file name with it. */
const FILE_PART = "file";
/** Words in RFC 2047, as .NET and Java write names beyond ASCII: `=?utf-8?B?…?=`. */
const ENCODED_WORD = /=\?([\w.:-]+)(?:\*[\w-]+)?\?([bq])\?([^?\s]*)\?=/gi;
const ONLY_ENCODED_WORDS = /^(?:\s*=\?[^?\s]+\?[bq]\?[^?\s]*\?=)+\s*$/i;

/**
 * Reads the names of a part from its headers, in the ways of common clients: names as tokens or in quotes, with
 * characters after a backslash or as `%22`, as `filename*` (RFC 8187), and in encoded words (RFC 2047).
 */
export function readPartNames(headers: Uint8Array): PartNames {
  const lines = decode(headers).replace(/\r\n[ \t]+/g, " ");
  // To `.`, `^` and `$`, the line separators U+2028 and U+2029 end a line, and a name may contain them.
  const disposition = /(?:^|[\r\n])content-disposition:([^\r\n]*)/i.exec(lines)?.[1]?.trim() ?? "";
  const { name = "", filename } = readParameters(disposition);
  const fileName = filename ?? (name === FILE_PART ? FILE_PART : undefined);
  return { name, fileName: fileName === undefined ? undefined : unescapeName(fileName) };
}

function readParameters(disposition: string): Partial<Record<string, string>> {
  try {
    // A backslash is part of a path on Windows, unless it comes before a quotation mark or another backslash.
    return parse(disposition.replace(/\\["\\]|\\/g, (found) => found === "\\" ? "\\\\" : found))
      .parameters;
  } catch {
    return {};
  }
}

/** Old clients send names in the encoding of their system. */
function decode(headers: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(headers);
  } catch {
    return new TextDecoder("windows-1252").decode(headers);
  }
}

/** Browsers escape quotation marks and line ends: https://html.spec.whatwg.org/#multipart-form-data */
function unescapeName(name: string): string {
  const whole = ONLY_ENCODED_WORDS.test(name) ? decodeWords(name) : name;
  return whole.replace(/%0d|%0a/gi, " ").replaceAll("%22", '"');
}

/** Decodes encoded words. A character may be split between two of them, so their bytes are joined first. */
function decodeWords(name: string): string {
  const words = [...name.matchAll(ENCODED_WORD)].map(([, charset = "", encoding, text = ""]) => ({
    charset,
    bytes: encoding?.toLowerCase() === "b" ? decodeBase64(text) : decodeQuoted(text),
  }));
  const [first] = words;
  try {
    const decoder = new TextDecoder(first?.charset);
    return words.map(({ bytes }) => decoder.decode(toBytes(bytes), { stream: true })).join("") +
      decoder.decode();
  } catch {
    return name;
  }
}

function decodeBase64(text: string): string {
  try {
    return atob(text);
  } catch {
    return "";
  }
}

function decodeQuoted(text: string): string {
  return text.replaceAll("_", " ").replace(
    /=([0-9a-f]{2})/gi,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
}

function toBytes(latin1: string): Uint8Array {
  return Uint8Array.from(latin1, (character) => character.charCodeAt(0));
}
