import { afterEach, expect, test, vi } from "vitest";
import { openApp } from "../../helpers/client-app.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser } from "../../helpers/stack.ts";

afterEach(resetOpenAI);
const user = await createUser();
const { parley } = await openApp(user);
const { files } = parley;

const text = (name: string, content = `The horse is called ${crypto.randomUUID()}.`) =>
  new File([content], name);

test("a small file goes through the function and becomes ready", async () => {
  const sessionId = await createSession(user);
  const shares: number[] = [];

  const upload = await files.upload(text("horse.md"), {
    sessionId,
    onProgress: (share) => shares.push(share),
  });
  const file = await upload.ready();

  expect(file).toMatchObject({ status: "ready", file_name: "horse.md", session_id: sessionId });
  expect(shares).toEqual([1]);
  expect((await files.list(sessionId)).map(({ id }) => id)).toEqual([file.id]);
  expect(files.part(file)).toMatchObject({ url: `parley:file/${file.id}`, filename: "horse.md" });
  expect(await (await fetch(await files.downloadUrl(file))).text()).toContain("The horse");
  await files.remove(file.id);
  expect(await files.list(sessionId)).toEqual([]);
});

test("a large file goes through Storage", async () => {
  const sessionId = await createSession(user);
  const name = "large.txt";

  const upload = await files.upload(text(name, "rain ".repeat(1_400_000)), { sessionId });

  expect(upload.file).toMatchObject({ file_name: name, session_id: sessionId });
  expect(upload.file.uploaded_as).toMatch(new RegExp(`^${user.profileId}/`));
});

test("a live event ends the waiting for a file", async () => {
  await behave({ indexing_ms: 3_000 });
  const sessionId = await createSession(user);
  const upload = await files.upload(text("slow.md"), { sessionId });
  const file = await upload.ready();
  expect(file.status).toBe("ready");
  // Queries would be seconds apart by then.
  expect(Date.now() - Date.parse(file.updated_at)).toBeLessThan(1_000);
});

test("a file that cannot be read rejects with its code", async () => {
  await behave({ fail: { path: "/v1/files", status: 400 } });
  const sessionId = await createSession(user);
  const upload = await files.upload(text("broken.md"), { sessionId });
  await expect(upload.ready()).rejects.toMatchObject({
    name: "ParleyError",
    code: "file_unreadable",
  });
});

test("a refused upload rejects with its code", async () => {
  const sessionId = await createSession(user);
  await expect(files.upload(text("empty.md", ""), { sessionId })).rejects
    .toMatchObject({ code: "empty_file", status: 400 });
});

/** The part of XMLHttpRequest that the package uses; Node has none. */
class FakeRequest {
  static sent: FakeRequest[] = [];
  upload: { onprogress?: (event: { loaded: number; total: number }) => void } = {};
  status = 0;
  responseText = "";
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  #url = "";
  #headers = new Headers();
  open(_: string, url: string) {
    this.#url = url;
  }
  setRequestHeader(name: string, value: string) {
    this.#headers.set(name, value);
  }
  abort() {
    this.onabort?.();
  }
  async send(body: Blob) {
    this.upload.onprogress?.({ loaded: body.size / 2, total: body.size });
    const answer = await fetch(this.#url, { method: "PUT", headers: this.#headers, body });
    this.status = answer.status;
    this.responseText = await answer.text();
    this.onload?.();
  }
}

test("a browser reports each step of an upload", async () => {
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  try {
    const sessionId = await createSession(user);
    const shares: number[] = [];
    const upload = await files.upload(text("steps.md"), {
      sessionId,
      onProgress: (share) => shares.push(share),
    });
    expect(shares).toEqual([0.5, 1]);
    expect((await upload.ready()).file_name).toBe("steps.md");
  } finally {
    vi.unstubAllGlobals();
  }
});

test("an abort ends the waiting", async () => {
  await behave({ indexing_ms: 5_000 });
  const sessionId = await createSession(user);
  const upload = await files.upload(text("slow.md"), { sessionId });
  await expect(upload.ready({ signal: AbortSignal.timeout(300) })).rejects
    .toMatchObject({ code: "aborted" });
});
