import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import type { Outcome } from "./extract-apart.ts";
import { extractDocx } from "./extract-docx.ts";
import { extractPdf } from "./extract-pdf.ts";
import { ExtractionError } from "./extraction-error.ts";

const { kind, content } = z.object({
  kind: z.enum(["docx", "pdf"]),
  content: z.instanceof(Uint8Array),
}).parse(workerData);

parentPort?.postMessage(await extract());

async function extract(): Promise<Outcome> {
  try {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    return { text: await (kind === "pdf" ? extractPdf : extractDocx)(bytes) };
  } catch (error) {
    if (!(error instanceof ExtractionError)) throw error;
    return { code: error.code, message: error.message };
  }
}
