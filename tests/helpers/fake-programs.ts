import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";

/** Creates a temporary directory that is removed when the test ends. */
export async function scratchDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "parley-scratch-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Returns a PATH that holds only these programs, each a shell script. */
export async function pathWith(programs: Record<string, string>): Promise<string> {
  const directory = await scratchDirectory();
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(path.join(directory, name), `#!/bin/sh\n${script}\n`);
    await chmod(path.join(directory, name), 0o755);
  }
  return directory;
}
