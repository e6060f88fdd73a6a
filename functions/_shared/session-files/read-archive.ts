import { configure, type Entry, Uint8ArrayReader, ZipReader } from "@zip.js/zip.js";
import { SaxesParser } from "saxes";
import { UnreadableFileError } from "./unreadable-file.ts";

/** The most entries of an archive. A document needs some tens, and one for each picture. */
const MOST_ENTRIES = 2_000;
/**
 * The most bytes that are unpacked of an archive, counted while they are read. More would
 * take more than the 2 s of CPU time that a request on Supabase has.
 */
const MOST_UNPACKED = 40 * 1024 * 1024;

// Functions have no workers, and the runtime unpacks by itself.
configure({ useWebWorkers: false });

/** What a reader does with the parts of a document in XML. Names have no prefix. */
export interface MarkupHandlers {
  open?(name: string, attributes: Attributes): void;
  close?(name: string): void;
  text?(text: string): void;
}

/** Attributes by their names with prefix. */
export type Attributes = Readonly<Record<string, string>>;

/** A document that is a zip archive of XML files. */
export interface Archive {
  has(name: string): boolean;
  /** Reads one of its XML files while it is unpacked. Does nothing if there is none with this name. */
  read(name: string, handlers: MarkupHandlers): Promise<void>;
}

/** Opens an archive. Throws an UnreadableFileError, as its methods do: `damaged`, `encrypted` or `too_long`. */
export async function openArchive(bytes: Uint8Array): Promise<Archive> {
  const entries = new Map<string, Entry>();
  const reader = new ZipReader(new Uint8ArrayReader(bytes), { checkSignature: true });
  await orDamaged(async () => {
    for await (const entry of reader.getEntriesGenerator()) {
      if (entries.size >= MOST_ENTRIES) throw new UnreadableFileError("too_long");
      entries.set(entry.filename, entry);
    }
  });
  let unpacked = 0;
  const count = (size: number) => {
    unpacked += size;
    if (unpacked > MOST_UNPACKED) throw new UnreadableFileError("too_long");
  };
  return {
    has: (name) => entries.has(name),
    read: async (name, handlers) => {
      const entry = entries.get(name);
      if (entry === undefined || entry.directory) return;
      if (entry.encrypted) throw new UnreadableFileError("encrypted");
      const sink = new MarkupSink(handlers, count);
      await orDamaged(() => entry.getData(sink), sink);
    },
  };
}

/** Parses XML while its bytes arrive. Declared entities are not expanded, so a small file stays small. */
class MarkupSink extends WritableStream<Uint8Array> {
  /** What a reader has thrown. zip.js may throw another error, about the stream that has failed. */
  failure: unknown;

  constructor(handlers: MarkupHandlers, count: (size: number) => void) {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const parser = createParser(handlers);
    super({
      write: (chunk) =>
        this.#attempt(() => {
          count(chunk.byteLength);
          parser.write(decoder.decode(chunk, { stream: true }));
        }),
      close: () => this.#attempt(() => parser.write(decoder.decode()).close()),
    });
  }

  #attempt(work: () => unknown): void {
    try {
      work();
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

function createParser({ open, close, text }: MarkupHandlers) {
  const parser = new SaxesParser({ position: false, xmlns: false } as const);
  if (open) parser.on("opentag", ({ name, attributes }) => open(localName(name), attributes));
  if (close) parser.on("closetag", ({ name }) => close(localName(name)));
  if (text) parser.on("text", text);
  if (text) parser.on("cdata", text);
  return parser;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

async function orDamaged(work: () => Promise<unknown>, sink?: MarkupSink): Promise<void> {
  try {
    await work();
  } catch (error) {
    const cause = sink?.failure ?? error;
    throw cause instanceof UnreadableFileError
      ? cause
      : new UnreadableFileError("damaged", { cause });
  }
}
