import { StorageError } from "../http/storage-error.ts";

/** One object: what `storage.objects` has one row for. */
export interface ObjectKey {
  bucketId: string;
  name: string;
}

/**
 * Supabase takes the characters that S3 calls safe, and those that need handling and are still printable ASCII.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
 */
const OBJECT_NAME = /^[\w!.*'() &$@=;:+,?/-]{1,1024}$/;
const BUCKET_NAME = /^[\w!.*'() &$@=;:+,?-]{1,100}$/;

/** The name of an object. Throws `InvalidKey` for one that is absolute, climbs or holds other characters. */
export function requireObjectName(name: string): string {
  const isSafe = OBJECT_NAME.test(name) &&
    name.split("/").every((segment) => !["", ".", ".."].includes(segment));
  if (!isSafe) throw new StorageError("InvalidKey", `Invalid key: ${name}`);
  return name;
}

/** The name of a bucket, by the rule that storage-js knows too. Throws `InvalidBucketName`. */
export function requireBucketName(name: string): string {
  if (!BUCKET_NAME.test(name) || name.trim() !== name) throw new StorageError("InvalidBucketName");
  return name;
}

/** The object that a URL names after `prefix`, e.g. `/storage/v1/object/public/`. */
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
