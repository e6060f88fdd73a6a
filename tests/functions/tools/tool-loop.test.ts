import { safeValidateUIMessages, type Tool } from "ai";
import { jsonSchema } from "ai";
import { afterEach, expect, test } from "vitest";
import { loadHistory, openChat, postChat, readText } from "../../helpers/chat-client.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { due, make, readRuns, runDue } from "../lookouts/lookouts-client.ts";
import { asPostgres, createSession, createUser, must, type TestUser } from "../../helpers/stack.ts";
import { call, createGoalAssistant } from "../../helpers/tools.ts";

const slug = await createGoalAssistant("loop");
afterEach(resetOpenAI);

const callsOf = async (user: TestUser) =>
  must(await user.client.from("tool_calls").select().order("step").order("position"));

/** The requests to OpenAI that belong to a chat, without the one for its title. */
async function requestsOf(sessionId: string): Promise<Record<string, unknown>[]> {
  const sent = await openaiRequests();
  return sent.filter(({ path, body }) =>
    path === "/v1/responses" && JSON.stringify(body).includes(sessionId) &&
    JSON.stringify(body).includes('"conversation"')
  ).map(({ body }) => body as Record<string, unknown>);
}

test("function tools run as the user between two responses, and the reply uses their outputs", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await behave({
    scenario: "tool_steps",
    steps: [
      {
        text: "I add them.",
        calls: [call("add_loop_goal", { title: "Run" }), call("add_loop_goal", { title: "Swim" })],
      },
      { calls: [call("list_loop_goals")] },
    ],
  });
  const chat = openChat(user, sessionId);

  await chat.sendMessage({ text: "Add two goals" });

  const [, reply] = chat.messages;
  expect(reply?.parts.map(({ type }) => type)).toEqual([
    "step-start",
    "text",
    "tool-add_loop_goal",
    "tool-add_loop_goal",
    "step-start",
    "tool-list_loop_goals",
    "step-start",
    "text",
  ]);
  expect(readText(reply)).toContain("Swim");
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
  expect((await callsOf(user)).map(({ tool_slug, status, output }) => [tool_slug, status, output]))
    .toEqual([
      ["add_loop_goal", "complete", "Run"],
      ["add_loop_goal", "complete", "Swim"],
      ["list_loop_goals", "complete", [
        { owner: user.authId, goal: "Run" },
        { owner: user.authId, goal: "Swim" },
      ]],
    ]);
  const [first, second, third] = await requestsOf(sessionId);
  expect([second?.["conversation"], third?.["conversation"]]).toEqual(
    Array(2).fill(first?.["conversation"]),
  );
  expect(second?.["input"]).toEqual([
    { type: "function_call_output", call_id: expect.any(String), output: '"Run"' },
    { type: "function_call_output", call_id: expect.any(String), output: '"Swim"' },
  ]);
});

test("the history of a reply with tools is valid for the AI SDK, and goes on in the same conversation", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await behave({
    scenario: "tool_steps",
    steps: [{ calls: [call("add_loop_goal", { title: "Read" })] }],
    times: 1,
  });
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "Add a goal" });
  await chat.sendMessage({ text: "What was it?" });

  const { data } = await user.client.from("tools").select("slug, description, parameters");
  const tools = Object.fromEntries((data ?? []).map(({ slug, parameters }) => [
    slug,
    { inputSchema: jsonSchema(parameters as object) } as Tool,
  ]));
  const messages = await loadHistory(user, sessionId);
  const valid = await safeValidateUIMessages({ messages, tools });

  expect(valid).toMatchObject({ success: true });
  expect(chat.messages).toHaveLength(4);
  const requests = await requestsOf(sessionId);
  expect(new Set(requests.map(({ conversation }) => conversation)).size).toBe(1);
});

test("a lost conversation is built again with the calls and outputs of the running reply", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await behave({
    scenario: "tool_steps",
    steps: [{ calls: [call("add_loop_goal", { title: "Knit" })] }],
    times: 1,
  });
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "Add a goal" });
  await asPostgres("update public.chat_sessions set thread_id = null where id = $1", [sessionId]);

  await chat.sendMessage({ text: "What was it?" });

  const last = (await requestsOf(sessionId)).at(-1);
  expect((last?.["input"] as { type?: string }[]).map(({ type }) => type ?? "message")).toEqual([
    "message",
    "function_call",
    "function_call_output",
    "message",
    "message",
  ]);
});

test("usage of all responses adds up, and each tool has a row", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await behave({
    scenario: "tool_steps",
    steps: [{ calls: [call("add_loop_goal", { title: "Sing" })] }, {
      calls: [call("list_loop_goals")],
    }],
  });
  await openChat(user, sessionId).sendMessage({ text: "Add a goal" });

  const rows = await asPostgres<
    { feature_type: string; model: string; requests: number; tokens: number }
  >(
    `select feature_type, model, request_count::int as requests, (input_tokens + output_tokens)::int as tokens
     from public.usage_metrics where user_id = $1 and feature_type in ('chat', 'tool') order by 1, 2`,
    [user.profileId],
  );
  const [message] = await asPostgres<{ tokens: number }>(
    "select total_tokens as tokens from public.chat_messages where session_id = $1 and sender = 'assistant'",
    [sessionId],
  );
  expect(rows).toEqual([
    { feature_type: "chat", model: "gpt-5.4-mini", requests: 3, tokens: message?.tokens },
    { feature_type: "tool", model: "add_loop_goal", requests: 1, tokens: 0 },
    { feature_type: "tool", model: "list_loop_goals", requests: 1, tokens: 0 },
  ]);
});

test("a call with wrong arguments, of an unknown tool, or of a tool that fails is told to the model", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await behave({
    scenario: "tool_steps",
    steps: [{
      calls: [
        call("add_loop_goal", { titel: "x" }),
        call("drop_everything"),
        { name: "add_loop_goal", arguments: "{not json" },
        call("slow_loop_goal", { seconds: "a" }),
      ],
    }],
  });
  const chat = openChat(user, sessionId);

  await chat.sendMessage({ text: "Try" });

  expect((await callsOf(user)).map(({ status, error }) => [status, error])).toEqual([
    ["failed", expect.stringContaining("title")],
    ["failed", "There is no such tool."],
    ["failed", "The arguments are not valid JSON."],
    ["failed", expect.stringContaining("seconds")],
  ]);
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
  expect(chat.messages[1]?.metadata?.status).toBeUndefined();
});

test("after eight steps the model must answer", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await behave({
    scenario: "tool_steps",
    steps: Array.from({ length: 12 }, () => ({ calls: [call("list_loop_goals")] })),
  });
  const chat = openChat(user, sessionId);

  await chat.sendMessage({ text: "Again and again" });

  const requests = await requestsOf(sessionId);
  expect(requests.map(({ tool_choice }) => tool_choice)).toEqual([
    ...Array(7).fill(undefined),
    "none",
  ]);
  expect(readText(chat.messages[1])).not.toBe("");
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
});

test("a stop while a tool runs ends the reply, and the tool changes nothing", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await behave({
    scenario: "tool_steps",
    steps: [{ calls: [call("slow_loop_goal", { seconds: 3 })] }],
  });
  const body = { session_id: sessionId, content: "Slowly" };
  const response = await postChat(body, user.accessToken);
  const reading = response.text();
  await expect.poll(async () => (await callsOf(user)).length).toBe(1);

  const stopped = await fetch(response.url + `/${sessionId}/stop`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.accessToken}` },
  });

  expect(stopped.status).toBe(200);
  expect(await reading).toContain('"type":"abort"');
  const [, reply] = await loadHistory(user, sessionId);
  expect(reply?.metadata?.status).toBe("stopped");
  expect(await requestsOf(sessionId)).toHaveLength(1);
  expect(await callsOf(user)).toMatchObject([{ status: "failed" }]);
  const goals = await asPostgres("select from public.loop_goals where user_id = $1", [user.authId]);
  expect(goals).toEqual([]);
});

test("a device that joins while a tool runs, and one that joins afterwards, show the whole reply", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await behave({
    scenario: "tool_steps",
    steps: [
      { text: "One.", calls: [call("slow_loop_goal", { seconds: 1 })] },
      { text: "Two.", calls: [call("list_loop_goals")] },
    ],
  });
  const chat = openChat(user, sessionId);
  const sending = chat.sendMessage({ text: "Slowly" });
  await expect.poll(async () => (await callsOf(user)).length).toBe(1);
  const [reloaded, other] = [await loadHistory(user, sessionId), await loadHistory(user, sessionId)]
    .map((messages) => openChat(user, sessionId, messages.slice(0, 1)));

  await Promise.all([sending, reloaded?.resumeStream(), other?.resumeStream()]);

  const stored = await loadHistory(user, sessionId);
  expect(readText(stored[1])).toMatch(/^One\.Two\./);
  for (const device of [chat, reloaded, other]) expect(device?.messages).toEqual(stored);
});

test("web search is off beside tools that act, unless the operator allows domains", async () => {
  const user = await createUser();
  const ask = async () => {
    const sessionId = await createSession(user, slug);
    await (await postChat(
      { session_id: sessionId, content: "Search", search: true },
      user.accessToken,
    )).text();
    const [request] = await requestsOf(sessionId);
    const [, reply] = await loadHistory(user, sessionId);
    const tools = request?.["tools"] as { type: string; filters?: unknown }[];
    return {
      web: tools.find(({ type }) => type === "web_search"),
      notice: reply?.parts.find(({ type }) => type === "data-notice"),
    };
  };

  const off = await ask();
  await asPostgres(
    "update public.assistants set web_with_tools = '{example.com}' where slug = $1",
    [
      slug,
    ],
  );
  const limited = await ask();
  await asPostgres("update public.assistants set web_with_tools = null where slug = $1", [slug]);

  expect(off).toMatchObject({ web: undefined, notice: { data: { code: "web_search_off" } } });
  expect(limited).toMatchObject({
    web: { filters: { allowed_domains: ["example.com"] } },
    notice: undefined,
  });
  expect(must(await user.client.rpc("get_my_usage"))).toMatchObject({
    monthly_searches: { used: 1 },
  });
});

test("a lookout uses tools as its user, without anybody there", async () => {
  const user = await createUser();
  await asPostgres("update public.profiles set subscription_plan = 'pro' where id = $1", [
    user.profileId,
  ]);
  await asPostgres(
    "select private.add_client_tool($1, 'ask_app', 'Asks.', '{\"type\": \"object\"}')",
    [
      slug,
    ],
  );
  await behave({
    scenario: "tool_steps",
    steps: [{ calls: [call("add_loop_goal", { title: "Lookout" }), call("ask_app")] }],
  });
  const id = await make(user, { assistant_slug: slug });
  await due(id);
  await runDue();

  const [run] = await readRuns(user, id);
  const stored = await loadHistory(user, run?.session_id ?? "");
  expect(run?.status).toBe("complete");
  expect(readText(stored[1])).toContain("Lookout");
  expect((await callsOf(user)).map(({ tool_slug, status }) => [tool_slug, status])).toEqual([
    ["add_loop_goal", "complete"],
    ["ask_app", "failed"],
  ]);
  const [request] = await requestsOf(run?.session_id ?? "");
  expect((request?.["tools"] as { name?: string }[]).map(({ name }) => name)).not.toContain(
    "ask_app",
  );
  await asPostgres("select private.remove_tool('ask_app')");
});

test("OpenAI's event about the first response does not make another function run the step", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await behave({
    scenario: "tool_steps",
    steps: [{ calls: [call("slow_loop_goal", { seconds: 4 })] }],
  });
  const chat = openChat(user, sessionId);

  await chat.sendMessage({ text: "Slowly" });

  expect(readText(chat.messages[1])).toContain("slept");
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
  expect(await requestsOf(sessionId)).toHaveLength(2);
});
