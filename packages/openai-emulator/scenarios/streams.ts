import { ApiError } from "../http/api-error.ts";
import { UPSTREAM_MARKER } from "../http/fail-request.ts";
import type {
  Asked,
  Command,
  Cut,
  Effect,
  Ending,
  Point,
  Scenario,
  StreamFault,
} from "./scenario.ts";
import type { ScenarioName } from "./settings.ts";

const SERVER_ERROR = {
  code: "server_error",
  message: `An error occurred while processing your request (${UPSTREAM_MARKER}).`,
};
const CONTEXT_EXCEEDED = {
  code: "context_length_exceeded",
  message:
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
};

/** Scenarios of the connection and of the end of a response. */
export const streams = {
  error_event: {
    source: "https://github.com/openai/openai-dotnet/issues/881",
    takes: ["variant", "after", "n", "completes"],
    variants: ["nested", "flat", "unnamed"],
    respond: (asked, command) =>
      asked.streamed
        ? breakOff(command, sendError(command), { status: "failed", error: SERVER_ERROR })
        : null,
    attach: (command) => ({ cut: sendError(command) }),
  },
  silence: {
    source: "https://github.com/earendil-works/pi/pull/7959",
    takes: ["after", "n", "completes"],
    respond: (asked, command) =>
      asked.streamed
        ? breakOff(command, fallSilent(command), { status: "never", endsStreams: false })
        : null,
    attach: (command) => ({ cut: fallSilent(command) }),
  },
  late_attach_400: {
    source: "https://github.com/openai/openai-python/issues/2828",
    attach: () =>
      new ApiError(
        400,
        "This response can no longer be streamed because it is more than 5 minutes old",
      ),
  },
  never_terminal: {
    source: "https://github.com/theimaginaryfoundation/what-iff/issues/132",
    takes: ["after", "n"],
    respond: (asked, command) =>
      asked.streamed
        ? breakOff(command, endEarly(command), { status: "never", endsStreams: true })
        : null,
    attach: (command) => ({ cut: endEarly(command) }),
  },
  ends_early: {
    source: "https://github.com/TanStack/ai/issues/1447",
    takes: ["after", "n"],
    respond: (asked, command) => asked.streamed ? { stream: { cut: endEarly(command) } } : null,
    attach: (command) => ({ cut: endEarly(command) }),
  },
  duplicate_events: {
    source: "https://github.com/openai/openai-node/pull/2671",
    ...onEveryStream({ repeats: true }),
  },
  split_utf8: {
    source: "https://github.com/lobehub/lobehub/pull/18640",
    ...onEveryStream({ splits: true }),
  },
  cancelled_empty: {
    source: "https://platform.openai.com/docs/api-reference/responses/cancel",
    respond: () => ({ course: { losesOutput: true } }),
  },
  slow_title: {
    source: "https://platform.openai.com/docs/guides/latency-optimization",
    takes: ["seconds"],
    respond: ({ isTitle }, { settings }) =>
      isTitle ? { course: { delayMs: 1000 * (settings.seconds ?? 5) } } : null,
  },
  context_exceeded: {
    source: "https://github.com/the-open-agent/openagent/issues/2344",
    takes: ["variant", "max_input_tokens"],
    needs: ["max_input_tokens"],
    variants: ["refused", "failed", "error_event"],
    refuseResponse: (asked, command) =>
      command.variant === "refused" && exceeds(asked, command)
        ? new ApiError(400, CONTEXT_EXCEEDED.message, {
          param: "input",
          code: CONTEXT_EXCEEDED.code,
        })
        : null,
    respond: (asked, command) =>
      command.variant !== "refused" && exceeds(asked, command) ? failOnContext(command) : null,
  },
} satisfies Partial<Record<ScenarioName, Scenario>>;

function onEveryStream(fault: StreamFault): Pick<Scenario, "respond" | "attach"> {
  return {
    respond: ({ streamed }) => streamed ? { stream: fault } : null,
    attach: () => fault,
  };
}

/** Cuts the stream. The response ends at the same point with `ending`, unless it is to complete. */
function breakOff({ settings }: Command, cut: Cut, ending: Ending): Effect {
  const course = settings.completes ? undefined : { stopAt: cut.at, ending };
  return { course, stream: { cut } };
}

function sendError(command: Command): Cut {
  const frame = (sequence: number) => errorFrame(command.variant, sequence);
  return { at: pointOf(command, "text"), frame, then: "end" };
}

function fallSilent(command: Command): Cut {
  return { at: pointOf(command, "text"), then: "silence" };
}

function endEarly(command: Command): Cut {
  return { at: pointOf(command, "end"), then: "end" };
}

function pointOf({ settings }: Command, usual: Point["after"]): Point {
  return { after: settings.after ?? usual, n: settings.n ?? 1 };
}

function failOnContext({ variant }: Command): Effect {
  const sendsError = variant === "error_event";
  const ending: Ending = { status: "failed", error: CONTEXT_EXCEEDED, sendsError };
  return { course: { stopAt: { after: "created", n: 1 }, ending } };
}

function exceeds(asked: Asked, { settings }: Command): boolean {
  return !asked.truncates && asked.countInput() > (settings.max_input_tokens ?? Infinity);
}

/**
 * Returns an error event. OpenAI documents it flat
 * (https://platform.openai.com/docs/api-reference/responses-streaming/error) and sends it nested. The SDK throws
 * it, unless it is flat and its frame has no name; then the SDK yields it.
 */
function errorFrame(
  variant: string | undefined,
  sequence_number: number,
): string {
  const details = { ...SERVER_ERROR, param: null };
  const data = variant === "nested"
    ? { type: "error", error: { type: "server_error", ...details }, sequence_number }
    : { type: "error", ...details, sequence_number };
  const name = variant === "unnamed" ? "" : "event: error\n";
  return `${name}data: ${JSON.stringify(data)}\n\n`;
}
