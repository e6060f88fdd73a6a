import {
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
} from "ai";
import { afterEach, expect, test } from "vitest";
import { loadHistory, openChat, postChat, readText } from "../../helpers/chat-client.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must, type TestUser } from "../../helpers/stack.ts";
import type { TestChat } from "../../helpers/test-chat.ts";
import { call, createGoalAssistant } from "../../helpers/tools.ts";

const slug = await createGoalAssistant("wait", [
  `select private.add_client_tool($1, 'where_am_i', 'Returns the city of the user.',
     '{"type": "object", "properties": {}, "additionalProperties": false}')`,
  `select private.add_function_tool($1, 'tools.add_wait_goal', '{"needs_approval": true}')`,
  `select private.add_mcp_tool($1, 'wiki', 'https://wiki.example', null, '{"require_approval": "always"}')`,
]);
afterEach(resetOpenAI);

const WITH_TOOLS = { sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls };
const WITH_APPROVALS = {
  sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
};
const steps = (...calls: ReturnType<typeof call>[]) =>
  behave({ scenario: "tool_steps", steps: [{ calls }] });
const callsOf = async (user: TestUser) =>
  must(await user.client.from("tool_calls").select().order("step").order("position"));
const turnOf = async (user: TestUser) =>
  must(await user.client.from("chat_turns").select().single());
const goalsOf = async (user: TestUser) =>
  (await asPostgres<{ title: string }>("select title from public.wait_goals where user_id = $1", [
    user.authId,
  ]))
    .map(({ title }) => title);

/** Resolves when the chat has nothing to do. */
async function settled(chat: TestChat): Promise<void> {
  await expect.poll(() => chat.status, { timeout: 10_000 }).toBe("ready");
}

/** Starts a reply that waits for the approval of one call. */
async function askApproval(user: TestUser): Promise<{ sessionId: string; chat: TestChat }> {
  const sessionId = await createSession(user, slug);
  await steps(call("add_wait_goal", { title: "Run" }));
  const chat = openChat(user, sessionId, [], WITH_APPROVALS);
  await chat.sendMessage({ text: "Add a goal" });
  return { sessionId, chat };
}

function approvalId(chat: TestChat): string {
  for (const part of chat.messages.at(-1)?.parts ?? []) {
    if ("approval" in part && part.approval) return part.approval.id;
  }
  throw new Error("The reply asks for no approval.");
}

test("the app runs a client tool, and the same reply goes on with its output; nothing is charged again", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await steps(call("where_am_i"));
  const chat = openChat(user, sessionId, [], {
    ...WITH_TOOLS,
    onToolCall: ({ toolCallId }, chat) =>
      void chat.addToolOutput({ tool: "where_am_i", toolCallId, output: { city: "Oslo" } }),
  });

  await chat.sendMessage({ text: "Where am I?" });
  await expect.poll(() => readText(chat.messages[1])).toContain("Oslo");
  await settled(chat);

  expect(chat.messages).toHaveLength(2);
  expect(chat.messages[1]?.parts.map(({ type }) => type)).toEqual([
    "step-start",
    "tool-where_am_i",
    "step-start",
    "text",
  ]);
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
  expect(await callsOf(user)).toMatchObject([{ status: "complete", output: { city: "Oslo" } }]);
  expect(must(await user.client.rpc("get_my_usage"))).toMatchObject({
    monthly_messages: { used: 1 },
  });
  expect(await turnOf(user)).toMatchObject({ status: "complete", steps: 1 });
});

test("a client tool that fails is told to the model", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, slug);
  await steps(call("where_am_i"));
  const chat = openChat(user, sessionId, [], {
    ...WITH_TOOLS,
    onToolCall: ({ toolCallId }, chat) =>
      void chat.addToolOutput({
        tool: "where_am_i",
        toolCallId,
        state: "output-error",
        errorText: "The user denied the location.",
      }),
  });

  await chat.sendMessage({ text: "Where am I?" });
  await expect.poll(() => readText(chat.messages[1])).toContain("denied the location");
  await settled(chat);

  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
});

test("an approved call runs once, and a denied one does not run", async () => {
  const user = await createUser();
  for (const approved of [true, false]) {
    const { sessionId, chat } = await askApproval(user);
    expect(chat.messages[1]?.parts.at(-1)).toMatchObject({ state: "approval-requested" });
    expect(await loadHistory(user, sessionId)).toEqual(chat.messages);

    await chat.addToolApprovalResponse({ id: approvalId(chat), approved, reason: "I say so" });
    await expect.poll(() => readText(chat.messages[1])).not.toBe("");
    await settled(chat);

    expect(JSON.parse(JSON.stringify(chat.messages))).toEqual(await loadHistory(user, sessionId));
  }
  expect(await goalsOf(user)).toEqual(["Run"]);
  expect((await callsOf(user)).map(({ status, reason }) => [status, reason])).toEqual([
    ["complete", "I say so"],
    ["denied", "I say so"],
  ]);
});

test("of two devices that approve and deny at once, one wins, and both show the same reply", async () => {
  const user = await createUser();
  const { sessionId, chat } = await askApproval(user);
  const other = openChat(user, sessionId, await loadHistory(user, sessionId), WITH_APPROVALS);
  const id = approvalId(chat);

  await Promise.all([
    chat.addToolApprovalResponse({ id, approved: true }),
    other.addToolApprovalResponse({ id, approved: false }),
  ]);
  for (const device of [chat, other]) {
    await expect.poll(() => readText(device.messages[1]), { timeout: 10_000 }).not.toBe("");
    await settled(device);
  }

  const stored = await loadHistory(user, sessionId);
  expect(JSON.parse(JSON.stringify(chat.messages))).toEqual(stored);
  expect(JSON.parse(JSON.stringify(other.messages))).toEqual(stored);
  const [decided] = await callsOf(user);
  expect(await goalsOf(user)).toEqual(decided?.status === "denied" ? [] : ["Run"]);
});

test("another message instead ends the calls as not provided, and OpenAI misses no output", async () => {
  const user = await createUser();
  const { sessionId, chat } = await askApproval(user);
  await behave({});

  await chat.sendMessage({ text: "Never mind" });

  expect(chat.error).toBeUndefined();
  expect(await callsOf(user)).toMatchObject([{
    status: "failed",
    error: "The output was not provided.",
  }]);
  const [, reply, , answer] = await loadHistory(user, sessionId);
  expect(reply?.parts.at(-1)).toMatchObject({
    state: "output-error",
    errorText: "The output was not provided.",
  });
  expect(readText(answer)).not.toBe("");
  expect(await goalsOf(user)).toEqual([]);
  // A device that still shows the question gets the reply as it ended.
  const late = await postChat({
    id: sessionId,
    messages: [{
      id: reply?.id,
      role: "assistant",
      parts: [{
        type: "tool-add_wait_goal",
        toolCallId: "x",
        state: "approval-responded",
        approval: { id: "x", approved: true },
      }],
    }],
    trigger: "submit-message",
  }, user.accessToken);
  expect(late.status).toBe(200);
  expect(await late.text()).toContain("The output was not provided.");
});

test("a missing answer is refused, and so are answers for other users' replies and for other calls", async () => {
  const [user, stranger] = [await createUser(), await createUser()];
  const sessionId = await createSession(user, slug);
  await steps(call("where_am_i"), call("add_wait_goal", { title: "Run" }));
  const chat = openChat(user, sessionId, []);
  await chat.sendMessage({ text: "Both" });
  const [, reply] = chat.messages;
  const [first, second] = await callsOf(user);
  const answer = (id: string | undefined, more: object) => ({
    type: "tool-x",
    toolCallId: id,
    input: {},
    ...more,
  });
  const post = (from: TestUser, ...parts: object[]) =>
    postChat({
      id: sessionId,
      messages: [{ id: reply?.id, role: "assistant", parts }],
      trigger: "submit-message",
    }, from.accessToken);
  const output = answer(first?.call_id, { state: "output-available", output: "Oslo" });
  // An output for a call that needs approval does not approve it.
  const forged = answer(second?.call_id, { state: "output-available", output: "done" });

  const replies = [
    await post(user, output),
    await post(user, output, forged),
    await post(stranger, output, forged),
  ];

  expect(await Promise.all(replies.map(async (r) => [r.status, (await r.json()).code]))).toEqual([
    [409, "tool_output_missing"],
    [409, "tool_output_missing"],
    [404, "session_not_found"],
  ]);
  expect((await callsOf(user)).map(({ status }) => status)).toEqual([
    "awaiting_client",
    "awaiting_approval",
  ]);
  expect(await goalsOf(user)).toEqual([]);
});

test("a call of an MCP server that the user approves runs at OpenAI; a denied one is told to the model", async () => {
  const user = await createUser();
  for (const approved of [true, false]) {
    const sessionId = await createSession(user, slug);
    await behave({
      mcp_servers: { wiki: { tools: [{ name: "ask", output: "Oslo" }] } },
    });
    const chat = openChat(user, sessionId, [], WITH_APPROVALS);
    await chat.sendMessage({ text: "Please ask the wiki" });
    expect(chat.messages[1]?.parts.at(-1)).toMatchObject({
      type: "dynamic-tool",
      toolName: "mcp.ask",
      state: "approval-requested",
    });

    await chat.addToolApprovalResponse({ id: approvalId(chat), approved });
    await expect.poll(() => readText(chat.messages[1]), { timeout: 10_000 }).not.toBe("");
    await settled(chat);

    expect(JSON.parse(JSON.stringify(chat.messages))).toEqual(await loadHistory(user, sessionId));
    expect(chat.messages[1]?.parts.find(({ type }) => type === "dynamic-tool")).toMatchObject({
      state: approved ? "output-available" : "output-denied",
    });
  }
  const sent = (await openaiRequests()).filter(({ body }) =>
    JSON.stringify(body ?? null).includes("mcp_approval_response")
  );
  expect(sent).toHaveLength(2);
});

test("a reload while the reply waits shows it as it is, and the reloaded app goes on", async () => {
  const user = await createUser();
  const { sessionId } = await askApproval(user);
  const reloaded = openChat(user, sessionId, await loadHistory(user, sessionId), WITH_APPROVALS);
  await reloaded.resumeStream();

  await reloaded.addToolApprovalResponse({ id: approvalId(reloaded), approved: true });
  await expect.poll(() => readText(reloaded.messages[1])).not.toBe("");
  await settled(reloaded);

  expect(JSON.parse(JSON.stringify(reloaded.messages))).toEqual(await loadHistory(user, sessionId));
  expect(await goalsOf(user)).toEqual(["Run"]);
});
