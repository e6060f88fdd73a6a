import { createHmac } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { ObjectKey } from "../objects/names.ts";
import { StorageError } from "../http/storage-error.ts";

const Payload = z.object({
  /** `bucket/name`. */
  url: z.string(),
  scope: z.enum(["download", "upload"]),
  /** Who asked for the upload: the object will be theirs. */
  owner: z.string().optional(),
  upsert: z.boolean().optional(),
  /** Seconds since 1970. */
  exp: z.number(),
});
type Payload = z.infer<typeof Payload>;

/** Makes and checks the tokens in signed URLs; a token is good for one object and one scope. */
export interface UrlSigner {
  /** A token that is good for `seconds`. */
  sign(key: ObjectKey, claims: Omit<Payload, "url" | "exp">, seconds: number): Promise<string>;
  /** Throws `InvalidJWT` for a token that is forged or expired, `InvalidSignature` for another object's. */
  verify(token: string, key: ObjectKey, scope: Payload["scope"]): Promise<Payload>;
}

/** Makes a signer with a key of its own, so that its tokens open nothing else. */
export function createUrlSigner(secret: string): UrlSigner {
  const signingKey = createHmac("sha256", secret).update("storage signed urls").digest();
  return {
    sign: (key, claims, seconds) =>
      new SignJWT({ url: urlOf(key), ...claims })
        .setProtectedHeader({ alg: "HS256" })
        .setIssuedAt()
        .setExpirationTime(`${seconds} seconds`)
        .sign(signingKey),
    async verify(token, key, scope) {
      const { payload } = await jwtVerify(token, signingKey, { algorithms: ["HS256"] })
        .catch((error: Error) => {
          throw new StorageError("InvalidJWT", error.message);
        });
      const claims = Payload.parse(payload);
      if (claims.url !== urlOf(key) || claims.scope !== scope) {
        throw new StorageError("InvalidSignature");
      }
      return claims;
    },
  };
}

function urlOf({ bucketId, name }: ObjectKey): string {
  return `${bucketId}/${name}`;
}
