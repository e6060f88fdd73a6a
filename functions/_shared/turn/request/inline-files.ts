import type { SessionFile } from "../turn-database.ts";

/**
 * The most bytes of all files in a request.
 * Source: https://developers.openai.com/api/docs/guides/file-inputs, "File size limits".
 */
const MOST_BYTES = 50_000_000;
/** OpenAI shows the model the text and an image of each page. A scanned page has about this many bytes or more. */
const PAGE_BYTES = 50_000;
const PAGE_TOKENS = 2_000;

/** Estimates the tokens of a PDF. The number of its pages is not known. */
function pdfTokens({ file_size }: SessionFile): number {
  return Math.ceil(file_size / PAGE_BYTES) * PAGE_TOKENS;
}

/** The PDFs of a request: those that are chosen first take the room of the others. */
export class InlineFiles {
  readonly #chosen = new Map<string, SessionFile>();
  #bytes = 0;

  get size(): number {
    return this.#chosen.size;
  }

  /** The estimated tokens of all chosen files. */
  get tokens(): number {
    return this.#chosen.values().reduce((sum, file) => sum + pdfTokens(file), 0);
  }

  has({ id }: SessionFile): boolean {
    return this.#chosen.has(id);
  }

  /** Chooses the files that OpenAI's limit for a request and `tokens` leave room for. */
  choose(files: readonly SessionFile[], tokens = Infinity): void {
    let left = tokens;
    for (const file of files) {
      const needed = pdfTokens(file);
      if (this.has(file) || needed > left || this.#bytes + file.file_size > MOST_BYTES) continue;
      this.#chosen.set(file.id, file);
      this.#bytes += file.file_size;
      left -= needed;
    }
  }
}
