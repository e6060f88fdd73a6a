// Adds missing packages of other platforms to package-lock.json. `npm install` omits them when the registry lacks them,
// and `npm ci` then refuses the lock file everywhere. The entries are derived from the names of the packages.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const PLATFORM =
  /-(android|darwin|freebsd|linux|openharmony|windows|win32)-(arm|arm64|ia32|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/;
/** C libraries and operating systems whose names in package names differ from those in the lock file. */
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
