import { randomUUID } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import path from "node:path";
import { asPostgres, createTestClient, stack, stateDir } from "../../helpers/stack.ts";

/** Acts with the secret key. */
export const admin = createTestClient(stack.SECRET_KEY);

/** What a bucket of a migration may say. */
export interface BucketOptions {
  public?: boolean;
  sizeLimit?: number;
  types?: string[];
}

/** Makes a bucket as migrations do, by SQL, and returns its id. */
export async function makeBucket(options: BucketOptions = {}): Promise<string> {
  const id = `bucket-${randomUUID()}`;
  await asPostgres(
    `insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
     values ($1, $1, $2, $3, $4)`,
    [id, options.public ?? false, options.sizeLimit ?? null, options.types ?? null],
  );
  return id;
}

/** Lets every user do these things in the folder that is named by their id, as migrations do. */
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

/** Names of the objects that the table has, whoever may see them. */
export async function namesInTable(bucketId: string): Promise<string[]> {
  const rows = await asPostgres<{ name: string }>(
    "select name from storage.objects where bucket_id = $1 order by name",
    [bucketId],
  );
  return rows.map(({ name }) => name);
}

/** How many files of the store begin with this marker; other tests' files are left out so. */
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

/** Sends a request with a key and what else the client library cannot say, e.g. a range. */
export function request(
  path: string,
  init: RequestInit & { key?: string } = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("apikey", init.key ?? stack.SECRET_KEY);
  return fetch(`${stack.API_URL}/storage/v1${path}`, { ...init, headers });
}
