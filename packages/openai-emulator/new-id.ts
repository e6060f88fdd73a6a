type Prefix = "conv" | "file" | "fs" | "msg" | "req" | "resp" | "rs" | "vs" | "vsfb" | "ws";

/** A fresh id in OpenAI's form. Random, so that a new state never repeats an id that a database still holds. */
export function newId(prefix: Prefix): string {
  const separator = prefix === "file" ? "-" : "_";
  return `${prefix}${separator}${crypto.randomUUID().replaceAll("-", "")}`;
}
