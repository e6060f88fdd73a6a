// Runs an installed tool for an npm script. bootstrap.mjs runs this file after it has installed the packages.
import { execa } from "execa";
import { REPOSITORY } from "../local/stack/settings.ts";

const [command = "", ...args] = process.argv.slice(2);
const options = {
  preferLocal: true,
  localDir: REPOSITORY,
  stdio: "inherit",
  reject: false,
} as const;
const { exitCode } = await execa(command, args, options);
process.exitCode = exitCode ?? 1;
