import { StorageError } from "../http/storage-error.ts";

/** One object: what `storage.objects` has one row for. */
export interface ObjectKey {
  bucketId: string;
  name: string;
}

/**
 * Supabase checks characters only, so `..`, empty segments and slashes at either end are names like any other. The
 * length is S3's. Source: https://github.com/supabase/storage/blob/master/src/storage/limits.ts (`isValidKey`)
 */
const OBJECT_NAME = /^[\w!.*'() &$@=;:+,?/-]{1,1024}$/;
const BUCKET_NAME = /^[\w!.*'() &$@=;:+,?-]{1,100}$/;

/** Returns the name of an object. Throws `InvalidKey` for an empty or long one, and for one with other characters. */
export function requireObjectName(name: string): string {
  if (!OBJECT_NAME.test(name)) throw new StorageError("InvalidKey", `Invalid key: ${name}`);
  return name;
}

/** The name of a bucket, by the rule that storage-js knows too. Throws `InvalidBucketName`. */
export function requireBucketName(name: string): string {
  if (!BUCKET_NAME.test(name) || name.trim() !== name) throw new StorageError("InvalidBucketName");
  return name;
}

/**
 * Returns the object that a URL names after `prefix`, e.g. `/storage/v1/object/public/`. The parser of URLs collapses a
 * written `..`, as clients and gateways do; one behind an escaped slash (`..%2f`) becomes part of the name.
 */
export function readObjectKey(url: string, prefix: string): ObjectKey {
  const segments = new URL(url).pathname.slice(prefix.length).split("/").map(decodeSegment);
  const [bucketId = "", ...name] = segments;
  return { bucketId: requireBucketName(bucketId), name: requireObjectName(name.join("/")) };
}

/** storage-js sends names unescaped; a `%` that escapes nothing stands for itself. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
