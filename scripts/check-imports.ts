import { glob } from "node:fs/promises";
import { execa } from "execa";
import { REPOSITORY } from "../local/stack/settings.ts";

/** Forbids circular imports and imports of higher layers, also of types. */
const CONFIG = ".oxlintrc.json";

/**
 * Checks the imports of all TypeScript files below `folders` of a project. Rejects with an Error that names each wrong
 * import. Rejects, too, when the linter has read too few files, because a failed parser must not count as success.
 */
export async function checkImports(folders: string[], project: string = REPOSITORY): Promise<void> {
  const { all, exitCode } = await execa("oxlint", ["--config", CONFIG, ...folders], {
    preferLocal: true,
    localDir: REPOSITORY,
    cwd: project,
    all: true,
    reject: false,
    env: { NO_COLOR: "1" },
  });
  if (exitCode !== 0) throw new Error(all);
  const read = Number(/ on (\d+) files?/.exec(all)?.[1] ?? 0);
  const there = await countFiles(folders, project);
  if (read < there) throw new Error(`the linter has read ${read} of ${there} files:\n${all}`);
}

async function countFiles(folders: string[], project: string): Promise<number> {
  const patterns = folders.map((folder) =>
    folder.endsWith(".ts") ? folder : `${folder}/**/*.{ts,mjs}`
  );
  // Git ignores what a build has written, and so does the linter.
  const exclude = ["packages/*/dist/**"];
  return (await Array.fromAsync(glob(patterns, { cwd: project, exclude }))).length;
}
