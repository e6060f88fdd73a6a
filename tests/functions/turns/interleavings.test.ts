import { randomUUID } from "node:crypto";
import { validateUIMessages } from "ai";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadHistory, postChat } from "../../helpers/chat-client.ts";
import { draw, drawn } from "../../helpers/matrix.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must, type TestUser } from "../../helpers/stack.ts";
import {
  readUsage,
  recoverTurns,
  resumeSession,
  settled,
  stopSession,
} from "../../helpers/turns.ts";

// Slow enough that a reply is still running when the next step starts.
beforeAll(() => behave({ tokens_per_second: 150, ttft_ms: 10 }));
afterAll(resetOpenAI);

type Step =
  | { do: "send" | "send again" | "regenerate"; leave: boolean }
  | { do: "stop" | "resume" | "recover" | "wait" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom("send" as const, "send again" as const, "regenerate" as const),
    leave: fc.boolean(),
  }),
  fc.record({
    do: fc.constantFrom("stop" as const, "resume" as const, "recover" as const, "wait" as const),
  }),
);

/** One session. Its steps start one after the other and may overlap. */
class Scene {
  readonly #open: Promise<unknown>[] = [];
  #lastBody: Record<string, unknown> | undefined;
  readonly user: TestUser;
  readonly sessionId: string;

  constructor(user: TestUser, sessionId: string) {
    this.user = user;
    this.sessionId = sessionId;
  }

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case "send":
        this.#lastBody = {
          session_id: this.sessionId,
          content: "Hello there",
          message_id: randomUUID(),
        };
        return await this.#post(this.#lastBody, next.leave);
      case "send again":
        return await this.#post(
          this.#lastBody ?? { session_id: this.sessionId, content: "Hi" },
          next.leave,
        );
      case "regenerate":
        return await this.#post(
          { id: this.sessionId, messages: [], trigger: "regenerate-message" },
          next.leave,
        );
      case "stop":
        return void await stopSession(this.user, this.sessionId);
      case "resume":
        return void this.#open.push(
          resumeSession(this.user, this.sessionId).then((answer) => answer.text()),
        );
      case "recover":
        // As if the pump had died, so that recovery and the pump compete to settle the turn.
        await asPostgres(
          `update public.chat_turns set progressed_at = now() - interval '2 minutes'
           where session_id = $1 and status = 'active'`,
          [this.sessionId],
        );
        return void this.#open.push(recoverTurns());
      case "wait":
        return await settled(this.user, this.sessionId);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.#open);
    await settled(this.user, this.sessionId);
  }

  async #post(body: Record<string, unknown>, leave: boolean): Promise<void> {
    const answer = await postChat(body, this.user.accessToken);
    expect([200, 409]).toContain(answer.status);
    if (leave) await answer.body?.cancel();
    else this.#open.push(answer.text());
  }
}

async function checkInvariants({ user, sessionId }: Scene): Promise<void> {
  const rows = must(
    await user.client.from("chat_messages").select().eq("session_id", sessionId).order("seq"),
  );
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
  expect(rows.map(({ status }) => status)).not.toContain("streaming");
  const turns = must(await user.client.from("chat_turns").select().eq("session_id", sessionId));
  expect(turns.map(({ status }) => status)).not.toContain("active");
  if (rows.length > 0) await validateUIMessages({ messages: await loadHistory(user, sessionId) });

  const booked = await asPostgres<{ requests: number }>(
    `select coalesce(sum(request_count), 0)::integer as requests from public.usage_metrics
     where user_id = $1 and feature_type = 'chat'`,
    [user.profileId],
  );
  expect((await readUsage(user)).monthly_messages.used).toBe(booked[0]?.requests);
  const created = (await openaiRequests()).filter(({ method, path, body, status }) =>
    method === "POST" && path === "/v1/responses" && status === 200 &&
    JSON.stringify(body).includes(sessionId) &&
    !JSON.stringify(body).includes('"purpose"')
  );
  expect(created.length).toBeGreaterThanOrEqual(booked[0]?.requests ?? 0);
  const responses = rows.flatMap(({ response_id }) => response_id ?? []);
  expect(new Set(responses).size).toBe(responses.length);
}

test(
  "any order of steps keeps a session's invariants",
  { ...drawn, timeout: 600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 9 }), async (steps) => {
        const user = await createUser();
        const scene = new Scene(user, await createSession(user));
        for (const next of steps) await scene.take(next);
        await scene.end();
        await checkInvariants(scene);
      }),
      { ...draw("interleavings", { one: 2, sample: 6, full: 25 }), endOnFailure: false },
    );
  },
);
