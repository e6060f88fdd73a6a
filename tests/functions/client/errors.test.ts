import { expect, test } from "vitest";
import {
  createParley,
  isError,
  ParleyError,
  readError,
} from "../../../packages/client/src/index.ts";
import { openApp, openVisitor } from "../../helpers/client-app.ts";
import { createSession, createUser } from "../../helpers/stack.ts";

const user = await createUser();
const { parley, supabase } = await openApp(user);

async function failure(work: PromiseLike<unknown>): Promise<ParleyError> {
  try {
    await work;
  } catch (error) {
    return readError(error);
  }
  throw new Error("nothing failed");
}

test("a refusal of a function has code, sentence, status and details", async () => {
  const lookout = { title: "A", prompt: "B", assistant_slug: "coach", timezone: "UTC" };
  const error = await failure(
    parley.lookouts.create({ ...lookout, frequency: "daily", time: "9" }),
  );
  expect(error).toBeInstanceOf(ParleyError);
  expect(error).toMatchObject({ code: "invalid_request", status: 400 });
  expect(error.message).toMatch(/\w+ \w+.*\.$/);
});

test("supabase.functions.invoke is read from its response", async () => {
  const { error } = await supabase.functions.invoke("billing/portal", {
    body: { return_url: "http://localhost:3000/" },
  });
  expect(readError(error)).toMatchObject({ code: "not_found", status: 404 });
  expect(await parley.errors.readResponse(error.context)).toMatchObject({
    code: "no_customer",
    status: 404,
  });
});

test("an RPC's refusal has its code and the sentence of its hint", async () => {
  await parley.organizations.create("Mine");
  const error = await failure(parley.organizations.create("Another"));
  expect(error).toMatchObject({ code: "already_member", status: 409 });
  expect(error.message).toMatch(/\w+ \w+.*\.$/);
  const raw = await supabase.rpc("create_organization", { name: "Another" });
  expect(readError(raw.error)).toMatchObject({ code: "already_member", status: 409 });
});

test("PostgREST's own errors have a code of Parley", async () => {
  const { error } = await openVisitor().supabase.from("chat_sessions").select();
  expect(readError(error)).toMatchObject({ code: "not_allowed", status: 403 });
  const none = await supabase.from("chat_sessions").select().eq("id", crypto.randomUUID()).single();
  expect(readError(none.error)).toMatchObject({ code: "not_found", status: 404 });
  expect(await failure(parley.sessions.rename(crypto.randomUUID(), "A"))).toMatchObject({
    code: "not_found",
    status: 404,
  });
});

test("errors of Auth keep their code and status", async () => {
  const { error } = await supabase.auth.signInWithPassword({ email: user.email, password: "no" });
  expect(readError(error)).toMatchObject({ code: "invalid_credentials", status: 400 });
});

test("errors of Storage have a code of Parley by their status", async () => {
  const { error } = await supabase.storage.from("chat-files").createSignedUrl("nobody/nothing", 60);
  expect(readError(error).status).toBeGreaterThanOrEqual(400);
  expect(readError(error).code).toMatch(/^(not_found|invalid_request|not_allowed)$/);
});

test("a server that cannot be reached is a network error, for each part of supabase-js", async () => {
  const app = openVisitor("http://127.0.0.1:9");
  for (
    const work of [
      () => app.parley.billing.products(),
      () => app.parley.sessions.get(crypto.randomUUID()),
      () => app.parley.files.downloadUrl({ storage_path: "a/b", file_name: "b" }),
    ]
  ) {
    expect(await failure(work())).toMatchObject({ code: "network_error", status: null });
  }
});

test("an abort reads as aborted", async () => {
  const signal = AbortSignal.abort();
  const parts = parley.account.export({ signal });
  expect(await failure(parts.next())).toMatchObject({ code: "aborted" });
  expect(readError(signal.reason).code).toBe("aborted");
  const { error } = await supabase.from("chat_sessions").select().abortSignal(signal);
  expect(readError(error).code).toBe("aborted");
});

test("retry-after is read in seconds", async () => {
  const response = Response.json({ code: "rate_limited", message: "Wait.", details: { a: 1 } }, {
    status: 429,
    headers: { "retry-after": "7" },
  });
  expect(await parley.errors.readResponse(response)).toMatchObject({
    code: "rate_limited",
    retryAfter: 7,
    details: { a: 1 },
  });
});

test("a proxy's page reads as a failure of the server", async () => {
  const response = new Response("<html>Bad gateway</html>", { status: 502 });
  expect(await parley.errors.readResponse(response)).toMatchObject({
    code: "internal",
    status: 502,
  });
});

test("anything else is an unknown error", () => {
  for (
    const value of [undefined, null, 1, {}, new Error("Oops"), new TypeError("x is not a function")]
  ) {
    expect(readError(value)).toMatchObject({ code: "unknown_error", status: null });
  }
  expect(isError('{"code":"still_generating","message":"Reload."}', "still_generating")).toBe(true);
});

test("a deadlock is repeated once, and then reads as try_again", async () => {
  const deadlock = () =>
    Response.json({ code: "40P01", message: "deadlock detected", details: null, hint: null }, {
      status: 500,
    });
  let left = 1;
  const app = await openApp(user, undefined, (input, init) => {
    if (!String(input).includes("/rpc/") || left === 0) return fetch(input, init);
    left -= 1;
    return Promise.resolve(deadlock());
  });
  expect(await app.parley.usage()).toMatchObject({ plan: "free" });
  left = 2;
  expect(await failure(app.parley.usage())).toMatchObject({ code: "try_again", status: 503 });
});

test("a chat of a stranger does not exist", async () => {
  const stranger = await openApp(await createUser());
  const id = await createSession(user);
  expect(await stranger.parley.sessions.get(id)).toBeNull();
  expect(createParley(stranger.supabase).errors.is(new Error("x"), "unknown_error")).toBe(true);
});
