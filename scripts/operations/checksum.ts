import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";

/** The file beside an archive that holds its SHA-256, as `sha256sum --check` reads it. */
export function checksumFile(archive: string): string {
  return `${archive}.sha256`;
}

/** Writes the checksum of an archive beside it. */
export async function writeChecksum(archive: string): Promise<void> {
  const line = `${await hashFile(archive)}  ${path.basename(archive)}\n`;
  await writeFile(checksumFile(archive), line, { mode: 0o600 });
}

/** Rejects when an archive is not, byte for byte, what its checksum file says, or has none. */
export async function verifyChecksum(archive: string): Promise<void> {
  const found = await hashFile(archive).catch(() => null);
  if (found === null) throw new Error(`${archive} cannot be read.`);
  const text = await readFile(checksumFile(archive), "utf8").catch(() => null);
  if (text === null) {
    throw new Error(`${checksumFile(archive)} is missing: nothing proves the archive whole.`);
  }
  if (text.slice(0, 64) === found) return;
  throw new Error(`${archive} is damaged: its SHA-256 is not the one in ${checksumFile(archive)}.`);
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
