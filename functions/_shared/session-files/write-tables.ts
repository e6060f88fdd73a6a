import { UnreadableFileError } from "./unreadable-file.ts";

/** The number of rows after which the header is repeated, so that a passage of a long table has its column names. */
const ROWS_UNDER_HEADER = 50;
/**
 * The most characters of a converted file. OpenAI accepts 5,000,000 tokens, and a token of a table has two characters
 * or more. Source: https://developers.openai.com/api/docs/guides/tools-file-search#limits
 */
const MOST_CHARACTERS = 10_000_000;

/**
 * The most cells of a workbook. Reading 294,000 cells of 5 MB takes 1.3 s of CPU time. A request on Supabase has 2 s:
 * https://supabase.com/docs/guides/functions/limits
 */
const MOST_CELLS = 300_000;

/** What a cell of a Markdown table cannot contain, or should not. */
const SPECIAL = /[|\t\r\n\v\f]|^\s|\s$|\s\s/;

/** Collects the text of a document. Throws an UnreadableFileError, `too_long`, when it has too many characters. */
export class TextWriter {
  readonly #pieces: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#length += text.length;
    if (this.#length > MOST_CHARACTERS) throw new UnreadableFileError("too_long");
    this.#pieces.push(text);
  }

  /** Returns the text. Throws an UnreadableFileError, `no_text`, if there is none. */
  toText(): string {
    const text = this.#pieces.join("").trim();
    if (text === "") throw new UnreadableFileError("no_text");
    return `${text}\n`;
  }
}

/**
 * Writes tables as Markdown. The first row with two values is the header. What is above it is a title, and becomes
 * text.
 */
export class TableWriter extends TextWriter {
  #title = "";
  #header: string[] | null = null;
  #rows = 0;
  #cells = 0;
  readonly #mostCells: number;

  constructor(mostCells = MOST_CELLS) {
    super();
    this.#mostCells = mostCells;
  }

  /** Begins a table. Its title is left out if the table has no row. */
  begin(title: string): void {
    this.#title = title;
    this.#header = null;
    this.#rows = 0;
  }

  /** Adds a row, unless it is empty. Missing cells may be undefined. */
  row(cells: readonly (string | undefined)[]): void {
    const values = Array.from(cells, (cell) => cell?.trim() ?? "").filter((cell) => cell !== "");
    if (values.length === 0) return;
    this.#cells += cells.length;
    if (this.#cells > this.#mostCells) throw new UnreadableFileError("too_long");
    const row = Array.from(cells, (cell) => cell ?? "");
    if (this.#title !== "") this.add(`\n# ${toLine(this.#title)}\n`);
    this.#title = "";
    if (this.#header === null) {
      if (values.length === 1) return this.add(`\n${toLine(values.join())}\n`);
      this.#header = row;
      return this.#addHeader(row);
    }
    if (this.#rows > 0 && this.#rows % ROWS_UNDER_HEADER === 0) this.#addHeader(this.#header);
    this.#rows += 1;
    this.add(formatRow(row));
  }

  #addHeader(row: string[]): void {
    this.add(`\n${formatRow(row)}|${" --- |".repeat(row.length)}\n`);
  }
}

/** Returns a row of a Markdown table. */
export function formatRow(cells: readonly string[]): string {
  let row = "|";
  for (const cell of cells) {
    // Most cells need no change, and a large table has a million.
    row += ` ${SPECIAL.test(cell) ? toLine(cell).replaceAll("|", "\\|") : cell} |`;
  }
  return `${row}\n`;
}

function toLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
