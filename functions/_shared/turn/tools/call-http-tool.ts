import { lookup } from "node:dns/promises";
import ipaddr from "ipaddr.js";
import { Webhook } from "standardwebhooks";
import { describeError } from "../../http/log.ts";
import type { HttpCall, ToolEnd } from "../turn-database.ts";
import type { TurnPorts } from "../turn-ports.ts";

/** The most bytes of an answer that are read. */
const MOST_BYTES = 1_000_000;

/** The log shows the names of these errors. */
class MissingSecretError extends Error {
  override readonly name = "MissingSecretError";
}
class PrivateAddressError extends Error {
  override readonly name = "PrivateAddressError";
}

/** A reason for the model why a call has no output. */
class ToolError extends Error {
  override readonly name = "ToolError";
}

/**
 * Posts the call of a tool to its address, signed as Standard Webhooks describe, and returns the answer. The id of the
 * call is `webhook-id` and `idempotency-key`, and stays the same if the call is repeated. Never rejects: after a
 * failure, which is logged, returns a sentence for the model.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function callHttpTool(ports: TurnPorts, call: HttpCall): Promise<ToolEnd> {
  const { tool_slug: tool } = call.call;
  try {
    if (call.lacks_secret) throw new MissingSecretError("Vault lacks the secret of the tool");
    if (!ports.files.isLocal) await requirePublic(new URL(call.url).hostname);
    const response = await post(call);
    const answer = await readAnswer(response);
    if (response.ok) return { output: answer };
    throw new ToolError(`The tool answered with status ${response.status}${readReason(answer)}`);
  } catch (error) {
    ports.log.error("tool_failed", { tool, ...describeError(error) });
    return { error: describeFailure(error) };
  }
}

function post({ call, url, timeout_ms, secret, user_id, session_id }: HttpCall): Promise<Response> {
  const { id, tool_slug: tool, arguments: given } = call;
  const body = JSON.stringify({
    type: "tool.call",
    id,
    tool,
    user_id,
    session_id,
    arguments: given,
  });
  const now = new Date();
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "idempotency-key": id,
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      ...(secret !== null && { "webhook-signature": new Webhook(secret).sign(id, now, body) }),
    },
    body,
    // A redirect could lead anywhere, with the user's data.
    redirect: "manual",
    signal: AbortSignal.timeout(timeout_ms),
  });
}

/** Refuses a host in a private network, which only the functions could reach. */
async function requirePublic(hostname: string): Promise<void> {
  const name = hostname.replace(/^\[|\]$/g, "");
  const addresses = ipaddr.isValid(name) ? [name] : await resolve(name);
  if (addresses.some((address) => ipaddr.process(address).range() !== "unicast")) {
    throw new PrivateAddressError("only the functions could reach this address");
  }
}

async function resolve(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** Returns the answer: a value of JSON, or else a text. */
async function readAnswer(response: Response): Promise<unknown> {
  const text = await readText(response);
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function readText({ body }: Response): Promise<string> {
  if (!body) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.byteLength;
    if (bytes > MOST_BYTES) throw new ToolError("The answer of the tool was longer than 1 MB.");
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/** Returns the reason that a tool gives in `{ "error": "…" }`. */
function readReason(answer: unknown): string {
  const isCoded = typeof answer === "object" && answer !== null && "error" in answer;
  return isCoded && typeof answer.error === "string" ? `: ${answer.error}` : ".";
}

function describeFailure(error: unknown): string {
  if (error instanceof ToolError) return error.message;
  const isLate = error instanceof DOMException && error.name === "TimeoutError";
  return isLate ? "The tool took too long." : "The tool could not be called.";
}
