import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { ExtractionError } from "./extraction-error.ts";

/** What parsing one document may take: a small file can be made to unfold into gigabytes of objects. */
const MEGABYTES = 512;
const MILLISECONDS = 60_000;

const Outcome = z.union([
  z.object({ text: z.string() }),
  z.object({ code: z.enum(["unsupported_file", "invalid_file"]), message: z.string() }),
]);

/** What the thread says when it is done. */
export type Outcome = z.infer<typeof Outcome>;

/**
 * The text of a document that takes a parser of others, read in a thread with limits on memory and time, so
 * that it can neither exhaust this process nor hold it up. Throws when it cannot be read within them.
 */
export async function extractApart(kind: "docx" | "pdf", content: Buffer): Promise<string> {
  const worker = new Worker(new URL("./extract-worker.ts", import.meta.url), {
    workerData: { kind, content },
    resourceLimits: { maxOldGenerationSizeMb: MEGABYTES },
    // Parsers warn about what they skip.
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
