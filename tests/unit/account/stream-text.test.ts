import { beforeEach, expect, test } from "vitest";
import { streamText } from "../../../functions/account/stream-text.ts";

const logged: string[] = [];
beforeEach(() => void logged.splice(0));
const log = { info() {}, warn() {}, error: (event: string) => void logged.push(event) };

test("a client that disconnects in the middle causes no error", async () => {
  const { promise: waiting, resolve: begin } = Promise.withResolvers<void>();
  const { promise: gone, resolve: leave } = Promise.withResolvers<void>();
  async function* pieces() {
    yield "first";
    begin();
    await gone;
    yield "second";
  }
  const reader = streamText(pieces(), log, "a-request").getReader();

  await reader.read();
  const next = reader.read();
  await waiting;
  const cancelled = reader.cancel();
  leave();
  await Promise.all([next, cancelled]);

  expect(logged).toEqual([]);
});

test("an error in the text breaks the stream off and is logged", async () => {
  async function* pieces() {
    yield "first";
    throw new Error("the rest is gone");
  }
  const reader = streamText(pieces(), log, "a-request").getReader();

  await reader.read();
  await expect(reader.read()).rejects.toBe("body broken off");
  expect(logged).toEqual(["export_failed"]);
});
