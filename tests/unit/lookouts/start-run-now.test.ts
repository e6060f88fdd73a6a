import { expect, test } from "vitest";
import type { LookoutReply } from "../../../types/api.ts";
import type { StartedTurn } from "../../../functions/_shared/turn/turn-database.ts";
import { startRunNow } from "../../../functions/lookouts/start-run-now.ts";
import { ENDED, FakeLookouts, portsWith } from "./fake-lookouts.ts";

// Only what a run by hand reads of it.
const LOOKOUT = { id: "lookout", cron_schedule: "0 9 * * *", timezone: "UTC" } as LookoutReply;

test("a run that cannot be read once it has begun goes on all the same, and is waited for", async () => {
  const lookouts = new FakeLookouts(1, 0);
  lookouts.runNow = () => Promise.resolve(ENDED);
  // A turn that breaks as soon as it goes on: the log says that it did.
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

test("one that is refused has nothing to wait for", async () => {
  const lookouts = new FakeLookouts(1, 0);
  lookouts.runNow = () => Promise.reject(new Error("refused"));
  const ports = { ...portsWith(lookouts), find: () => Promise.resolve(LOOKOUT) };

  const { run, settled } = startRunNow(ports, "user", "lookout");

  await expect(run).rejects.toThrow("refused");
  await settled;
});
