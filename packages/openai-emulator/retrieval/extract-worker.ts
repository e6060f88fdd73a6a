import { parentPort, workerData } from "node:worker_threads";
import * as z from "zod";
import { DocumentKind, type Outcome } from "./extract-apart.ts";
import { extractDoc } from "./extract-doc.ts";
import { extractDocx } from "./extract-docx.ts";
import { extractPdf } from "./extract-pdf.ts";
import { extractPptx } from "./extract-pptx.ts";
import { ExtractionError } from "./extraction-error.ts";

const { kind, content } = z.object({
  kind: DocumentKind,
  content: z.instanceof(Uint8Array),
}).parse(workerData);

const EXTRACTORS = { doc: extractDoc, docx: extractDocx, pdf: extractPdf, pptx: extractPptx };

parentPort?.postMessage(await extract());

async function extract(): Promise<Outcome> {
  try {
    const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    return { text: await EXTRACTORS[kind](bytes) };
  } catch (error) {
    if (!(error instanceof ExtractionError)) throw error;
    return { code: error.code, message: error.message };
  }
}
