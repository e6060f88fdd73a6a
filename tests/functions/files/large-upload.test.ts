import { expect, test } from "vitest";
import { findDescendant, peakExtraMemory } from "../../helpers/process-memory.ts";
import { indexed, upload } from "../../helpers/files.ts";
import { createSession, createUser } from "../../helpers/stack.ts";

const MIB = 1024 * 1024;
// Mostly spaces, because OpenAI accepts at most five million tokens a file.
const LINE = "What is sent back is paid back.\n".padStart(200);

/** Returns lines of text of `size` bytes in all. */
function linesOf(size: number): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(LINE.repeat(Math.ceil(size / LINE.length)).slice(0, size));
}

test("a file of 50 MiB is uploaded without being held in memory", { timeout: 90_000 }, async () => {
  const user = await createUser();
  const session = await createSession(user);
  // The functions are also a descendant of the test runner's main process.
  const functions = await findDescendant(process.ppid, "functions-server");
  await upload(user, session, linesOf(MIB), "warm-up.txt");
  const bytes = linesOf(50 * MIB);

  const extra = await peakExtraMemory(functions, async () => {
    const { id } = await upload(user, session, bytes, "large.txt");
    expect(await indexed(user, id, 60_000)).toMatchObject({ status: "ready", file_size: 50 * MIB });
  });

  expect(extra).toBeLessThan(100 * MIB);
});
