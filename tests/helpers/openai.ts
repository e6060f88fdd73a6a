import * as z from "zod";
import type { Behaviour } from "@parley/openai-emulator/control/behaviour.ts";
import type { StackStatus } from "../../local/stack/status.ts";
import { stack } from "./stack.ts";

const Requests = z.array(z.looseObject({
  method: z.string(),
  path: z.string(),
  status: z.number().nullable(),
  body: z.unknown(),
}));

/** Tells the OpenAI emulator how to behave; call `resetOpenAI` in `afterEach`. */
export async function behave(behaviour: z.input<typeof Behaviour>): Promise<void> {
  const response = await control("PUT", "behaviour", behaviour);
  if (!response.ok) throw new Error(await response.text());
}

/** Ends all behaviour that tests have set. */
export async function resetOpenAI(): Promise<void> {
  await control("DELETE", "behaviour");
}

/** Returns the requests that a stack's OpenAI emulator has received, oldest first. */
export async function openaiRequests(
  { OPENAI_BASE_URL }: StackStatus = stack,
): Promise<z.infer<typeof Requests>> {
  return Requests.parse(
    await (await fetch(new URL("/_emulator/requests", OPENAI_BASE_URL))).json(),
  );
}

function control(method: string, path: string, body?: unknown): Promise<Response> {
  const url = new URL(`/_emulator/${path}`, stack.OPENAI_BASE_URL);
  return fetch(url, { method, body: body === undefined ? undefined : JSON.stringify(body) });
}

/** Makes OpenAI lose a conversation. */
export async function forgetConversation(id: string): Promise<void> {
  const response = await control("POST", `conversations/${id}/forget`);
  if (!response.ok) throw new Error(await response.text());
}
