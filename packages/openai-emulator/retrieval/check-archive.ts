import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import { tooLarge } from "./extraction-error.ts";

/** The maximum that all entries may unpack to together, in bytes. */
const LARGEST_ARCHIVE = 100 * 1024 * 1024;

/** The maximum of entries; no document needs more. */
const MOST_ENTRIES = 10_000;

/**
 * The maximum for the XML among them, in bytes. It is lower because the parsed tree needs many times the
 * memory of its text.
 */
const LARGEST_XML = 20 * 1024 * 1024;

/**
 * Throws if a zip archive unpacks to too much, before any of it is unpacked into memory. It first adds up the
 * sizes in the directory. Then it reads every entry, without keeping the bytes, to check that its size is
 * true.
 */
export async function checkArchive(content: Buffer): Promise<void> {
  const archive = await fromBufferPromise(content);
  if (archive.entryCount > MOST_ENTRIES) throw tooLarge();
  const entries = await Array.fromAsync(archive.eachEntry());
  const markup = entries.filter(({ fileName }) => /\.(?:xml|rels)$/i.test(fileName));
  if (totalSize(entries) > LARGEST_ARCHIVE || totalSize(markup) > LARGEST_XML) throw tooLarge();
  for (const entry of entries) await holdToSize(archive, entry);
}

function totalSize(entries: readonly Entry[]): number {
  return entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
}

/** Reads an entry to its end. The library throws when an entry has more bytes than the directory says. */
async function holdToSize(archive: ZipFile, entry: Entry): Promise<void> {
  for await (const _ of await archive.openReadStreamPromise(entry));
}
