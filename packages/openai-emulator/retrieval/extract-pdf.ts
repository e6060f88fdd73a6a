import { extractText, getDocumentProxy } from "unpdf";
import { tooLarge } from "./extraction-error.ts";

const MOST_PAGES = 5_000;

/** Returns the text of a PDF, one line a page. Throws if the PDF is broken or locked. */
export async function extractPdf(content: Buffer): Promise<string> {
  // Passes a copy, because the parser takes ownership of the memory.
  const pdf = await getDocumentProxy(new Uint8Array(content), { verbosity: 0 });
  try {
    if (pdf.numPages > MOST_PAGES) throw tooLarge();
    const { text } = await extractText(pdf);
    // The line breaks of a page do not follow its sentences.
    return text.map((page) => page.replace(/\s+/g, " ").trim()).join("\n");
  } finally {
    await pdf.loadingTask.destroy();
  }
}
