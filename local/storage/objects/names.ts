import { StorageError } from "../http/storage-error.ts";

/** The bucket and the name of an object, which identify its row in `storage.objects`. */
export interface ObjectKey {
  bucketId: string;
  name: string;
}

/**
 * As on Supabase, only characters matter, so `..`, empty segments and slashes at either end are valid. S3 sets the
 * longest length. Source: https://github.com/supabase/storage/blob/master/src/storage/limits.ts (`isValidKey`)
 */
const OBJECT_NAME = /^[\w!.*'() &$@=;:+,?/-]{1,1024}$/;
const BUCKET_NAME = /^[\w!.*'() &$@=;:+,?-]{1,100}$/;

/** Returns the name of an object. Throws `InvalidKey` when it is empty, too long, or has other characters. */
export function requireObjectName(name: string): string {
  if (!OBJECT_NAME.test(name)) throw new StorageError("InvalidKey", `Invalid key: ${name}`);
  return name;
}

/** Returns the name of a bucket. Throws `InvalidBucketName` when it breaks the rule, which storage-js checks too. */
export function requireBucketName(name: string): string {
  if (!BUCKET_NAME.test(name) || name.trim() !== name) throw new StorageError("InvalidBucketName");
  return name;
}

/**
 * Returns the object that a URL names after `prefix`, e.g. `/storage/v1/object/public/`. The URL parser resolves a
 * literal `..`, as clients and gateways do. With an escaped slash (`..%2f`), it becomes part of the name. Throws
 * `InvalidBucketName` or `InvalidKey`.
 */
export function readObjectKey(url: string, prefix: string): ObjectKey {
  const segments = new URL(url).pathname.slice(prefix.length).split("/").map(decodeSegment);
  const [bucketId = "", ...name] = segments;
  return { bucketId: requireBucketName(bucketId), name: requireObjectName(name.join("/")) };
}

/** Decodes a segment. storage-js does not escape names, so a `%` without a valid escape is kept. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
