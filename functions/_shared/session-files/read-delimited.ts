// @ts-types="./d3-dsv.d.ts"
import { dsvFormat } from "d3-dsv";
import { TableWriter } from "./write-tables.ts";

const DELIMITERS = [",", ";", "\t", "|"];
/** The lines that decide which character separates the columns. */
const LINES_TO_COUNT = 20;

/** Returns a table in CSV or TSV as Markdown. Throws an UnreadableFileError: `too_long` or `no_text`. */
export function readDelimited(text: string): string {
  const table = new TableWriter();
  table.begin("");
  for (const row of dsvFormat(findDelimiter(text)).parseRows(text)) table.row(row);
  return table.toText();
}

/** Returns the separator that most lines have equally often. */
function findDelimiter(text: string): string {
  const lines = text.slice(0, 100_000).split(/\r?\n/, LINES_TO_COUNT).map((line) =>
    line.replace(/"[^"]*"/g, "")
  );
  const [header = ""] = lines;
  const scores = DELIMITERS.map((delimiter) => {
    const columns = header.split(delimiter).length;
    const alike = lines.filter((line) => line.split(delimiter).length === columns).length;
    return { delimiter, score: columns > 1 ? alike * 1_000 + columns : 0 };
  });
  return scores.toSorted((one, other) => other.score - one.score)[0]?.delimiter ?? ",";
}
