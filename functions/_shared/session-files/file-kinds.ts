/** How many first bytes of a file tell its kind. */
export const SAMPLE_BYTES = 4_096;

/** What a file is, told by its content first. */
export interface FileKind {
  /** Media type. */
  type: string;
  /** What its name at OpenAI must end with; file search goes by it. */
  extension: string;
}

/**
 * Text that file search takes by its extension; any other text goes there as `.txt`.
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
 * Bytes that begin the binary kinds that we take, as Latin-1, and where they stand; a container needs its extension too. A library that knows
 * 170 kinds brings ten packages into every cold start, and cannot tell text at all.
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

/** The extensions of everything that is taken, for the answer to what is not. */
export const SUPPORTED_EXTENSIONS: readonly string[] = [...new Set(EXTENSIONS.values())].toSorted();

/** The kind of a file by its first bytes and, where these leave a choice, its name; undefined when it is not taken. */
export function detectKind(fileName: string, sample: Uint8Array): FileKind | undefined {
  const start = String.fromCharCode(...sample.subarray(0, 16));
  const extension = readExtension(fileName);
  const [, , signed] = SIGNATURES.find(([at, bytes]) => start.startsWith(bytes, at)) ?? [];
  if (signed instanceof Map) return pick(signed, extension);
  if (signed) return signed;
  if (!isText(sample)) return undefined;
  return pick(TEXT_TYPES, extension) ?? { type: "text/plain", extension: ".txt" };
}

/** What the name of a file of this media type must end with at OpenAI: `.txt` unless it is one that `detectKind` gives. */
export function extensionOf(type: string): string {
  return EXTENSIONS.get(type) ?? ".txt";
}

/** True for what is shown to the model instead of searched. */
export function isImage(type: string): boolean {
  return type.startsWith("image/");
}

/** The extension of a name in lower case, with its dot; empty when it has none. */
export function readExtension(fileName: string): string {
  return fileName.match(/.(\.[a-z0-9]{1,10})$/i)?.[1]?.toLowerCase() ?? "";
}

function pick(types: Map<string, string>, extension: string): FileKind | undefined {
  const type = types.get(extension);
  return type === undefined ? undefined : { type, extension };
}

/** UTF-8 or marked UTF-16 without control characters that no text has. */
function isText(sample: Uint8Array): boolean {
  const isUtf16 = (sample[0] === 0xff && sample[1] === 0xfe) ||
    (sample[0] === 0xfe && sample[1] === 0xff);
  const encoding = isUtf16 ? sample[0] === 0xff ? "utf-16le" : "utf-16be" : "utf-8";
  try {
    // The sample may end inside a character.
    const text = new TextDecoder(encoding, { fatal: true }).decode(sample, { stream: true });
    // deno-lint-ignore no-control-regex
    return !/[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text);
  } catch {
    return false;
  }
}
