import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { z } from "zod";

const StackKeys = z.object({
  publishableKey: z.string(),
  secretKey: z.string(),
  databasePassword: z.string(),
  /** HS256 secret between the gateway and the Auth app; never leaves this machine. */
  jwtSecret: z.string(),
  /** ES256 private key that signs what clients hold; its public half is the JWKS. */
  signingKey: z.object({
    kty: z.literal("EC"),
    crv: z.literal("P-256"),
    x: z.string(),
    y: z.string(),
    d: z.string(),
    kid: z.string(),
  }),
});

/** Keys and passwords of one state directory. */
export type StackKeys = z.infer<typeof StackKeys>;

/** Reads the keys of a state directory, making them (readable by their owner only) at the first start. */
export async function loadKeys(stateDir: string): Promise<StackKeys> {
  const file = path.join(stateDir, "keys.json");
  const text = await readFile(file, "utf8").catch(() => null);
  if (text !== null) return StackKeys.parse(JSON.parse(text));
  const keys = await generateKeys();
  await mkdir(stateDir, { recursive: true });
  await writeFile(file, JSON.stringify(keys, null, 2), { mode: 0o600 });
  return keys;
}

async function generateKeys(): Promise<StackKeys> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(privateKey);
  return StackKeys.parse({
    publishableKey: `sb_publishable_${randomToken()}`,
    secretKey: `sb_secret_${randomToken()}`,
    databasePassword: randomToken(),
    jwtSecret: randomToken(),
    signingKey: { ...jwk, kid: randomToken() },
  });
}

function randomToken(): string {
  return randomBytes(24).toString("base64url");
}
