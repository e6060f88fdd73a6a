/** A fresh id in OpenAI's form. Random, so that a new state never repeats an id that a database still holds. */
export function newId(prefix: "conv" | "msg" | "req" | "resp" | "rs" | "ws"): string {
  return `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;
}
