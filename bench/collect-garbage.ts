// Imported into every Node process of a stack that is watched for leaks. Node lets garbage lie for minutes, which looks
// like growth: here it is collected now and then, and a file named for the process, in the directory of the environment,
// says how many bytes it still holds. Needs `--expose-gc`.
import { writeFileSync } from "node:fs";
import path from "node:path";

const EVERY_MS = 30_000;
const { BENCH_HELD = "" } = process.env;

setInterval(() => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(path.join(BENCH_HELD, String(process.pid)), String(heapUsed + external));
}, EVERY_MS).unref();
