import { extname } from "node:path";
import { parse as parseCsv } from "csv-parse/sync";
import { convert } from "html-to-text";
import { decodeText } from "./decode-text.ts";
import { extractApart } from "./extract-apart.ts";
import { ExtractionError, tooLarge } from "./extraction-error.ts";
import { flattenJson } from "./flatten-json.ts";
import { unwrapLines } from "./unwrap-lines.ts";

/** The largest file, in bytes, whose text is read; reading needs the whole file in memory. */
export const LARGEST_DOCUMENT = 100 * 1024 * 1024;

/**
 * The maximum of characters; OpenAI accepts 5,000,000 tokens a file
 * (https://platform.openai.com/docs/guides/tools-file-search).
 */
const LARGEST_TEXT = 4 * 5_000_000;

type Extractor = (content: Buffer) => string | Promise<string>;

/** The kinds of plain text that file search supports (same guide, "Supported files"). */
const PLAIN = [".c", ".cpp", ".cs", ".css", ".go", ".java", ".js", ".md", ".php", ".py", ".rb"]
  .concat([".sh", ".tex", ".ts", ".txt"]);

const EXTRACTORS = new Map<string, Extractor>([
  ...PLAIN.map((extension): [string, Extractor] => [extension, extractPlain]),
  [".csv", extractCsv],
  [".doc", (content) => extractApart("doc", content)],
  [".docx", (content) => extractApart("docx", content)],
  [".html", extractHtml],
  [".json", (content) => flattenJson(decodeText(content))],
  [".pdf", (content) => extractApart("pdf", content)],
  [".pptx", (content) => extractApart("pptx", content)],
]);

/**
 * Returns the text of a document; as at OpenAI, the file name tells its kind. Throws an `ExtractionError` if
 * the kind is not supported, or if the content is too large, empty or of another kind.
 */
export async function extractText(filename: string, content: Buffer): Promise<string> {
  const extract = EXTRACTORS.get(extname(filename).toLowerCase());
  if (!extract) throw new ExtractionError("unsupported_file", "The file type is not supported.");
  const text = await parse(extract, content);
  if (text.length > LARGEST_TEXT) throw tooLarge();
  if (text.trim() !== "") return text;
  throw new ExtractionError("invalid_file", "The file could not be parsed because it is empty.");
}

async function parse(extract: Extractor, content: Buffer): Promise<string> {
  try {
    return await extract(content);
  } catch (cause) {
    if (cause instanceof ExtractionError) throw cause;
    throw new ExtractionError("invalid_file", "The file could not be parsed.", { cause });
  }
}

function extractPlain(content: Buffer): string {
  return unwrapLines(decodeText(content));
}

function extractHtml(content: Buffer): string {
  const headings = ["h1", "h2", "h3", "h4", "h5", "h6"];
  return convert(decodeText(content), {
    wordwrap: false,
    limits: { maxInputLength: LARGEST_TEXT },
    selectors: [
      ...headings.map((selector) => ({ selector, options: { uppercase: false } })),
      { selector: "a", options: { ignoreHref: true } },
      { selector: "img", format: "skip" },
    ],
  });
}

/** Returns one line for each row, with the column names from the first row before the values. */
function extractCsv(content: Buffer): string {
  const options = { relax_column_count: true, relax_quotes: true, skip_empty_lines: true };
  const [names = [], ...rows] = parseCsv(decodeText(content), options);
  if (rows.length === 0) return names.join(", ");
  return rows.map((row) => row.map((value, column) => label(names[column], value)).join(", "))
    .join("\n");
}

function label(name: string | undefined, value: string): string {
  return name ? `${name}: ${value}` : value;
}
