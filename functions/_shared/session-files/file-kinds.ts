import { detectEncoding } from "./detect-encoding.ts";

/** The number of first bytes from which the kind of a file is detected. */
export const SAMPLE_BYTES = 4_096;

/** The media type of a file whose kind neither file search nor the model can read. Only the model makes such files. */
export const OTHER_TYPE = "application/octet-stream";

/** The kind of a file, detected from its content first. */
export interface FileKind {
  /** The media type. */
  type: string;
  /** The extension of its name in Storage. `extensionOf` has the one at OpenAI. */
  extension: string;
}

/**
 * The kinds of text that file search knows by extension, and tables. Any other text is sent as `.txt`.
 * @see https://developers.openai.com/api/docs/guides/tools-file-search#supported-files
 */
const TEXT_TYPES = new Map([
  [".c", "text/x-c"],
  [".cpp", "text/x-c++"],
  [".cs", "text/x-csharp"],
  [".css", "text/css"],
  [".csv", "text/csv"],
  [".go", "text/x-golang"],
  [".html", "text/html"],
  [".java", "text/x-java"],
  [".js", "text/javascript"],
  [".json", "application/json"],
  [".md", "text/markdown"],
  [".php", "text/x-php"],
  [".py", "text/x-python"],
  [".rb", "text/x-ruby"],
  [".sh", "application/x-sh"],
  [".tex", "text/x-tex"],
  [".ts", "application/typescript"],
  [".tsv", "text/tab-separated-values"],
  [".txt", "text/plain"],
]);

const OFFICE = "application/vnd.openxmlformats-officedocument";
const OPEN = "application/vnd.oasis.opendocument";
const ODF_TYPES = new Map([[".ods", `${OPEN}.spreadsheet`], [".odt", `${OPEN}.text`]]);
const OFFICE_TYPES = new Map([
  [".docx", `${OFFICE}.wordprocessingml.document`],
  [".pptx", `${OFFICE}.presentationml.presentation`],
  [".xlsx", `${OFFICE}.spreadsheetml.sheet`],
]);
/** The folders that name the kind of an Office document in its archive. */
const OFFICE_FOLDERS = new Map([["word/", ".docx"], ["ppt/", ".pptx"], ["xl/", ".xlsx"]]);
const ZIP_TYPES = new Map([...OFFICE_TYPES, ...ODF_TYPES]);
const PDF: FileKind = { type: "application/pdf", extension: ".pdf" };
const RTF: FileKind = { type: "application/rtf", extension: ".rtf" };
const DOC: FileKind = { type: "application/msword", extension: ".doc" };

/**
 * The first bytes of the images, as Latin-1; a dot is any byte. The library `file-type` knows 170 kinds, but takes each
 * text that begins like an image for one, finds a PDF only at the first byte, and adds five packages to a cold start.
 */
const IMAGES: [start: RegExp, kind: FileKind][] = [
  // deno-lint-ignore no-control-regex
  [/^\x89PNG\r\n\x1a\n/, { type: "image/png", extension: ".png" }],
  [/^\xff\xd8\xff/, { type: "image/jpeg", extension: ".jpg" }],
  [/^GIF8[79]a/, { type: "image/gif", extension: ".gif" }],
  [/^RIFF.{4}WEBP/s, { type: "image/webp", extension: ".webp" }],
];

/** Readers find the header of a PDF anywhere in these bytes. Source: ISO 32000-1, Annex H, note 13. */
const PDF_HEADER_BYTES = 1_024;
const ZIP = "PK\x03\x04";
const OLE = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

const EXTENSIONS = new Map(
  [PDF, RTF, DOC, ...IMAGES.map(([, kind]) => kind)]
    .map(({ type, extension }): [string, string] => [type, extension])
    .concat([...ZIP_TYPES, ...TEXT_TYPES].map(([extension, type]) => [type, extension])),
);

/** All supported extensions, for the error of an unsupported file. */
export const SUPPORTED_EXTENSIONS: readonly string[] = [...new Set(EXTENSIONS.values())].toSorted();

/** The media types of all files that Parley accepts. */
export const ACCEPTED_TYPES: readonly string[] = [...EXTENSIONS.keys()];

/** Types that Parley converts to text, because file search cannot read them. OpenAI receives Markdown. */
const CONVERTED_TYPES = new Set(
  [".csv", ".ods", ".odt", ".rtf", ".tsv", ".xlsx"].map((extension) =>
    TEXT_TYPES.get(extension) ?? ZIP_TYPES.get(extension) ?? RTF.type
  ),
);

/** Why a file is refused before its bytes are stored. */
export type KindRefusal = "unsupported_file_type" | "unknown_encoding" | "encrypted";

/** Returns the kind of a file by `examineKind`, or undefined for a file that is refused. */
export function detectKind(fileName: string, sample: Uint8Array): FileKind | undefined {
  const kind = examineKind(fileName, sample);
  return typeof kind === "string" ? undefined : kind;
}

/**
 * Returns the kind of a file by its first bytes, or why it is refused. The name decides between kinds that begin alike,
 * and whether a text about PDF is one.
 */
export function examineKind(fileName: string, sample: Uint8Array): FileKind | KindRefusal {
  const start = toLatin1(sample);
  const extension = readExtension(fileName);
  if (start.startsWith(ZIP)) return examineArchive(start, extension);
  // Office encrypts a document as a whole, in such a container.
  if (start.startsWith(OLE)) {
    if (ZIP_TYPES.has(extension)) return "encrypted";
    return extension === DOC.extension ? DOC : "unsupported_file_type";
  }
  const encoding = detectEncoding(sample);
  const isText = encoding !== null && encoding !== "unknown";
  const header = start.slice(0, PDF_HEADER_BYTES).search(/%PDF-\d/);
  const isPdf = header >= 0 && start.slice(0, header).trim().replace("\xef\xbb\xbf", "") === "";
  if (isPdf || (header >= 0 && (!isText || extension === PDF.extension))) return PDF;
  if (/^(\xef\xbb\xbf)?\s*\{\\rtf/.test(start)) return RTF;
  if (isText) return pick(TEXT_TYPES, extension) ?? { type: "text/plain", extension: ".txt" };
  const [, image] = IMAGES.find(([bytes]) => bytes.test(start)) ?? [];
  if (image) return image;
  const isNamedText = extension === "" || TEXT_TYPES.has(extension);
  return encoding === "unknown" && isNamedText ? "unknown_encoding" : "unsupported_file_type";
}

/** Examines a zip archive by the files at its beginning. If they say nothing, its name decides. */
function examineArchive(start: string, extension: string): FileKind | KindRefusal {
  const files = listFiles(start);
  const [, open] = /^PK[^]{28}mimetype(application\/[\w.+-]+)PK/.exec(start) ?? [];
  const known = open === undefined
    ? findOffice(files.map(({ name }) => name)) ?? extension
    : EXTENSIONS.get(open) ?? "";
  const kind = pick(ZIP_TYPES, known);
  if (kind === undefined) return "unsupported_file_type";
  return files.some(({ isEncrypted }) => isEncrypted) ? "encrypted" : kind;
}

/** Reads the local headers of an archive (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.7). */
function listFiles(start: string): { name: string; isEncrypted: boolean }[] {
  const files = [];
  for (let at = start.indexOf(ZIP); at >= 0; at = start.indexOf(ZIP, at + 1)) {
    const length = start.charCodeAt(at + 26) + start.charCodeAt(at + 27) * 256;
    const isEncrypted = (start.charCodeAt(at + 6) & 1) === 1;
    files.push({ name: start.slice(at + 30, at + 30 + length), isEncrypted });
  }
  return files;
}

function findOffice(names: string[]): string | undefined {
  for (const [folder, extension] of OFFICE_FOLDERS) {
    if (names.some((name) => name.startsWith(folder))) return extension;
  }
  return undefined;
}

/** Returns the extension at OpenAI for a media type of `detectKind`, or `.txt` for any other type. */
export function extensionOf(type: string): string {
  return isConverted(type) ? ".md" : EXTENSIONS.get(type) ?? ".txt";
}

/** Returns true for a type that is converted to text before it is sent to OpenAI. */
export function isConverted(type: string): boolean {
  return CONVERTED_TYPES.has(type);
}

/** Returns true for a text that OpenAI reads as it is, once it is UTF-8. */
export function isPlainText(type: string): boolean {
  return !isConverted(type) && [...TEXT_TYPES.values()].includes(type);
}

/** Returns true for an image, which is shown to the model instead of searched. */
export function isImage(type: string): boolean {
  return type.startsWith("image/");
}

/** Returns the extension of a name in lower case with its dot; empty when the name has none. */
export function readExtension(fileName: string): string {
  return fileName.match(/.(\.[a-z0-9]{1,10})$/i)?.[1]?.toLowerCase() ?? "";
}

function pick(types: Map<string, string>, extension: string): FileKind | undefined {
  const type = types.get(extension);
  return type === undefined ? undefined : { type, extension };
}

function toLatin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
