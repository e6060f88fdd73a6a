import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import * as z from "zod";
import { readStateFile } from "./state-file.ts";

const StackKeys = z.object({
  publishableKey: z.string(),
  secretKey: z.string(),
  databasePassword: z.string(),
  /** HS256 secret that the gateway and the Auth app share. It never leaves this machine. */
  jwtSecret: z.string(),
  /** ES256 private key that signs the tokens of clients. The JWKS holds its public half. */
  signingKey: z.object({
    kty: z.literal("EC"),
    crv: z.literal("P-256"),
    x: z.string(),
    y: z.string(),
    d: z.string(),
    kid: z.string(),
  }),
});

/** The keys and passwords of one state directory. */
export type StackKeys = z.infer<typeof StackKeys>;

/**
 * Reads the keys of a state directory. The first start generates them, in a file that only its owner can read.
 * Rejects when the file is damaged.
 */
export async function loadKeys(stateDir: string): Promise<StackKeys> {
  const file = path.join(stateDir, "keys.json");
  const stored = await readStateFile(file, StackKeys);
  if (stored) return stored;
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
