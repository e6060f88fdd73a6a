import { expect, test } from "vitest";
import { sha256Hex } from "../../functions/_shared/http/sha256.ts";
import { toStoredJson } from "../../functions/_shared/http/stored-json.ts";

test("texts lose NUL and lone surrogates at every depth, and undefined fields are left out", () => {
  const value = { a: "x\0y", b: [{ c: "\ud800z" }], d: 1, e: null, f: undefined };

  expect(toStoredJson(value)).toStrictEqual({ a: "xy", b: [{ c: "\ufffdz" }], d: 1, e: null });
});

test("a text is hashed as UTF-8", async () => {
  expect(await sha256Hex("abc")).toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  expect(await sha256Hex("ä")).toBe(
    "33e6d73fee82904c8d7afb78de1154d1e8dc2a0edb08120e63df5b9385c2d9cc",
  );
});
