// Imported into every Node process of a stack that is watched for leaks. Node collects garbage late, which
// looks like growth. This module collects it regularly and writes the remaining bytes to a file named for the
// process. The environment names the directory. Needs `--expose-gc`.
import { writeFileSync } from "node:fs";
import path from "node:path";

const EVERY_MS = 30_000;
const { BENCH_HELD = "" } = process.env;

setInterval(() => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(path.join(BENCH_HELD, String(process.pid)), String(heapUsed + external));
}, EVERY_MS).unref();
