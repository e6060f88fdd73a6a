import { once } from "node:events";
import { Worker } from "node:worker_threads";
import * as z from "zod";
import { ExtractionError } from "./extraction-error.ts";

/** The memory for parsing one document; a small file can unfold into gigabytes of objects. */
const MEGABYTES = 512;
const MILLISECONDS = 60_000;

const Outcome = z.union([
  z.object({ text: z.string() }),
  z.object({ code: z.enum(["unsupported_file", "invalid_file"]), message: z.string() }),
]);

/** The kinds of documents that a third-party parser reads. */
export const DocumentKind = z.enum(["doc", "docx", "pdf", "pptx"]);
export type DocumentKind = z.infer<typeof DocumentKind>;

/** The message that the thread sends when it is done. */
export type Outcome = z.infer<typeof Outcome>;

/**
 * Returns the text of a document that a third-party parser reads. The parser runs in a thread with limits on
 * memory and time, so it can neither exhaust nor block this process. Throws if the parser fails or exceeds
 * the limits.
 */
export async function extractApart(kind: DocumentKind, content: Buffer): Promise<string> {
  const worker = new Worker(new URL("./extract-worker.ts", import.meta.url), {
    workerData: { kind, content },
    resourceLimits: { maxOldGenerationSizeMb: MEGABYTES },
    // Parsers write warnings about the parts that they skip.
    stdout: true,
    stderr: true,
  });
  try {
    const [said] = await once(worker, "message", { signal: AbortSignal.timeout(MILLISECONDS) });
    const outcome = Outcome.parse(said);
    if ("text" in outcome) return outcome.text;
    throw new ExtractionError(outcome.code, outcome.message);
  } finally {
    await worker.terminate();
  }
}
