import type { Responses } from "openai/resources/responses/responses";
import type {
  AnswerPlan,
  PlannedCodeRun,
  PlannedFunctionCall,
  PlannedMcpCall,
  PlannedReasoning,
  PlannedToolItem,
} from "../answers/answer-plan.ts";
import { isOpenQuestion, lastText } from "../answers/call-tools.ts";
import { isUserMessage } from "../answers/read-messages.ts";
import { shorten } from "../answers/shorten-text.ts";
import type { Item } from "../wire-types.ts";
import { newId } from "../new-id.ts";
import { fillSchema } from "./fill-schema.ts";
import type { Asked, Command, Effect, Ending, Scenario } from "./scenario.ts";
import type { ScenarioName } from "./settings.ts";

/** A PNG of 8 by 8 pixels in one colour. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mMw7jiDFTEMLQkAC8JhwTBj" +
  "pDgAAAAASUVORK5CYII=";

const FUNCTIONS = "https://platform.openai.com/docs/guides/function-calling";
const MCP = "https://platform.openai.com/docs/guides/tools-connectors-mcp";
const REASONING = "https://platform.openai.com/docs/guides/reasoning";

/** Scenarios of the output. They change replies, not titles. */
export const outputs = {
  filtered: {
    source: "https://github.com/langchain4j/langchain4j/issues/6181",
    respond: reply(() => ({
      course: { ending: { status: "incomplete", reason: "content_filter" } },
    })),
  },
  reasoning_only: {
    source: REASONING,
    takes: ["variant"],
    variants: ["completed", "incomplete"],
    respond: reply(({ wantsSummary }, { variant }) => {
      const plan = (plan: AnswerPlan) => [think(wantsSummary ? reasoningOf(plan) : [])];
      const ending: Ending = variant === "incomplete"
        ? { status: "incomplete", reason: "max_output_tokens" }
        : { status: "completed" };
      return { course: { plan, ending } };
    }),
  },
  empty_output: {
    source: "https://github.com/BerriAI/litellm/pull/26087",
    respond: reply(() => ({ course: { plan: () => [] } })),
  },
  reasoning_summary: {
    source: REASONING,
    takes: ["n"],
    respond: reply(({ wantsSummary }, { settings }) => {
      const summaries = Array.from(
        { length: settings.n ?? 2 },
        (_, index) => `**Step ${index + 1}**\n\nI compare what was asked with what I know.`,
      );
      return replaceReasoning([think(wantsSummary ? summaries : [])]);
    }),
  },
  function_call: {
    source: FUNCTIONS,
    takes: ["arguments"],
    respond: reply((asked, command) => {
      const [first] = callFunctions(asked, command);
      return !isOpenQuestion(asked.input) || !first ? null : replaceText([first]);
    }),
  },
  parallel_function_calls: {
    source: FUNCTIONS,
    takes: ["arguments", "n"],
    respond: reply((asked, command) => {
      const calls = callFunctions(asked, command);
      if (!isOpenQuestion(asked.input) || calls.length === 0) return null;
      const { n = 2 } = command.settings;
      return replaceText(Array.from({ length: n }, (_, i) => calls[i % calls.length] ?? []).flat());
    }),
  },
  tool_steps: {
    source: FUNCTIONS,
    takes: ["steps"],
    needs: ["steps"],
    respond: reply(({ history, input, mayCall }, { settings }) => {
      const step = mayCall && settings.steps?.[countSteps([...history, ...input])];
      if (!step) return null;
      const calls = step.calls.map((call) => ({ type: "function_call" as const, ...call }));
      const { text } = step;
      return replaceText([
        ...text === undefined ? [] : [{ type: "text" as const, text, annotations: [] }],
        ...calls,
      ]);
    }),
  },
  // By default, the conversation forgets the calls of a response that was cancelled:
  // https://github.com/openai/openai-node/issues/2571.
  open_calls_stay: {
    source: "https://github.com/vybestack/llxprt-code/issues/61",
    respond: reply(() => ({ course: { keepsItems: true } })),
  },
  mcp_call: {
    source: MCP,
    takes: ["arguments"],
    respond: reply((asked, command) => {
      const call = callMcp(asked, command, "mcp_call");
      return call && insertBeforeText([listMcpTools(call), call]);
    }),
  },
  mcp_approval: {
    source: MCP,
    takes: ["arguments"],
    respond: reply((asked, command) => {
      const call = callMcp(asked, command, "mcp_approval_request");
      return !isOpenQuestion(asked.input) || !call ? null : replaceText([listMcpTools(call), call]);
    }),
  },
  image: {
    source: "https://platform.openai.com/docs/guides/tools-image-generation",
    respond: reply((asked) => {
      const tool = asked.tools.find((tool) => tool.type === "image_generation");
      if (!tool) return null;
      const partialImages = tool.partial_images ?? 0;
      const prompt = shorten(lastText(asked.input), 80);
      return insertBeforeText([
        { type: "image_generation_call", prompt, image: PNG, partialImages },
      ]);
    }),
  },
  code_file: {
    source: "https://platform.openai.com/docs/guides/tools-code-interpreter",
    takes: ["variant"],
    variants: ["csv", "zip", "expired"],
    respond: reply((asked, { variant }) => {
      const tool = asked.tools.find((tool) => tool.type === "code_interpreter");
      if (!tool) return null;
      const { container } = tool;
      const containerId = typeof container === "string" ? container : newId("cntr");
      return citeFile(writeFile(containerId, variant));
    }),
  },
} satisfies Partial<Record<ScenarioName, Scenario>>;

type Respond = NonNullable<Scenario["respond"]>;

function reply(respond: Respond): Respond {
  return (asked, command) => asked.isTitle ? null : respond(asked, command);
}

function think(summaries: string[]): PlannedReasoning {
  return { type: "reasoning", summaries };
}

function reasoningOf(plan: AnswerPlan): string[] {
  return plan.flatMap((item) => item.type === "reasoning" ? item.summaries : []);
}

function replaceReasoning(items: PlannedReasoning[]): Effect {
  const plan = (plan: AnswerPlan) => [
    ...items,
    ...plan.filter(({ type }) => type !== "reasoning"),
  ];
  return { course: { plan } };
}

/** Returns how often the model has got the results of tools since the user's last message. */
function countSteps(items: readonly Item[]): number {
  const since = items.slice(items.findLastIndex(isUserMessage) + 1);
  const isResult = (item: Item | undefined) => item?.type === "function_call_output";
  return since.filter((item, index) => isResult(item) && !isResult(since[index + 1])).length;
}

function replaceText(items: AnswerPlan): Effect {
  const plan = (plan: AnswerPlan) => [
    ...plan.filter(({ type }) => type === "reasoning"),
    ...items,
  ];
  return { course: { plan } };
}

function insertBeforeText(items: PlannedToolItem[]): Effect {
  const plan = (plan: AnswerPlan) => {
    const place = plan.findIndex(({ type }) => type === "text" || type === "refusal");
    return plan.toSpliced(place, 0, ...items);
  };
  return { course: { plan } };
}

/** Returns one call of each function that the request offers. */
function callFunctions(asked: Asked, { settings }: Command): PlannedFunctionCall[] {
  return asked.tools.flatMap((tool) => {
    if (tool.type !== "function") return [];
    const invented = () =>
      JSON.stringify(fillSchema(tool.parameters, shorten(lastText(asked.input), 80)));
    return { type: "function_call", name: tool.name, arguments: settings.arguments ?? invented() };
  });
}

function callMcp(
  asked: Asked,
  { settings }: Command,
  type: PlannedMcpCall["type"],
): PlannedMcpCall | null {
  const tool = asked.tools.find((tool) => tool.type === "mcp");
  if (!tool) return null;
  return {
    type,
    server: tool.server_label,
    name: allowedTools(tool)[0] ?? "search",
    arguments: settings.arguments ?? JSON.stringify({ query: shorten(lastText(asked.input), 80) }),
    output: "The server found one result.",
  };
}

function allowedTools({ allowed_tools }: Responses.Tool.Mcp): string[] {
  return Array.isArray(allowed_tools) ? allowed_tools : allowed_tools?.tool_names ?? [];
}

function listMcpTools({ server, name }: PlannedMcpCall): PlannedToolItem {
  return { type: "mcp_list_tools", server, tools: [{ name }] };
}

function writeFile(containerId: string, variant: string | undefined): PlannedCodeRun {
  const [name, content] = variant === "zip"
    ? ["report.zip", "PK\x03\x04\x14\x00\x06\x00"]
    : ["report.csv", "name,value\nalpha,1\nbeta,2\n"];
  const isExpired = variant === "expired";
  const file = { id: newId("cfile"), containerId, name, content, isExpired };
  const code = `open("/mnt/data/${file.name}", "w").write(${JSON.stringify(content)})`;
  return { type: "code_interpreter_call", code, logs: `${content.length}\n`, file };
}

/** Inserts the run and adds a link to the file to the text, with a citation, as OpenAI does. */
function citeFile(run: PlannedCodeRun): Effect {
  const { id: file_id, containerId: container_id, name: filename } = run.file;
  const plan = (plan: AnswerPlan) =>
    plan.flatMap((item): AnswerPlan => {
      if (item.type !== "text") return [item];
      const link = `sandbox:/mnt/data/${filename}`;
      const text = `${item.text} [Download ${filename}](${link})`;
      const end_index = text.length - 1;
      const start_index = end_index - link.length;
      const citation = { container_id, file_id, filename, start_index, end_index };
      const annotations = [
        ...item.annotations,
        { type: "container_file_citation" as const, ...citation },
      ];
      return [run, { ...item, text, annotations }];
    });
  return { course: { plan } };
}
