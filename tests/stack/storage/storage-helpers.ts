import { randomUUID } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import path from "node:path";
import { asPostgres, createTestClient, stack, stateDir } from "../../helpers/stack.ts";

/** The client with the secret key. */
export const admin = createTestClient(stack.SECRET_KEY);

/** The options of a bucket in a migration. */
export interface BucketOptions {
  public?: boolean;
  sizeLimit?: number;
  types?: string[];
}

/** Creates a bucket by SQL, as migrations do, and returns its id. */
export async function makeBucket(options: BucketOptions = {}): Promise<string> {
  const id = `bucket-${randomUUID()}`;
  await asPostgres(
    `insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
     values ($1, $1, $2, $3, $4)`,
    [id, options.public ?? false, options.sizeLimit ?? null, options.types ?? null],
  );
  return id;
}

/** Creates policies that allow each user these operations in the folder named by their id, as migrations do. */
export async function allowOwnFolder(
  bucketId: string,
  verbs: ("select" | "insert" | "update" | "delete")[],
): Promise<void> {
  const rule = `bucket_id = '${bucketId}'
    and (storage.foldername(name))[1] = (select auth.uid())::text`;
  for (const verb of verbs) {
    const check = verb === "insert" ? `with check (${rule})` : `using (${rule})`;
    await asPostgres(
      `create policy "${bucketId} ${verb}" on storage.objects for ${verb} to authenticated ${check}`,
    );
  }
}

/** Returns the names of the objects in the table, past all policies. */
export async function namesInTable(bucketId: string): Promise<string[]> {
  const rows = await asPostgres<{ name: string }>(
    "select name from storage.objects where bucket_id = $1 order by name",
    [bucketId],
  );
  return rows.map(({ name }) => name);
}

/** Counts the files of the store that begin with this marker. The marker excludes files of other tests. */
export async function countOnDisk(marker: string): Promise<number> {
  const directory = path.join(stateDir, "storage");
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const heads = await Promise.all(
    files.map((entry) => readHead(path.join(entry.parentPath, entry.name), marker.length)),
  );
  return heads.filter((head) => head === marker).length;
}

async function readHead(file: string, length: number): Promise<string | null> {
  try {
    await using handle = await open(file);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString();
  } catch {
    return null; // Another test has just removed it.
  }
}

/** Sends a request with a key and options that the client library does not have, for example a range. */
export function request(
  path: string,
  init: RequestInit & { key?: string } = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("apikey", init.key ?? stack.SECRET_KEY);
  return fetch(`${stack.API_URL}/storage/v1${path}`, { ...init, headers });
}
