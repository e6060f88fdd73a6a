import { afterAll, expect, test } from "vitest";
import { ErrorReply } from "../../../types/api.ts";
import { limitedRoutes, limitedRpcs, limitedTables } from "../../../types/limited-calls.ts";
import { type Limit, type LimitName, limits } from "../../../types/limits.ts";
import { postChat } from "../../helpers/chat-client.ts";
import { removeUnregistered, uploadReady } from "../../helpers/files.ts";
import { asPostgres, createSession, createUser, must, stack } from "../../helpers/stack.ts";
import { createAdmin, removeAdmins } from "../admin/make-admin.ts";
import { call as callLookouts, daily } from "../lookouts/lookouts-client.ts";

interface Case {
  call: string;
  limit: LimitName;
  /** Sends a value of this size. Returns the code of the refusal, or null. */
  send: (size: number) => Promise<string | null>;
}

const [user, owner, admin] = [await createUser(), await createUser(), await createAdmin()];
const sessionId = await createSession(user);
must(await owner.client.rpc("create_organization", { name: "Team" }));
await asPostgres("update public.plans set max_lookouts = 10 where slug = 'free'");

afterAll(async () => {
  await removeAdmins();
  await removeUnregistered();
  await asPostgres("update public.plans set max_lookouts = 1 where slug = 'free'");
});

type Result = { error: { message: string } | null };
const code = ({ error }: Result): string | null => error?.message ?? null;

async function codeOf(reply: Promise<Response>): Promise<string | null> {
  const response = await reply;
  const text = await response.text();
  return response.ok ? null : ErrorReply.parse(JSON.parse(text)).code;
}

async function lookout(method: string, route: string, body: Record<string, unknown>) {
  const answer = await callLookouts(user, method, route, body);
  return answer.status < 300 ? null : String(answer.body.code);
}

const chat = (body: Record<string, unknown>) =>
  codeOf(postChat({ session_id: sessionId, ...body }, user.accessToken));
const parts = (...all: Record<string, unknown>[]) =>
  codeOf(postChat({
    id: sessionId,
    message: { id: crypto.randomUUID(), role: "user", parts: all },
  }, user.accessToken));
async function filePart(names: Record<string, string>): Promise<string | null> {
  const { id } = await uploadReady(user, sessionId, "Hello");
  return await parts({ type: "file", url: `parley:file/${id}`, ...names });
}

type ProfileTexts = { user_name: string } | { organization_name: string } | { avatar_url: string };
const profile = (change: ProfileTexts) => async () =>
  code(await user.client.from("profiles").update(change).eq("id", user.profileId));
/** An object whose JSON has this many bytes, as Postgres writes it. */
const data = (bytes: number) => ({ text: "x".repeat(bytes - '{"text": ""}'.length) });
const picture = (size: number) => "https://example.com/".padEnd(size, "x");
const address = (size: number) => "@example.com".padStart(size, "a");
const body = (bytes: number, of: Record<string, unknown>) => {
  const empty = JSON.stringify({ ...of, padding: "" });
  return JSON.stringify({ ...of, padding: "x".repeat(bytes - empty.length) });
};

/** Changes the metadata of the login to this many bytes. */
async function metadata(bytes: number): Promise<string | null> {
  const [kept] = await asPostgres<{ size: number }>(
    `select octet_length((raw_user_meta_data || '{"note": ""}')::text) as size
     from auth.users where id = $1`,
    [user.authId],
  );
  const note = "x".repeat(bytes - (kept?.size ?? 0));
  return code(await user.client.auth.updateUser({ data: { note } }));
}

const cases: Case[] = [
  {
    call: "public.chat_sessions",
    limit: "title",
    send: async (size) => {
      const session = { assistant_slug: "coach", title: "x".repeat(size) };
      return code(await user.client.from("chat_sessions").insert(session));
    },
  },
  {
    call: "public.chat_sessions",
    limit: "title",
    send: async (size) =>
      code(
        await user.client.from("chat_sessions").update({ title: "x".repeat(size) })
          .eq("id", sessionId),
      ),
  },
  {
    call: "public.custom_instructions",
    limit: "instructions",
    send: async (size) => {
      const row = { user_id: user.profileId, content: "x".repeat(size) };
      return code(await user.client.from("custom_instructions").upsert(row));
    },
  },
  {
    call: "public.profiles",
    limit: "user_name",
    send: (size) => profile({ user_name: "x".repeat(size) })(),
  },
  {
    call: "public.profiles",
    limit: "organization_of_user",
    send: (size) => profile({ organization_name: "x".repeat(size) })(),
  },
  {
    call: "public.profiles",
    limit: "avatar_url",
    send: (size) => profile({ avatar_url: picture(size) })(),
  },
  { call: "auth.users", limit: "metadata", send: metadata },
  {
    call: "create_organization",
    limit: "organization_name",
    send: async (size) => {
      const founder = await createUser();
      return code(await founder.client.rpc("create_organization", { name: "x".repeat(size) }));
    },
  },
  {
    call: "rename_organization",
    limit: "organization_name",
    send: async (size) =>
      code(await owner.client.rpc("rename_organization", { name: "x".repeat(size) })),
  },
  {
    call: "invite_member",
    limit: "email",
    send: async (size) => code(await owner.client.rpc("invite_member", { email: address(size) })),
  },
  {
    call: "log_activity",
    limit: "action",
    send: async (size) => code(await user.client.rpc("log_activity", { action: "x".repeat(size) })),
  },
  {
    call: "log_activity",
    limit: "data",
    send: async (size) =>
      code(await user.client.rpc("log_activity", { action: "clicked", data: data(size) })),
  },
  {
    call: "issue_bridge_token",
    limit: "data",
    send: async (size) =>
      code(await user.client.rpc("issue_bridge_token", { session_data: data(size) })),
  },
  {
    call: "storage.objects",
    limit: "data",
    send: async (size) => {
      const path = `${user.profileId}/${size}.txt`;
      const options = { metadata: data(size) };
      const { error } = await user.client.storage.from("chat-files").upload(path, "Hello", options);
      return error?.message.split(":")[0] ?? null;
    },
  },
  {
    call: "admin_add_note",
    limit: "note",
    send: async (size) => {
      const args = { user_id: user.profileId, note: "x".repeat(size) };
      return code(await admin.client.rpc("admin_add_note", args));
    },
  },
  {
    call: "POST /chat",
    limit: "message_text",
    send: (size) => chat({ content: "x".repeat(size) }),
  },
  {
    call: "POST /chat",
    limit: "parts",
    send: (size) => parts(...Array.from({ length: size }, () => ({ type: "text", text: "Hello" }))),
  },
  {
    call: "POST /chat",
    limit: "part_names",
    send: (size) => filePart({ filename: "x".repeat(size) }),
  },
  {
    call: "POST /chat",
    limit: "part_names",
    send: (size) => filePart({ mediaType: "x".repeat(size) }),
  },
  {
    call: "POST /chat",
    limit: "body",
    send: (size) =>
      codeOf(postChat(body(size, { session_id: sessionId, content: "Hello" }), user.accessToken)),
  },
  {
    call: "POST /lookouts",
    limit: "lookout_title",
    send: (size) => lookout("POST", "", daily({ title: "x".repeat(size) })),
  },
  {
    call: "POST /lookouts",
    limit: "lookout_prompt",
    send: (size) => lookout("POST", "", daily({ prompt: "x".repeat(size) })),
  },
];

/** Pairs of a call and a size that have tests elsewhere. */
const ELSEWHERE = [
  // The same schema as that of `POST /lookouts`.
  /^PATCH \/lookouts\/:id lookout_/,
  // tests/functions/security/hostile-requests.test.ts: every route.
  / body$/,
  // tests/functions/files/refuse-uploads.test.ts
  / file_bytes$/,
  // The same function as that of `issue_bridge_token`.
  /^POST \/bridge data$/,
  // fill-to-the-limit.test.ts
  / (unregistered_)?bytes$/,
];

test("every limit of a size has a case", () => {
  const covered = new Set(cases.map(({ call, limit }) => `${call} ${limit}`));
  const calls = { ...limitedTables, ...limitedRpcs, ...limitedRoutes };
  const pairs = Object.entries(calls).flatMap(([call, { limits: names }]) =>
    names.filter((name) => {
      const { unit }: Limit = limits[name];
      return unit === "characters" || unit === "bytes" || name === "parts";
    }).map((name) => `${call} ${name}`)
  );
  const missing = pairs.filter((pair) =>
    !covered.has(pair) && !ELSEWHERE.some((each) => each.test(pair))
  );

  expect(missing).toEqual([]);
});

test.for(cases.map((each) => [`${each.call}: ${each.limit}`, each] as const))(
  "%s may be reached and not passed",
  async ([, { limit, send }]) => {
    const { value, code: refusal }: Limit = limits[limit];
    if (!("fixed" in value)) throw new Error(`${limit} has no fixed value`);

    expect(await send(value.fixed)).toBeNull();
    expect(await send(value.fixed + 1)).toBe(refusal);
  },
);

test("a message keeps the name and type of the file's row, and strangers see no other", async () => {
  const session = await createSession(user);
  const row = await uploadReady(user, session, "Other", "other.md");
  const part = {
    type: "file",
    url: `parley:file/${row.id}`,
    filename: "invoice.exe",
    mediaType: "text/html",
  };
  const message = { id: crypto.randomUUID(), role: "user", parts: [part] };
  expect(await codeOf(postChat({ id: session, message }, user.accessToken))).toBeNull();
  const token = must(
    await user.client.rpc("set_chat_visibility", { session_id: session, visibility: "public" }),
  );

  const stored = must(
    await user.client.from("chat_messages").select("parts").eq("session_id", session)
      .eq("sender", "user").single(),
  );
  const shared = must(await owner.client.rpc("get_shared_chat", { token }));

  const own = { filename: "other.md", mediaType: row.file_type };
  expect(stored.parts).toEqual([{ ...part, ...own }]);
  expect(shared).toMatchObject({ messages: [{ parts: [{ type: "file", ...own }] }, {}] });
});

test("a sign-up with large metadata gets the status and the code", async () => {
  const response = await fetch(`${stack.API_URL}/auth/v1/signup`, {
    method: "POST",
    headers: { apikey: stack.PUBLISHABLE_KEY, "content-type": "application/json" },
    body: JSON.stringify({
      email: `${crypto.randomUUID()}@example.com`,
      password: crypto.randomUUID(),
      data: data(20_000),
    }),
  });

  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: "PT413", message: "metadata_too_large" });
});
