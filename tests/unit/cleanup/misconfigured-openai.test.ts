import { afterEach, expect, test, vi } from "vitest";
import { cleanUp, deleteDue } from "../../../functions/vector-store-cleanup/clean-up.ts";
import type { LogFields } from "../../../functions/_shared/http/log.ts";
import { fakePorts } from "./fake-ports.ts";

afterEach(() => void vi.unstubAllGlobals());

/** OpenAI rejects the key of every request. Returns ports with a log, and the lines for the operator. */
function rejectedPorts() {
  vi.stubGlobal(
    "fetch",
    () => Promise.resolve(Response.json({ error: { code: "invalid_api_key" } }, { status: 401 })),
  );
  const { ports, cleanup } = fakePorts(5);
  const mistakes: LogFields[] = [];
  const error = (event: string, fields: LogFields = {}) => {
    if (event === "provider_misconfigured") mistakes.push(fields);
  };
  return { ports: { ...ports, log: { ...ports.log, error } }, cleanup, mistakes };
}

const REJECTED = { cause: "key_rejected", fix: "Set OPENAI_API_KEY to a valid key." };

test("a drain tells the operator once, however many deletions fail", async () => {
  const { ports, cleanup, mistakes } = rejectedPorts();
  cleanup.put("file", ...Array.from({ length: 60 }, (_, n) => `file_${n}`));

  expect(await deleteDue(ports)).toEqual({ deleted: 0, failed: 60 });

  expect(mistakes).toEqual([REJECTED]);
});

test("each step of the clean-up that OpenAI rejects tells the operator once", async () => {
  const { ports, cleanup, mistakes } = rejectedPorts();
  cleanup.put("file", "file_1", "file_2");
  ports.cleanup.claimStoresToCheck = () => Promise.resolve(["vs_1", "vs_2"]);

  expect(await cleanUp(ports)).toMatchObject({ checked: 2, failed: 5 });

  expect(mistakes).toHaveLength(3);
  expect(mistakes).toContainEqual({ step: "orphans", ...REJECTED });
});
