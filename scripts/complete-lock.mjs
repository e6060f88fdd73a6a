// Run after `npm install` has changed package-lock.json on a registry that does not hold every platform's package: npm
// leaves those out of the lock file, and `npm ci` then refuses it everywhere. Writes their entries from their names.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const PLATFORM =
  /-(android|darwin|freebsd|linux|openharmony|windows|win32)-(arm|arm64|ia32|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/;
/** What names call a C library or an operating system otherwise than the lock file does. */
const LIBRARIES = { gnu: "glibc", gnueabihf: "glibc", musleabihf: "musl" };
const SYSTEMS = { windows: "win32" };

for (const { optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const platform = name.match(PLATFORM);
    const key = `node_modules/${name}`;
    if (!platform || key in lock.packages) continue;
    const [, system, cpu, variant] = platform;
    const libc = system === "linux" && (LIBRARIES[variant] ?? variant);
    lock.packages[key] = {
      version,
      cpu: [cpu],
      dev: true,
      ...(libc && { libc: [libc] }),
      optional: true,
      os: [SYSTEMS[system] ?? system],
    };
  }
}

lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
