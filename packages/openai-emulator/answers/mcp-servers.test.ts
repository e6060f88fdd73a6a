import type { Responses } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { readUntilError, startEmulator } from "../start-test-emulator.ts";

const MODEL = "gpt-5-mini";
const WIKI: Responses.Tool.Mcp = {
  type: "mcp",
  server_label: "wiki",
  server_url: "https://example.com/mcp",
};
const NEVER = { ...WIKI, require_approval: "never" as const };
const mcp_servers = {
  wiki: {
    tools: [
      { name: "ask", description: "Asks.", read_only: true, output: "42" },
      { name: "edit", error: "The page is locked." },
    ],
  },
};

/** Source of all: https://developers.openai.com/api/docs/guides/tools-connectors-mcp. */
describe("tools of an MCP server", () => {
  it("are listed once in a conversation, and called", async () => {
    const { client, behave } = await startEmulator();
    await behave({ mcp_servers });
    const { id: conversation } = await client.conversations.create({});
    const ask = (input: string) =>
      client.responses.create({ model: MODEL, conversation, tools: [NEVER], input });
    const first = await ask('ask {"q":"meaning"}');
    expect(first.output).toMatchObject([
      {
        type: "mcp_list_tools",
        tools: [{ name: "ask", annotations: { read_only: true } }, { name: "edit" }],
      },
      { type: "mcp_call", arguments: '{"q":"meaning"}', output: "42", error: null },
      { type: "message" },
    ]);
    const { output } = await ask("edit the page");
    expect(output).toMatchObject([
      {
        type: "mcp_call",
        status: "failed",
        output: null,
        error: { type: "mcp_tool_execution_error", content: [{ text: "The page is locked." }] },
      },
      { type: "message" },
    ]);
  });

  it.each([
    [["ask"], ["ask"]],
    [{ read_only: true }, ["ask"]],
    [{ tool_names: ["edit"], read_only: true }, []],
    [null, ["ask", "edit"]],
  ])("allowed_tools %j lists %j", async (allowed_tools, names) => {
    const { client, behave } = await startEmulator();
    await behave({ mcp_servers });
    const tools = [{ ...NEVER, allowed_tools }];
    const { output } = await client.responses.create({ model: MODEL, tools, input: "ask, edit" });
    const [list] = output;
    expect(list?.type === "mcp_list_tools" && list.tools.map(({ name }) => name)).toEqual(names);
    expect(output.filter(({ type }) => type === "mcp_call")).toHaveLength(names.length);
  });

  it.each([
    [undefined, ["mcp_approval_request", "mcp_approval_request"]],
    ["always" as const, ["mcp_approval_request", "mcp_approval_request"]],
    [{ never: { tool_names: ["ask"] } }, ["mcp_call", "mcp_approval_request"]],
    [{ always: { read_only: false }, never: { read_only: true } }, [
      "mcp_call",
      "mcp_approval_request",
    ]],
    ["never" as const, ["mcp_call", "mcp_call", "message"]],
  ])("require_approval %j leads to %j", async (require_approval, types) => {
    const { client, behave } = await startEmulator();
    await behave({ mcp_servers });
    const tools = [{ ...WIKI, require_approval }];
    const { output } = await client.responses.create({ model: MODEL, tools, input: "ask, edit" });
    expect(output.map(({ type }) => type)).toEqual(["mcp_list_tools", ...types]);
  });

  it.each([true, false])("wait for the decision of the user: %j", async (approve) => {
    const { client, behave } = await startEmulator();
    await behave({ mcp_servers });
    const { id: conversation } = await client.conversations.create({});
    const ask = (input: string | Responses.ResponseInput) =>
      client.responses.create({ model: MODEL, conversation, tools: [WIKI], input });
    const approval_request_id = (await ask("ask")).output.at(-1)?.id ?? "";
    await expect(ask("Hello?")).rejects.toMatchObject({
      status: 400,
      error: {
        message:
          `The following MCP approval requests do not have an approval: ${approval_request_id}`,
        param: "input",
      },
    });
    const decision = { type: "mcp_approval_response" as const, approve, reason: "too costly" };
    await expect(ask([{ ...decision, approval_request_id: "mcpr_x" }])).rejects
      .toMatchObject({ status: 400, param: "input" });
    const { output, output_text } = await ask([{ ...decision, approval_request_id }]);
    if (approve) expect(output[0]).toMatchObject({ type: "mcp_call", approval_request_id });
    else expect(output_text).toContain("You denied ask: too costly.");
    expect(output).toHaveLength(approve ? 2 : 1);
    const items = await Array.fromAsync(client.conversations.items.list(conversation));
    expect(items.map(({ type }) => type)).toContain("mcp_approval_response");
  });
});

describe("a server that does not list its tools", () => {
  const message = (reason: string) =>
    `Error retrieving tool list from MCP server: 'wiki'. Http status code: ${reason}`;

  // https://github.com/agentgateway/agentgateway/issues/383
  it.each([
    [{ fails: 424 }, undefined, "424 (Failed Dependency)"],
    [{ authorization: "right" }, "wrong", "401 (Unauthorized)"],
    [{ authorization: "right" }, undefined, "401 (Unauthorized)"],
  ])("%j with the token %j gets a 424", async (server, authorization, reason) => {
    const { client, behave } = await startEmulator();
    await behave({ mcp_servers: { wiki: { tools: [], ...server } } });
    const tools = [{ ...WIKI, authorization }];
    await expect(client.responses.create({ model: MODEL, tools, input: "Hi" })).rejects
      .toMatchObject({
        status: 424,
        error: {
          message: message(reason),
          type: "external_connector_error",
          param: "tools",
          code: "http_error",
        },
      });
  });

  it("fails the stream with an error event", async () => {
    const { client, behave } = await startEmulator();
    await behave({ mcp_servers: { wiki: { tools: [], fails: 500 } } });
    const stream = await client.responses
      .create({ model: MODEL, tools: [WIKI], input: "Hi", stream: true });
    const { events, error } = await readUntilError(stream);
    expect(events.map(({ type }) => type)).toContain("response.mcp_list_tools.failed");
    expect(error).toMatchObject({
      code: "http_error",
      message: expect.stringContaining("500 (Internal Server Error)"),
    });
  });

  it("is not there with the right token, which no response shows", async () => {
    const { client, behave } = await startEmulator();
    await behave({ mcp_servers: { wiki: { tools: [], authorization: "right" } } });
    const tools = [{ ...WIKI, authorization: "right" }];
    const response = await client.responses.create({ model: MODEL, tools, input: "Hi" });
    expect(response.tools).toMatchObject([{ server_label: "wiki" }]);
    expect(JSON.stringify(response)).not.toContain("right");
  });
});
