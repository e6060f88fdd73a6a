import { type Context, Hono } from "hono";
import { ApiError } from "../http/api-error.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findResponse } from "../find-records.ts";
import { openSources } from "./open-sources.ts";
import { paginate } from "../http/paginate.ts";
import { parseBody, parseInput } from "../http/parse-request.ts";
import { checkRequest } from "./check-request.ts";
import { CreateResponse, ListQuery, RetrieveResponse } from "./request-schemas.ts";
import { type StartedResponse, startResponse } from "./start-response.ts";
import type { EmulatorState, ResponseRecord, Run } from "../state.ts";
import { type Listener, streamEvents } from "../http/stream-events.ts";

/** Returns the routes of `/responses`: create, retrieve, stream again, cancel, delete, input items. */
export function responsesRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", async (c) => {
      const params = await parseBody(c.req, CreateResponse);
      checkRequest(state, params);
      const texts = await openSources(state, params);
      return await answer(c, state, startResponse(state, params, texts), params);
    })
    .get("/:id", (c) => {
      const record = findResponse(state, c.req.param("id"));
      const query = parseInput(c.req.query(), RetrieveResponse);
      if (query.stream === "false") return c.json(record.response);
      refuseUnstreamable(record);
      const fault = state.behaviour.scenario().attach();
      return streamTo(c, state, record, { fault, onGone: () => {} }, query.starting_after);
    })
    .delete("/:id", async (c) => {
      const { response } = findResponse(state, c.req.param("id"));
      await stop(state.runs.get(response.id));
      state.responses.delete(response.id);
      state.changed();
      return c.json({ id: response.id, object: "response", deleted: true });
    })
    .post("/:id/cancel", async (c) => {
      const { response } = findResponse(state, c.req.param("id"));
      if (!response.background) throw new ApiError(400, "Cannot cancel a synchronous response.");
      await stop(state.runs.get(response.id));
      return c.json(response);
    })
    .get("/:id/input_items", (c) => {
      const { inputItems } = findResponse(state, c.req.param("id"));
      return c.json(paginate(inputItems, parseInput(c.req.query(), ListQuery)));
    });
}

async function answer(
  c: Context<EmulatorEnv>,
  state: EmulatorState,
  { run, fault }: StartedResponse,
  params: CreateResponse,
): Promise<Response> {
  // A background response continues when its client disconnects.
  const onGone = params.background ? () => {} : run.cancel;
  if (params.stream) return streamTo(c, state, run.record, { fault, onGone });
  if (!params.background) {
    c.req.raw.signal.addEventListener("abort", onGone, { once: true });
    await run.finished;
  }
  return c.json(run.record.response);
}

function streamTo(
  c: Context<EmulatorEnv>,
  state: EmulatorState,
  { log }: ResponseRecord,
  reader: Pick<Listener, "fault" | "onGone">,
  startingAfter = -1,
): Response {
  const { connection } = c.env;
  const listener = { behaviour: state.behaviour.get(), connection, ...reader };
  return streamEvents(log.follow(startingAfter), listener);
}

/**
 * Throws unless the response was created with `background` and `stream`; OpenAI streams no other response
 * again (https://platform.openai.com/docs/guides/background).
 */
function refuseUnstreamable({ response, streamed }: ResponseRecord): void {
  if (response.background && streamed) return;
  throw new ApiError(400, "Only a response created with background=true and stream=true streams.", {
    param: "stream",
  });
}

async function stop(run: Run | undefined): Promise<void> {
  run?.cancel();
  await run?.finished;
}
