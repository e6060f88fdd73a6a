import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openProgress } from "../../../scripts/stripe/sync-progress.ts";

const CURSOR = { firstTicket: 7, since: 1, step: "prices", after: "price_1" } as const;
const HOUR = 60 * 60 * 1000;

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "parley-progress-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

test("an interrupted sync continues for an hour after its start", async () => {
  const directory = await makeDirectory();
  let now = 0;
  const open = () => openProgress(directory, "settings", () => now);
  await open().save(CURSOR);
  now = HOUR;
  const resumed = open();
  expect(await resumed.load()).toEqual(CURSOR);
  await resumed.save(CURSOR);
  now = HOUR + 1;
  expect(await open().load()).toBeNull();
});

test("with other settings, or after its end, a sync begins at the start", async () => {
  const directory = await makeDirectory();
  const progress = openProgress(directory, "settings");
  await progress.save(CURSOR);
  expect(await openProgress(directory, "others").load()).toBeNull();
  expect(await openProgress(directory, "settings").load()).toEqual(CURSOR);
  await progress.clear();
  expect(await openProgress(directory, "settings").load()).toBeNull();
});
