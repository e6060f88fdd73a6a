import { UnreadableFileError } from "./unreadable-file.ts";
import { TextWriter } from "./write-tables.ts";

/**
 * The parts of RTF: a control word with its number, a byte in hexadecimal, a control symbol, a brace, a line end
 * without a meaning, or text. The libraries for RTF make HTML in a browser, or take apart mails on Node's streams.
 */
const TOKENS = /\\([a-z]+)(-?\d+)? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)/gi;

/** Groups whose content is not text of the document. */
const HIDDEN = new Set(
  ("colortbl filetbl fldinst footer footerf footerl footerr ftncn ftnsep ftnsepc header headerf headerl headerr info " +
    "nonshppict objdata pict private rxe stylesheet tc txe xe").split(" "),
);

const WORDS = new Map([
  ["par", "\n"],
  ["line", "\n"],
  ["sect", "\n"],
  ["page", "\n"],
  ["cell", " | "],
  ["nestcell", " | "],
  ["nestrow", "\n"],
  ["tab", "\t"],
  ["emdash", "—"],
  ["endash", "–"],
  ["bullet", "•"],
  ["lquote", "‘"],
  ["rquote", "’"],
  ["ldblquote", "“"],
  ["rdblquote", "”"],
  ["emspace", " "],
  ["enspace", " "],
]);

const SYMBOLS = new Map([["~", " "], ["_", "-"], ["\n", "\n"], ["\r", "\n"]])
  .set("\\", "\\").set("{", "{").set("}", "}");

/** The encodings of `\fcharset`. Source: Rich Text Format Specification 1.9.1, Font Table. */
const CHARSETS = new Map([
  [77, "macintosh"],
  [128, "shift_jis"],
  [129, "euc-kr"],
  [134, "gbk"],
  [136, "big5"],
  [161, "windows-1253"],
  [162, "windows-1254"],
  [163, "windows-1258"],
  [177, "windows-1255"],
  [178, "windows-1256"],
  [186, "windows-1257"],
  [204, "windows-1251"],
  [222, "windows-874"],
  [238, "windows-1250"],
]);

/** The encodings of `\ansicpg`, besides those named `windows-<number>`. */
const CODE_PAGES = new Map([
  [932, "shift_jis"],
  [936, "gbk"],
  [949, "euc-kr"],
  [950, "big5"],
  [10_000, "macintosh"],
  [65_001, "utf-8"],
]);

/** What holds until the end of a group. */
interface GroupState {
  isHidden: boolean;
  isFontTable: boolean;
  font: number;
  /** The number of characters after `\u` that stand for it in old readers. */
  replaced: number;
}

/** Returns the text of an RTF document. Throws an UnreadableFileError. */
export function readRichText(bytes: Uint8Array): string {
  const source = Array.from(
    { length: Math.ceil(bytes.length / 8_192) },
    (_, n) => String.fromCharCode(...bytes.subarray(n * 8_192, (n + 1) * 8_192)),
  ).join("");
  if (!source.includes("{\\rtf")) throw new UnreadableFileError("damaged");
  const reader = new RichTextReader();
  const tokens = new RegExp(TOKENS);
  tokens.lastIndex = source.indexOf("{\\rtf");
  for (let token = tokens.exec(source); token; token = tokens.exec(source)) {
    const [, word, number, hex, symbol, brace, text] = token;
    if (word === "bin") tokens.lastIndex += Math.max(0, Number(number ?? 0));
    else if (word !== undefined) reader.word(word, number === undefined ? null : Number(number));
    else if (hex !== undefined) reader.bytes(String.fromCharCode(parseInt(hex, 16)));
    else if (symbol !== undefined) reader.symbol(symbol);
    else if (brace !== undefined) reader.brace(brace);
    else if (text !== undefined) reader.bytes(text);
  }
  return reader.toText();
}

class RichTextReader {
  readonly #lines = new TextWriter();
  readonly #groups: GroupState[] = [];
  readonly #charsets = new Map<number, string>();
  #state: GroupState = { isHidden: false, isFontTable: false, font: -1, replaced: 1 };
  #codePage = "windows-1252";
  /** Bytes that are not decoded yet: a character may have two, written in two ways. */
  #pending = "";
  #skipped = 0;
  /** True between the beginning and the end of a row of a table. */
  #isRow = false;

  brace(brace: string): void {
    this.#flush();
    this.#skipped = 0;
    if (brace === "{") this.#groups.push({ ...this.#state });
    else this.#state = this.#groups.pop() ?? this.#state;
  }

  bytes(text: string): void {
    const skipped = Math.min(this.#skipped, text.length);
    this.#skipped -= skipped;
    if (!this.#state.isHidden) this.#pending += text.slice(skipped);
  }

  symbol(symbol: string): void {
    if (symbol === "*") this.#state.isHidden = true;
    else this.#write(SYMBOLS.get(symbol) ?? "");
  }

  word(word: string, number: number | null): void {
    const state = this.#state;
    if (word === "u" && number !== null) {
      this.#write(String.fromCharCode(number & 0xffff));
      this.#skipped = state.replaced;
      return;
    }
    this.#flush();
    if (HIDDEN.has(word)) state.isHidden = true;
    else if (word === "fonttbl") state.isFontTable = state.isHidden = true;
    else if (word === "v" || word === "deleted") state.isHidden = number !== 0;
    else if (word === "uc") state.replaced = number ?? 1;
    else if (word === "f") state.font = number ?? 0;
    else if (word === "ansicpg") this.#codePage = nameCodePage(number ?? 1_252);
    else if (word === "mac") this.#codePage = "macintosh";
    else if (word === "fcharset") this.#setCharset(number ?? 0);
    else if (word === "trowd" || word === "row") this.#setRow(word === "trowd");
    else this.#write(word === "par" && this.#isRow ? " " : WORDS.get(word) ?? "");
  }

  toText(): string {
    this.#flush();
    return this.#lines.toText();
  }

  #setRow(isRow: boolean): void {
    if (this.#isRow && !isRow) this.#write("\n");
    this.#isRow = isRow;
  }

  #setCharset(charset: number): void {
    const encoding = CHARSETS.get(charset);
    if (this.#state.isFontTable && encoding) this.#charsets.set(this.#state.font, encoding);
  }

  #write(text: string): void {
    this.#flush();
    if (!this.#state.isHidden) this.#lines.add(text);
  }

  #flush(): void {
    if (this.#pending === "") return;
    const encoding = this.#charsets.get(this.#state.font) ?? this.#codePage;
    const bytes = Uint8Array.from(this.#pending, (character) => character.charCodeAt(0));
    this.#pending = "";
    this.#lines.add(new TextDecoder(encoding).decode(bytes));
  }
}

function nameCodePage(number: number): string {
  const isWindows = number >= 1_250 && number <= 1_258;
  return isWindows ? `windows-${number}` : CODE_PAGES.get(number) ?? "windows-1252";
}
