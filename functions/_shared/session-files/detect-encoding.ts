import chardet from "chardet";

/** The bytes from which the encoding of a text is detected. More of them change no guess. */
export const ENCODING_SAMPLE_BYTES = 64 * 1024;
/** A shorter text says too little about its encoding. */
const LEAST_BYTES = 16;
/** Below this confidence, in percent, a guess of the detector is not used. */
const LEAST_CONFIDENCE = 20;
/** The lead in percent that a guess needs over the next one that would give another text. */
const LEAST_LEAD = 8;

/** The part of broken characters below which a text counts as UTF-8 with a few damaged places. */
const MOST_BROKEN = 0.1;

/** A text encoding of the Encoding Standard, such as `shift_jis`. Source: https://encoding.spec.whatwg.org/#names */
export type Encoding = string;

/** Control characters that no text contains. Tabs, line ends and the escapes of ISO-2022 are none of them. */
// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/;
/** What a text in UTF-16 may contain besides controls that are white space. */
const READABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\t\n\r\f\u200b-\u200f\u2060\ufeff]*$/u;
/** ASCII letters, digits and blanks, and the blanks and marks of Chinese and Japanese. Every longer text has some. */
const COMMON = /[A-Za-z0-9 \n\r\t\u3000-\u3002\uff0c]/g;
/** An encoding that HTML, XML, CSS or a source file names in its first lines. */
const DECLARED = /(?:charset|encoding|coding)\s*[:=]?\s*["']?([A-Za-z][\w.:-]{1,30})/;

/**
 * Returns the encoding of a text by its beginning, which may end within a character. Returns null for bytes that are
 * no text, and "unknown" for a text whose encoding cannot be told with confidence.
 */
export function detectEncoding(sample: Uint8Array): Encoding | "unknown" | null {
  const marked = readMark(sample);
  if (marked !== null) return isText(decode(sample, marked)) ? marked : null;
  const utf8 = decode(sample, "utf-8");
  if (utf8 !== null && isText(utf8)) return utf8.includes("\x1b$") ? guess(sample) : "utf-8";
  if (!isText(decode(sample, "windows-1252"))) return detectUtf16(sample);
  if (isMostlyUtf8(sample)) return "utf-8";
  return readDeclared(sample) ?? guess(sample);
}

function readMark([first, second, third]: Uint8Array): Encoding | null {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return first === 0xef && second === 0xbb && third === 0xbf ? "utf-8" : null;
}

/** Detects UTF-16 without a mark: in the right byte order, the text is readable and has more common characters. */
function detectUtf16(sample: Uint8Array): Encoding | null {
  const [best, other] = ["utf-16le", "utf-16be"]
    .map((encoding) => ({ encoding, common: countCommon(sample, encoding) }))
    .toSorted((one, another) => another.common - one.common);
  return best && other && best.common > other.common ? best.encoding : null;
}

/** Bytes in ASCII that are read as UTF-16 look Chinese: https://en.wikipedia.org/wiki/Bush_hid_the_facts */
function looksChinese(sample: Uint8Array, text: string): boolean {
  const ascii = sample.filter((byte) => byte < 0x7f && byte > 0x08).length;
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return ascii > sample.length * 0.6 && han > text.length * 0.5;
}

function isMostlyUtf8(sample: Uint8Array): boolean {
  const foreign = Array.from(new TextDecoder().decode(sample)).filter((each) => each > "\x7f");
  return foreign.filter((each) => each === "\ufffd").length <= foreign.length * MOST_BROKEN;
}

function countCommon(sample: Uint8Array, encoding: Encoding): number {
  const text = decode(sample, encoding);
  if (text === null || !READABLE.test(text) || looksChinese(sample, text)) return 0;
  return text.match(COMMON)?.length ?? 0;
}

/** Returns the encoding that the text itself names, if it decodes the text. */
function readDeclared(sample: Uint8Array): Encoding | null {
  const head = new TextDecoder("windows-1252").decode(sample.subarray(0, 1_024));
  const name = DECLARED.exec(head)?.[1];
  const isUsable = name !== undefined && isText(decode(sample, name));
  // These two would make nonsense of bytes that have just failed as UTF-8.
  return isUsable && !/^utf-?(8|16)/i.test(name) ? name.toLowerCase() : null;
}

function guess(sample: Uint8Array): Encoding | "unknown" {
  const guesses = chardet.analyse(sample)
    .map(({ name, confidence }) => ({ name, confidence, text: decode(sample, name) }))
    .filter(({ text }) => isText(text));
  const [best] = sample.byteLength < LEAST_BYTES ? [] : guesses;
  if (best === undefined || best.confidence < LEAST_CONFIDENCE) return "unknown";
  const rival = guesses.find(({ text }) => text !== best.text);
  const lead = best.confidence - (rival?.confidence ?? 0);
  return lead >= LEAST_LEAD ? best.name.toLowerCase() : "unknown";
}

function isText(text: string | null): text is string {
  return text !== null && !CONTROLS.test(text);
}

/** Returns null for an unknown encoding, and for bytes that are invalid in it. */
function decode(sample: Uint8Array, encoding: string): string | null {
  try {
    // The sample may end in the middle of a character.
    return new TextDecoder(encoding, { fatal: true }).decode(sample, { stream: true });
  } catch {
    return null;
  }
}
