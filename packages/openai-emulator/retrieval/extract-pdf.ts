import { extractText, getDocumentProxy } from "unpdf";
import { tooLarge } from "./extraction-error.ts";

const MOST_PAGES = 5_000;

/** The text of a PDF, a line a page; throws when it is broken or locked. */
export async function extractPdf(content: Buffer): Promise<string> {
  // A copy: the parser takes the memory that it is given for its own.
  const pdf = await getDocumentProxy(new Uint8Array(content), { verbosity: 0 });
  try {
    if (pdf.numPages > MOST_PAGES) throw tooLarge();
    const { text } = await extractText(pdf);
    // Where a line of a page ends says nothing about sentences.
    return text.map((page) => page.replace(/\s+/g, " ").trim()).join("\n");
  } finally {
    await pdf.loadingTask.destroy();
  }
}
