import { expect, test } from "vitest";
import type { LookoutReply } from "../../../types/api.ts";
import type { StartedTurn } from "../../../functions/_shared/turn/turn-database.ts";
import { startRunNow } from "../../../functions/lookouts/start-run-now.ts";
import { ENDED, FakeLookouts, portsWith } from "./fake-lookouts.ts";

// Only the fields that a run by hand reads.
const LOOKOUT = { id: "lookout", cron_schedule: "0 9 * * *", timezone: "UTC" } as LookoutReply;

test("a run that was started but cannot be read continues, and the function waits for its end", async () => {
  const lookouts = new FakeLookouts(1, 0);
  lookouts.runNow = () => Promise.resolve(ENDED);
  // A turn that fails at its first step; the log records the failure.
  lookouts.start = () => Promise.resolve({} as StartedTurn);
  lookouts.findRun = () => Promise.reject(new Error("the database does not answer"));
  const logged: string[] = [];
  const log = { info() {}, warn() {}, error: (event: string) => void logged.push(event) };
  const ports = { ...portsWith(lookouts), log, find: () => Promise.resolve(LOOKOUT) };

  const { run, settled } = startRunNow(ports, "user", "lookout");

  await expect(run).rejects.toThrow("the database does not answer");
  await settled;
  expect(logged).toEqual(["lookout_run_failed"]);
});

test("after a refused run there is nothing to wait for", async () => {
  const lookouts = new FakeLookouts(1, 0);
  lookouts.runNow = () => Promise.reject(new Error("refused"));
  const ports = { ...portsWith(lookouts), find: () => Promise.resolve(LOOKOUT) };

  const { run, settled } = startRunNow(ports, "user", "lookout");

  await expect(run).rejects.toThrow("refused");
  await settled;
});
