import { type Archive, type Attributes, openArchive } from "./read-archive.ts";
import { formatDate, formatNumber } from "./format-cell.ts";
import { UnreadableFileError } from "./unreadable-file.ts";
import { TableWriter } from "./write-tables.ts";

/** How the numbers of a cell are shown. */
type Format = "number" | "date" | "percent";

/** The most columns of a table. Excel has 16,384; a cell far to the right must not make a row of that size. */
const MOST_COLUMNS = 1_000;

/** A number that is shown as it is stored. */
const PLAIN_NUMBER = /^-?\d[\d.]{0,14}$/;

/** What all sheets of a workbook share. */
interface Workbook {
  sheets: { name: string; path: string }[];
  strings: string[];
  formats: Format[];
  /** True if days are counted from 1904, as Excel on the Mac did. */
  isFrom1904: boolean;
}

/**
 * Returns the tables of an Excel workbook as Markdown, with the values that Excel has stored for formulas. Throws an
 * UnreadableFileError. Source: ECMA-376, part 1, 18.
 */
export async function readWorkbook(bytes: Uint8Array): Promise<string> {
  const archive = await openArchive(bytes);
  const workbook = await openWorkbook(archive);
  const tables = new TableWriter();
  for (const { name, path } of workbook.sheets) {
    tables.begin(name);
    await readSheet(archive, path, workbook, tables);
  }
  return tables.toText();
}

async function openWorkbook(archive: Archive): Promise<Workbook> {
  const sheets: { name: string; id: string }[] = [];
  let isFrom1904 = false;
  await archive.read("xl/workbook.xml", {
    open(name, attributes) {
      if (name === "sheet") {
        sheets.push({ name: attributes.name ?? "", id: attributes["r:id"] ?? "" });
      }
      if (name === "workbookPr") isFrom1904 = /^(1|true)$/.test(attributes.date1904 ?? "");
    },
  });
  if (sheets.length === 0) throw new UnreadableFileError("damaged");
  const targets = await readTargets(archive);
  return {
    sheets: sheets.flatMap(({ name, id }) => {
      const path = targets.get(id);
      return path === undefined ? [] : [{ name, path }];
    }),
    strings: await readStrings(archive),
    formats: await readFormats(archive),
    isFrom1904,
  };
}

async function readTargets(archive: Archive): Promise<Map<string, string>> {
  const targets = new Map<string, string>();
  await archive.read("xl/_rels/workbook.xml.rels", {
    open(name, { Id, Target }) {
      if (name !== "Relationship" || Id === undefined || Target === undefined) return;
      targets.set(Id, Target.startsWith("/") ? Target.slice(1) : `xl/${Target}`);
    },
  });
  return targets;
}

async function readStrings(archive: Archive): Promise<string[]> {
  const strings: string[] = [];
  let text = "";
  let isText = false;
  // Japanese strings repeat their reading.
  let isReading = false;
  await archive.read("xl/sharedStrings.xml", {
    open(name) {
      if (name === "rPh") isReading = true;
      isText = name === "t" && !isReading;
    },
    text(piece) {
      if (isText) text += piece;
    },
    close(name) {
      isText = false;
      if (name === "rPh") isReading = false;
      if (name !== "si") return;
      strings.push(text);
      text = "";
    },
  });
  return strings;
}

async function readFormats(archive: Archive): Promise<Format[]> {
  const own = new Map<string, Format>();
  const formats: Format[] = [];
  let isCell = false;
  await archive.read("xl/styles.xml", {
    open(name, { numFmtId = "", formatCode = "" }) {
      if (name === "numFmt") own.set(numFmtId, readCode(formatCode));
      if (name === "cellXfs") isCell = true;
      if (name === "xf" && isCell) formats.push(own.get(numFmtId) ?? builtIn(Number(numFmtId)));
    },
    close(name) {
      if (name === "cellXfs") isCell = false;
    },
  });
  return formats;
}

/** The formats that Excel knows without a code. Source: ECMA-376, part 1, 18.8.30 */
function builtIn(id: number): Format {
  if (id === 9 || id === 10) return "percent";
  return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 58)
    ? "date"
    : "number";
}

function readCode(code: string): Format {
  // Text in quotes, colours and escaped characters are no part of the code.
  const bare = code.replace(/"[^"]*"|\\.|_.|\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, "");
  if (/[dmyhs]/i.test(bare.replace(/General|E\+/gi, ""))) return "date";
  return bare.includes("%") ? "percent" : "number";
}

async function readSheet(
  archive: Archive,
  path: string,
  workbook: Workbook,
  tables: TableWriter,
): Promise<void> {
  let row: string[] = [];
  let cell: Attributes = {};
  let value = "";
  let isValue = false;
  let column = -1;
  await archive.read(path, {
    open(name, attributes) {
      isValue = name === "v" || name === "t";
      if (name !== "c") return;
      cell = attributes;
      value = "";
      column = attributes.r === undefined ? column + 1 : columnOf(attributes.r);
    },
    text(piece) {
      if (isValue) value += piece;
    },
    close(name) {
      isValue = false;
      if (name === "c" && value !== "" && column < MOST_COLUMNS) {
        row[column] = describeCell(value, cell, workbook);
      }
      if (name !== "row") return;
      tables.row(row);
      row = [];
      column = -1;
    },
  });
}

/** Returns the column of a reference such as `AB12`, from 0. */
function columnOf(reference: string): number {
  let column = 0;
  for (let at = 0; at < reference.length; at += 1) {
    const letter = reference.charCodeAt(at) - 64;
    if (letter < 1 || letter > 26) break;
    column = column * 26 + letter;
  }
  return column - 1;
}

function describeCell(
  value: string,
  { t: type = "n", s: style = "0" }: Attributes,
  { strings, formats, isFrom1904 }: Workbook,
): string {
  if (type === "s") return strings[Number(value)] ?? "";
  if (type === "b") return value === "1" ? "TRUE" : "FALSE";
  const number = Number(value);
  if (type !== "n" || Number.isNaN(number)) return value;
  const format = formats[Number(style)] ?? "number";
  if (format === "number" && PLAIN_NUMBER.test(value)) return value;
  if (format === "date") return formatDate(number, isFrom1904);
  return format === "percent" ? `${formatNumber(number * 100)}%` : formatNumber(number);
}
