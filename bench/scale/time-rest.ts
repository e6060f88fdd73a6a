import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { execa } from "execa";
import type { JWTPayload } from "jose";
import * as z from "zod";
import { createTokenExchange } from "../../local/gateway/tokens.ts";
import type { Database, Json } from "../../types/database.ts";
import type { ScaleDatabases } from "./databases.ts";
import type { Answer, Operation } from "./operations.ts";
import type { Subject } from "./subjects.ts";

/** The expiry of tokens in seconds since 1970, later than the longest run. */
const EXPIRES_AT = Math.floor(Date.now() / 1000) + 24 * 60 * 60;
const ISSUER = "http://127.0.0.1/auth/v1";

const Ports = z.record(z.string(), z.number());

/** The databases behind the stack's gateway. */
export interface ScaleGateway extends AsyncDisposable {
  /** Returns the milliseconds from the call of supabase-js to its result. Throws if the result is wrong. */
  time(
    database: string,
    operation: Operation,
    variant: "secured" | "bare",
    subject: Subject,
  ): Promise<number>;
}

/** Starts the gateway of every database. */
export async function startGateway(
  { stateDir, port, keys }: ScaleDatabases,
  names: string[],
): Promise<ScaleGateway> {
  const child = execa("node", [
    path.join(import.meta.dirname, "gateway.ts"),
    stateDir,
    String(port),
    ISSUER,
    ...names,
  ], { stdio: ["ignore", "pipe", "inherit"], reject: false, preferLocal: true });
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), "line"),
    child.then(() => Promise.reject(new Error("the gateway ended"))),
  ]);
  const ports = Ports.parse(JSON.parse(String(line)));

  const tokens = await createTokenExchange(keys, ISSUER);
  const clients = new Map<string, SupabaseClient<Database>>();
  const clientOf = async (database: string, caller: string, claims: JWTPayload) => {
    const id = `${database} ${caller}`;
    const url = `http://127.0.0.1:${ports[database]}`;
    const client = clients.get(id) ??
      createTokenClient(url, keys.publishableKey, await tokens.sign(claims));
    clients.set(id, client);
    return client;
  };
  return {
    async time(database, operation, variant, subject) {
      // Both variants use a token, so that its cost in the gateway does not count as a cost of the policies.
      const role = variant === "bare" ? "service_role" : operation.role;
      const sub = role === "authenticated" ? subject.auth_id : undefined;
      const client = await clientOf(database, sub ?? role, {
        sub,
        session_id: sub,
        role,
        exp: EXPIRES_AT,
      });
      return await timeRequest(client, operation, variant, subject);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child;
    },
  };
}

async function timeRequest(
  client: SupabaseClient<Database>,
  { name, rows, rest }: Operation,
  variant: "secured" | "bare",
  subject: Subject,
): Promise<number> {
  const started = rest.first ? dataOf(await rest.first(client, subject)) : null;
  const request = variant === "bare" && rest.bare
    ? () => rest.bare?.(client, subject)
    : () => rest.run(client, subject, started);
  const startedAt = performance.now();
  const answer = await request();
  const elapsed = performance.now() - startedAt;
  const data = dataOf(answer);
  if (Array.isArray(data) && data.length !== rows) throw new Error(`${name}: ${data.length} rows`);
  if (rest.after) dataOf(await rest.after(client, data));
  return elapsed;
}

function dataOf(answer: Answer | undefined): Json {
  if (!answer || answer.error) throw new Error(answer?.error?.message ?? "no answer");
  return z.json().parse(answer.data);
}

function createTokenClient(
  url: string,
  key: string,
  token: string,
): SupabaseClient<Database> {
  return createClient<Database>(url, key, { accessToken: () => Promise.resolve(token) });
}
