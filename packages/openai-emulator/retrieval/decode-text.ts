/**
 * Decodes UTF-8, or UTF-16 with a byte order mark; OpenAI accepts both
 * (https://platform.openai.com/docs/guides/tools-file-search). Throws for any other content, including text
 * with a NUL character.
 */
export function decodeText(content: Buffer): string {
  const text = new TextDecoder(detectEncoding(content), { fatal: true }).decode(content);
  if (text.includes("\0")) throw new TypeError("not text");
  return text;
}

function detectEncoding([first, second]: Buffer): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}
