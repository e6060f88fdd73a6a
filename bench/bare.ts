import { cp, symlink } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../local/stack/settings.ts";
import { type BenchStack, type BenchUser, startBenchStack, temporaryState } from "./stack.ts";

/** The folders and files of the project that a stack needs. */
const PROJECT = [
  "functions",
  "local",
  "packages",
  "scripts",
  "sql",
  "supabase",
  "types",
  "package.json",
  "package-lock.json",
];

/** Names of the function that is measured and of its baseline, `bench/bare/index.ts`. */
export type Side = "chat" | "bare";

/**
 * Starts a stack of a copy of this project that has the bare function as one of the team's own. Both functions run in
 * one process, behind one gateway.
 */
export async function startStackWithBare(parts: AsyncDisposableStack): Promise<BenchStack> {
  const { project } = await copyProject(parts, "bare");
  const { directory: state } = parts.use(await temporaryState());
  return parts.use(await startBenchStack(state, {}, project));
}

/** Copies this project, with `bench/<name>` as one of the team's own functions. Returns both folders of the copy. */
export async function copyProject(
  parts: AsyncDisposableStack,
  name: string,
): Promise<{ project: string; folder: string }> {
  const { directory: project } = parts.use(await temporaryState());
  for (const each of PROJECT) {
    await cp(path.join(REPOSITORY, each), path.join(project, each), { recursive: true });
  }
  const folder = path.join(project, "supabase/functions", name);
  await cp(path.join(REPOSITORY, "bench", name), folder, { recursive: true });
  await symlink(path.join(REPOSITORY, "node_modules"), path.join(project, "node_modules"));
  return { project, folder };
}

/** Sends a message to the function of one side, and returns the response when its headers have arrived. */
export async function send(
  side: Side,
  { status }: BenchStack,
  { accessToken, sessionId }: Pick<BenchUser, "accessToken" | "sessionId">,
): Promise<Response> {
  const response = await fetch(`${status.FUNCTIONS_URL}/${side}`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ session_id: sessionId, content: "Hello, how are you today?" }),
  });
  if (!response.ok) throw new Error(await response.text());
  return response;
}

/** The beginning of the event that has a text. */
const TEXT: Record<Side, string> = {
  chat: '"type":"text-delta"',
  bare: '"type":"response.output_text.delta"',
};

/** Sends a message and returns the milliseconds until its first text; resolves when the reply has ended. */
export async function firstText(
  side: Side,
  stack: BenchStack,
  user: Pick<BenchUser, "accessToken" | "sessionId">,
): Promise<number> {
  const startedAt = performance.now();
  const { body } = await send(side, stack, user);
  let first = 0;
  for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    if (first === 0 && text.includes(TEXT[side])) first = performance.now() - startedAt;
  }
  if (first === 0) throw new Error(`${side} sent no text`);
  return first;
}
