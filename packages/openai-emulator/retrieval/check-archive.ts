import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import { tooLarge } from "./extraction-error.ts";

/** What all entries together may unpack to, in bytes. */
const LARGEST_ARCHIVE = 100 * 1024 * 1024;

/** A directory of more entries is itself more than a document needs. */
const MOST_ENTRIES = 10_000;

/** What the XML among them may: a tree in memory takes many times its text. */
const LARGEST_XML = 20 * 1024 * 1024;

/**
 * Throws when a zip archive unpacks to too much, before anything of it is unpacked into memory: first
 * by the sizes in its directory, then by holding every entry to its size without keeping its bytes.
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

/** The reader itself throws as soon as an entry has more bytes than the directory says. */
async function holdToSize(archive: ZipFile, entry: Entry): Promise<void> {
  for await (const _ of await archive.openReadStreamPromise(entry));
}
