import { type Attributes, openArchive } from "./read-archive.ts";
import { UnreadableFileError } from "./unreadable-file.ts";
import { formatRow, TableWriter, TextWriter } from "./write-tables.ts";

/** The most columns of a table, and repetitions of a row. The empty end of a table is a cell that repeats a lot. */
const MOST_REPEATED = 1_000;
/** The most cells. One takes half as much CPU time again as a cell of Excel, because it has more markup. */
const MOST_CELLS = 200_000;
const CONTENT = "content.xml";
/** Parts of a document that are not its text: comments, deleted text, and the numbers of notes. */
const HIDDEN = new Set(["annotation", "tracked-changes", "note-citation"]);
const BLANKS = new Map([["tab", "\t"], ["line-break", "\n"]]);

/** Collects the text of paragraphs in OpenDocument, outside of hidden parts. */
class Paragraphs {
  #hidden = 0;
  #inside = 0;
  text = "";

  open(name: string, attributes: Attributes): void {
    if (HIDDEN.has(name)) this.#hidden += 1;
    if (name === "p" || name === "h") {
      // Paragraphs of a cell, and notes within a paragraph.
      if (this.text !== "") this.text += " ";
      this.#inside += 1;
    }
    const blank = name === "s" ? " ".repeat(Math.min(Number(attributes["text:c"] ?? 1), 100)) : "";
    this.add(BLANKS.get(name) ?? blank);
  }

  add(text: string): void {
    if (this.#inside > 0 && this.#hidden === 0) this.text += text;
  }

  /** Returns true at the end of a paragraph that is in no other. */
  close(name: string): boolean {
    if (HIDDEN.has(name)) this.#hidden -= 1;
    if (name !== "p" && name !== "h") return false;
    this.#inside -= 1;
    return this.#inside === 0 && this.#hidden === 0;
  }

  take(): string {
    const { text } = this;
    this.text = "";
    return text;
  }
}

/** Returns the tables of an OpenDocument spreadsheet as Markdown. Throws an UnreadableFileError. */
export async function readOpenSpreadsheet(bytes: Uint8Array): Promise<string> {
  const archive = await openContent(bytes);
  const tables = new TableWriter(MOST_CELLS);
  const paragraphs = new Paragraphs();
  let row: string[] = [];
  let rows = 1;
  let cells = 1;
  let date: string | undefined;
  await archive.read(CONTENT, {
    open(name, attributes) {
      if (name === "table") tables.begin(attributes["table:name"] ?? "");
      if (name === "table-row") rows = repeated(attributes["table:number-rows-repeated"]);
      if (isCell(name)) {
        cells = repeated(attributes["table:number-columns-repeated"]);
        // What a cell shows depends on the language of its author.
        date = attributes["office:date-value"]?.replace("T", " ").replace(/\.\d+|Z$/g, "")
          .replace(" 00:00:00", "");
      }
      paragraphs.open(name, attributes);
    },
    text: (text) => paragraphs.add(text),
    close(name) {
      paragraphs.close(name);
      if (isCell(name)) {
        const text = paragraphs.take();
        for (let n = 0; n < cells && row.length < MOST_REPEATED; n += 1) row.push(date ?? text);
      }
      if (name !== "table-row") return;
      const last = row.findLastIndex((text) => text !== "");
      if (last >= 0) { for (let n = 0; n < rows; n += 1) tables.row(row.slice(0, last + 1)); }
      row = [];
    },
  });
  return tables.toText();
}

/** Returns the text of an OpenDocument text as Markdown: a line for each paragraph. Throws an UnreadableFileError. */
export async function readOpenText(bytes: Uint8Array): Promise<string> {
  const archive = await openContent(bytes);
  const lines = new TextWriter();
  const paragraphs = new Paragraphs();
  const row: string[] = [];
  let tables = 0;
  let level = 0;
  await archive.read(CONTENT, {
    open(name, attributes) {
      if (name === "table") tables += 1;
      if (name === "h") level = repeated(attributes["text:outline-level"]);
      paragraphs.open(name, attributes);
    },
    text: (text) => paragraphs.add(text),
    close(name) {
      const isEnd = paragraphs.close(name);
      if (name === "table") tables -= 1;
      if (tables > 0 && name === "table-cell") row.push(paragraphs.take());
      if (tables > 0 && name === "table-row") lines.add(formatRow(row.splice(0)));
      if (!isEnd || tables > 0) return;
      const text = paragraphs.take();
      lines.add(name === "h" ? `\n${"#".repeat(Math.min(level, 6))} ${text}\n\n` : `${text}\n`);
    },
  });
  return lines.toText();
}

/** Opens a document. In an encrypted one, only the manifest can be read. Source: OpenDocument 1.3, part 2, 4.8. */
async function openContent(bytes: Uint8Array) {
  const archive = await openArchive(bytes);
  await archive.read("META-INF/manifest.xml", {
    open(name) {
      if (name === "encryption-data") throw new UnreadableFileError("encrypted");
    },
  });
  if (!archive.has(CONTENT)) throw new UnreadableFileError("damaged");
  return archive;
}

function isCell(name: string): boolean {
  return name === "table-cell" || name === "covered-table-cell";
}

function repeated(count: string | undefined): number {
  return Math.max(1, Math.min(Number(count ?? 1) || 1, MOST_REPEATED));
}
