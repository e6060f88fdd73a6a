// Installs the packages of package-lock.json when node_modules is missing or stale. Then runs a script of this project
// on the Node that the project pins. This file itself runs on any Node of the machine, before anything is installed.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const repository = path.resolve(
  import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname),
  "..",
);
const lockFile = readFileSync(path.join(repository, "package-lock.json"), "utf8");
// scripts/note-install.mjs writes it after a complete install, so an incomplete node_modules lacks this file.
const stamp = path.join(repository, "node_modules/.parley-installed-lock.json");
const node = path.join(repository, "node_modules/.bin/node");

if (!existsSync(node) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== lockFile) {
  console.error("Installing the packages of package-lock.json (npm ci) …");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: repository,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) process.exit(status ?? 1);
}

const [script, ...args] = process.argv.slice(2);
const child = spawn(node, [path.join(repository, script), ...args], {
  cwd: repository,
  stdio: "inherit",
  // Node keeps compiled code and stripped types here, so that every later process starts faster.
  env: { NODE_COMPILE_CACHE: path.join(repository, "node_modules/.cache/node"), ...process.env },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(signal ? 1 : code));
