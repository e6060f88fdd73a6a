/** The number of first bytes from which the kind of a file is detected. */
export const SAMPLE_BYTES = 4_096;

/** The media type of a file whose kind neither file search nor the model can read. Only the model makes such files. */
export const OTHER_TYPE = "application/octet-stream";

/** The kind of a file, detected from its content first. */
export interface FileKind {
  /** The media type. */
  type: string;
  /** The extension of its name at OpenAI, by which file search knows the format. */
  extension: string;
}

/**
 * The kinds of text that file search knows by extension. Any other text is sent as `.txt`.
 * @see https://developers.openai.com/api/docs/guides/tools-file-search#supported-files
 */
const TEXT_TYPES = new Map([
  [".c", "text/x-c"],
  [".cpp", "text/x-c++"],
  [".cs", "text/x-csharp"],
  [".css", "text/css"],
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
  [".txt", "text/plain"],
]);

const OFFICE = "application/vnd.openxmlformats-officedocument";
const ZIP_TYPES = new Map([
  [".docx", `${OFFICE}.wordprocessingml.document`],
  [".pptx", `${OFFICE}.presentationml.presentation`],
]);
const OLE_TYPES = new Map([[".doc", "application/msword"]]);

/**
 * The first bytes of each supported binary kind, as Latin-1, and their position. A container also needs its extension.
 * A library for 170 kinds would add ten packages to every cold start and could not detect text at all.
 */
const SIGNATURES: [at: number, bytes: string, kind: FileKind | Map<string, string>][] = [
  [0, "%PDF-", { type: "application/pdf", extension: ".pdf" }],
  [0, "\x89PNG\r\n\x1a\n", { type: "image/png", extension: ".png" }],
  [0, "\xff\xd8\xff", { type: "image/jpeg", extension: ".jpg" }],
  [0, "GIF87a", { type: "image/gif", extension: ".gif" }],
  [0, "GIF89a", { type: "image/gif", extension: ".gif" }],
  [8, "WEBP", { type: "image/webp", extension: ".webp" }],
  [0, "PK\x03\x04", ZIP_TYPES],
  [0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE_TYPES],
];

const EXTENSIONS = new Map(
  SIGNATURES.map(([, , signed]): [string, string][] =>
    signed instanceof Map
      ? Array.from(signed, ([extension, type]) => [type, extension])
      : [[signed.type, signed.extension]]
  ).flat().concat(Array.from(TEXT_TYPES, ([extension, type]) => [type, extension])),
);

/** All supported extensions, for the error of an unsupported file. */
export const SUPPORTED_EXTENSIONS: readonly string[] = [...new Set(EXTENSIONS.values())].toSorted();

/**
 * Returns the kind of a file by its first bytes and, if several kinds share them, by its name. Returns undefined for an
 * unsupported kind.
 */
export function detectKind(fileName: string, sample: Uint8Array): FileKind | undefined {
  const start = String.fromCharCode(...sample.subarray(0, 16));
  const extension = readExtension(fileName);
  const [, , signed] = SIGNATURES.find(([at, bytes]) => start.startsWith(bytes, at)) ?? [];
  if (signed instanceof Map) return pick(signed, extension);
  if (signed) return signed;
  if (!isText(sample)) return undefined;
  return pick(TEXT_TYPES, extension) ?? { type: "text/plain", extension: ".txt" };
}

/** Returns the extension at OpenAI for a media type of `detectKind`, or `.txt` for any other type. */
export function extensionOf(type: string): string {
  return EXTENSIONS.get(type) ?? ".txt";
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

/** Returns true for UTF-8, or UTF-16 with a byte order mark, without control characters that text never contains. */
function isText(sample: Uint8Array): boolean {
  const isUtf16 = (sample[0] === 0xff && sample[1] === 0xfe) ||
    (sample[0] === 0xfe && sample[1] === 0xff);
  const encoding = isUtf16 ? sample[0] === 0xff ? "utf-16le" : "utf-16be" : "utf-8";
  try {
    // The sample may end in the middle of a character.
    const text = new TextDecoder(encoding, { fatal: true }).decode(sample, { stream: true });
    // deno-lint-ignore no-control-regex
    return !/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text);
  } catch {
    return false;
  }
}
