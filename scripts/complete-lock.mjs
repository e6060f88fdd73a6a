// Run after `npm install` has changed package-lock.json on a registry that does not hold every platform's package: npm
// leaves those out of the lock file, and `npm ci` then refuses it everywhere. Writes their entries from their names.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const SYSTEMS = { darwin: "darwin", linux: "linux", windows: "win32", win32: "win32" };

for (const { optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const platform = name.match(/-(darwin|linux|windows|win32)-(arm64|x64)(?:-(musl|glibc))?$/);
    const key = `node_modules/${name}`;
    if (!platform || key in lock.packages) continue;
    const [, system, cpu, libc] = platform;
    lock.packages[key] = {
      version,
      cpu: [cpu],
      dev: true,
      ...(libc && { libc: [libc] }),
      optional: true,
      os: [SYSTEMS[system]],
    };
  }
}

lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
