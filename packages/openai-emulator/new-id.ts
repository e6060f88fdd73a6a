type Prefix =
  | "call"
  | "cfile"
  | "ci"
  | "cntr"
  | "conv"
  | "evt"
  | "fc"
  | "file"
  | "fs"
  | "ig"
  | "item"
  | "mcp"
  | "mcpl"
  | "mcpr"
  | "msg"
  | "req"
  | "resp"
  | "rs"
  | "vs"
  | "vsfb"
  | "ws";

/**
 * Returns a new id in OpenAI's form. It is random, so that an emulator with an empty state never repeats an
 * id that a database still holds.
 */
export function newId(prefix: Prefix): string {
  const separator = prefix === "file" ? "-" : "_";
  return `${prefix}${separator}${crypto.randomUUID().replaceAll("-", "")}`;
}
