import fc from "fast-check";
import iconv from "iconv-lite";
import { expect, test } from "vitest";
import {
  detectEncoding,
  ENCODING_SAMPLE_BYTES,
} from "../../../functions/_shared/session-files/detect-encoding.ts";
import { examineKind } from "../../../functions/_shared/session-files/file-kinds.ts";
import { findEncoding, recodeText } from "../../../functions/_shared/session-files/recode-text.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

const GERMAN = "Die Gebühr beträgt zwölf Euro. Grüße aus München, schöne Straße über Öl.\n";
const JAPANESE = "今週の売上報告です。東京の店舗では売り上げが先週より増えました。\n";
const CHINESE = "本周销售报告。北京门店的销售额比上周有所增加。请查看附件中的详细信息。\n";
const RUSSIAN = "Отчёт о продажах за неделю. В Москве продажи выросли по сравнению с прошлой.\n";

/** Every encoding here must give back exactly the text. */
const ENCODED: [text: string, encoding: string][] = [
  [GERMAN, "windows-1252"],
  [GERMAN, "utf-16le"],
  [GERMAN, "utf-16be"],
  [JAPANESE, "shift_jis"],
  [JAPANESE, "euc-jp"],
  [JAPANESE, "utf-16le"],
  [JAPANESE, "utf-16be"],
  [CHINESE, "gbk"],
  ["本週銷售報告。台北門市的銷售額比上週有所增加。請查看附件中的詳細資訊。\n", "big5"],
  ["이번 주 매출 보고서입니다. 서울 매장의 매출이 지난주보다 증가했습니다.\n", "euc-kr"],
  [RUSSIAN, "windows-1251"],
  [RUSSIAN, "koi8-r"],
  ["Zażółć gęślą jaźń. Sprzedaż wzrosła w tym tygodniu w Łodzi i Gdańsku.\n", "windows-1250"],
  ["Οι πωλήσεις αυξήθηκαν αυτή την εβδομάδα στην Αθήνα.\n", "windows-1253"],
];

function encode(text: string, encoding: string): Uint8Array {
  return Uint8Array.from(iconv.encode(text, encoding, { addBOM: false }));
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Returns the text that is sent to OpenAI. */
async function convert(bytes: Uint8Array, size = 1_000): Promise<string> {
  const encoding = await findEncoding(inChunks(bytes, size));
  if (encoding === null) return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const { body } = new Response(bytes.slice());
  return body === null ? "" : await new Response(recodeText(body, encoding)).text();
}

test.for<[what: string, name: string, start: Uint8Array, type: string]>([
  ["a PDF", "a.pdf", utf8("%PDF-1.4\n1 0 obj"), "application/pdf"],
  ["a PDF after a blank line", "a", utf8("\r\n%PDF-1.4\n1 0 obj"), "application/pdf"],
  ["a PDF after a mark", "a", utf8("\ufeff%PDF-1.4\n1 0 obj"), "application/pdf"],
  [
    "a PDF after the header of a mail",
    "a.pdf",
    utf8(`${"From: a\n".repeat(100)}%PDF-1.4\n`),
    "application/pdf",
  ],
  ["a PDF after bytes", "a.bin", latin1("\x00\x01junk%PDF-1.7\n\xe2\xe3"), "application/pdf"],
  ["a text about PDF", "pdf.md", utf8("A PDF begins with %PDF-1.4."), "text/markdown"],
  ["a text about WEBP", "a.txt", utf8("Convert WEBP to PNG"), "text/plain"],
  ["a text about GIF", "a.md", utf8("GIF89a is a version of GIF."), "text/markdown"],
  ["a text about RIFF", "a.txt", utf8("RIFFxxxxWEBP are the first bytes."), "text/plain"],
  ["a text about archives", "a.txt", utf8("PK is where an archive begins."), "text/plain"],
  ["a WEBP", "a.txt", latin1("RIFF\x24\x00\x00\x00WEBPVP8 "), "image/webp"],
  ["a GIF", "a.txt", latin1("GIF89a\x01\x00\x01\x00\x80"), "image/gif"],
  ["a PNG", "a.txt", latin1("\x89PNG\r\n\x1a\n\x00"), "image/png"],
  ["a JPEG", "a.txt", latin1("\xff\xd8\xff\xe0\x00\x10JFIF"), "image/jpeg"],
  ["RTF", "a.txt", utf8("{\\rtf1\\ansi Hello"), "application/rtf"],
  ["a table", "a.csv", utf8("a,b\n1,2"), "text/csv"],
  ["an unknown text", "a.log", utf8("Hello"), "text/plain"],
  [
    "an old Word document",
    "a.doc",
    latin1("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    "application/msword",
  ],
])("%s is recognized by its content", ([, name, start, type]) => {
  expect(examineKind(name, start)).toMatchObject({ type });
});

test.for<[what: string, name: string, start: Uint8Array, refusal: string]>([
  ["a program", "a.txt", latin1("\x7fELF\x02\x01\x01\x00"), "unsupported_file_type"],
  ["a song", "a.txt", latin1("\xff\xfb\x90\x00"), "unsupported_file_type"],
  ["an archive", "a.zip", latin1("PK\x03\x04\x14\x00"), "unsupported_file_type"],
  ["an encrypted sheet", "a.xlsx", latin1("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "encrypted"],
  ["an old sheet", "a.xls", latin1("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "unsupported_file_type"],
  ["a text that could be any", "a.txt", latin1("\xe9\xe8\xdf\xa4"), "unknown_encoding"],
  ["bytes without a kind", "a.bin", latin1("\xe9\xe8\xdf\xa4"), "unsupported_file_type"],
])("%s is refused", ([, name, start, refusal]) => {
  expect(examineKind(name, start)).toBe(refusal);
});

test("a text of any characters in UTF-8 is a text, wherever the sample ends", () => {
  const words = fc.string({ unit: "grapheme", minLength: 1 })
    // deno-lint-ignore no-control-regex
    .filter((text) => !/[\x00-\x1f]/.test(text) && !/^\s*(%PDF|\{\\rtf|PK)/.test(text));
  fc.assert(fc.property(words, fc.nat(), (text, cut) => {
    const bytes = utf8(`Text: ${text}`);
    expect(detectEncoding(bytes.subarray(0, 6 + (cut % (bytes.length - 5))))).toBe("utf-8");
  }));
});

test("bytes of no kind give an answer and no error", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (bytes, name) => {
    const kind = examineKind(name, bytes);
    if (typeof kind !== "string") expect(kind.extension).toMatch(/^\.[a-z]+$/);
  }));
});

test.for(ENCODED)("%s arrives as UTF-8 from %s", async ([text, encoding]) => {
  const bytes = encode(text.repeat(3), encoding);
  expect(await convert(bytes)).toBe(text.repeat(3));
  expect(await convert(bytes, 7)).toBe(text.repeat(3));
  // The first letter beyond ASCII may come late.
  const late = "Only ASCII here.\n".repeat(10_000) + text.repeat(3);
  expect(await convert(encode(late, encoding))).toBe(late);
});

test("UTF-8 is sent as it is, and marks of UTF-16 are followed", async () => {
  expect(await findEncoding(inChunks(utf8(GERMAN), 3))).toBeNull();
  expect(await convert(Uint8Array.of(0xff, 0xfe, ...encode("Grüße", "utf-16le")))).toBe("Grüße");
  expect(await convert(Uint8Array.of(0xfe, 0xff, ...encode("Grüße", "utf-16be")))).toBe("Grüße");
});

test("a text that names its encoding is read in it", async () => {
  const html = `<html><meta charset="windows-1250"><p>Příliš žluťoučký kůň úpěl ďábelské ódy.</p>`;
  expect(await convert(encode(html, "windows-1250"))).toBe(html);
});

test("a text in ISO-2022-JP has only ASCII bytes and is still recognized", async () => {
  const escaped = "\x1b$B:#=5$NGd>eJs9p\x1b(B\n".repeat(5);
  expect(await convert(utf8(escaped))).toContain("今週の売上報告");
});

test("a few damaged places do not make UTF-8 another encoding", async () => {
  const bytes = utf8(JAPANESE.repeat(20));
  bytes[100] = 0xff;
  const text = await convert(bytes);
  expect(text).toContain("今週の売上報告です。");
  expect(text).toContain("\ufffd");
  expect(await convert(utf8(JAPANESE).subarray(0, 10))).toBe("今週の\ufffd");
});

test("what cannot be read says why", async () => {
  const why = (bytes: Uint8Array) => convert(bytes).catch((error) => error.code);
  expect(await why(utf8(" \n\t\n"))).toBe("no_text");
  expect(await why(latin1("\xe9\xe8\xdf\xa4".repeat(3)))).toBe("unknown_encoding");
  expect(await why(latin1("text and \x00\x01\x02 bytes"))).toBe("damaged");
});

test("no more than two samples are held of a long text", async () => {
  const line = encode(GERMAN, "windows-1252");
  async function* lines() {
    for (let n = 0; n < 200_000; n += 1) yield line;
  }
  const before = process.memoryUsage().arrayBuffers;
  expect(await findEncoding(lines())).toMatch(/windows-1252|iso-8859-1/);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * ENCODING_SAMPLE_BYTES);
});
