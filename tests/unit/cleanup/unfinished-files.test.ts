import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FileRow } from "../../../functions/_shared/session-files/file-database.ts";
import { cleanUp } from "../../../functions/vector-store-cleanup/clean-up.ts";
import { fakePorts, hangingFetch } from "./fake-ports.ts";

const NOW = Date.parse("2026-03-08T09:00:00Z");

beforeEach(() => vi.useFakeTimers({ now: NOW }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Returns a file that OpenAI was given this many minutes ago. */
function fileOf(id: string, minutes: number): FileRow {
  return {
    id,
    session_id: "session",
    assistant_slug: null,
    user_id: "user",
    message_id: null,
    file_name: "notes.md",
    file_type: "text/markdown",
    file_size: 5,
    sha256: null,
    storage_path: `user/${id}`,
    uploaded_as: null,
    openai_file_id: `file_${id}`,
    vector_store_id: null,
    origin: "user",
    status: "indexing",
    error: null,
    indexing_since: new Date(NOW - minutes * 60_000).toISOString(),
    retry_at: new Date(NOW + 600_000).toISOString(),
    created_at: new Date(NOW - 86_400_000).toISOString(),
    updated_at: new Date(NOW).toISOString(),
  };
}

test("a file that OpenAI has not read within an hour fails; a younger one waits for the rest of the hour", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json({ status: "in_progress", data: [] })));
  const { ports, cleanup, failures, pauses } = fakePorts(60);
  cleanup.staleFiles = [fileOf("new", 1), fileOf("young", 59), fileOf("old", 61)];

  const reply = cleanUp(ports);
  await vi.advanceTimersByTimeAsync(14_000);

  expect(await reply).toMatchObject({ checked: 3, failed: 0 });
  expect(failures).toEqual({ old: "indexing_timeout" });
  expect(pauses.new).toBeGreaterThan(60_000);
  expect(pauses.new).toBeLessThan(80_000);
  expect(pauses.young).toBeLessThan(60_000);
});

test("if OpenAI hangs, files that could not be checked stay, and the run ends in time", async () => {
  vi.stubGlobal("fetch", hangingFetch);
  const { ports, cleanup, failures } = fakePorts(60);
  cleanup.staleFiles = ["a", "b", "c", "d", "e"].map((id) => fileOf(id, 30));

  const reply = cleanUp(ports);
  await vi.advanceTimersByTimeAsync(70_000);

  expect(await reply).toMatchObject({ checked: 4 });
  expect(failures).toEqual({});
});
