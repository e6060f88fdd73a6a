import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { isEncrypted } from "../../../functions/_shared/session-files/explain-unsearchable.ts";

async function fixture(name: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(new URL(`../../fixtures/files/${name}`, import.meta.url)));
}

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const PDF = "application/pdf";
const WORD = "application/msword";
const plain = await fixture("libreoffice.doc");
const locked = plain.slice();
const wordText = Buffer.from(locked).indexOf("eca50101", "hex");
locked[wordText + 11] = (locked[wordText + 11] ?? 0) | 1;

test.for<[what: string, type: string, bytes: Uint8Array, encrypted: boolean]>([
  ["a PDF with a password", PDF, await fixture("qpdf-locked.pdf"), true],
  ["a damaged PDF", PDF, new TextEncoder().encode("%PDF-1.7 about /Encryption, /Encrypt"), false],
  ["a Word document with a password", WORD, locked, true],
  ["a Word document", WORD, plain, false],
])("%s: encryption is found wherever a chunk ends", async ([, type, bytes, encrypted]) => {
  for (const size of [1, 13, 64, 1_000_000]) {
    expect(await isEncrypted(type, inChunks(bytes, size))).toBe(encrypted);
  }
});
