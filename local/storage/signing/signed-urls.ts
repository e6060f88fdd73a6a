import { createHmac } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import * as z from "zod";
import type { ObjectKey } from "../objects/names.ts";
import { StorageError } from "../http/storage-error.ts";

const Payload = z.object({
  /** `bucket/name`. */
  url: z.string(),
  scope: z.enum(["download", "upload"]),
  /** The id of the user who asked for the upload and will own the object. */
  owner: z.string().optional(),
  upsert: z.boolean().optional(),
  /** Seconds since 1970. */
  exp: z.number(),
});
type Payload = z.infer<typeof Payload>;

/** Creates and verifies the tokens of signed URLs. A token is valid for one object and one scope. */
export interface UrlSigner {
  /** Creates a token that expires after `seconds`. */
  sign(key: ObjectKey, claims: Omit<Payload, "url" | "exp">, seconds: number): Promise<string>;
  /** Rejects with `InvalidJWT` for a forged or expired token, and with `InvalidSignature` for one of another object. */
  verify(token: string, key: ObjectKey, scope: Payload["scope"]): Promise<Payload>;
}

/** Creates a signer. Its key derives from the secret, so its tokens are not valid anywhere else. */
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
