// Imported into every Node process of a stack that is watched for leaks: Node lets garbage lie for minutes, which looks
// like growth. Needs `--expose-gc`.
const EVERY_MS = 30_000;

setInterval(() => globalThis.gc?.(), EVERY_MS).unref();
