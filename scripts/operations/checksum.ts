import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";

/** Returns the path of an archive's checksum file. It holds the SHA-256 in the format of `sha256sum --check`. */
export function checksumFile(archive: string): string {
  return `${archive}.sha256`;
}

/** Writes the checksum file of an archive. */
export async function writeChecksum(archive: string): Promise<void> {
  const line = `${await hashFile(archive)}  ${path.basename(archive)}\n`;
  await writeFile(checksumFile(archive), line, { mode: 0o600 });
}

/** Rejects when an archive does not match its checksum file, or when one of the two files is missing. */
export async function verifyChecksum(archive: string): Promise<void> {
  const found = await hashFile(archive).catch(() => null);
  if (found === null) throw new Error(`${archive} cannot be read.`);
  const text = await readFile(checksumFile(archive), "utf8").catch(() => null);
  if (text === null) {
    throw new Error(`${checksumFile(archive)} is missing, so the archive cannot be verified.`);
  }
  if (text.slice(0, 64) === found) return;
  throw new Error(`${archive} is damaged: its SHA-256 is not the one in ${checksumFile(archive)}.`);
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
