import { expect, test } from "vitest";
import { indexed, remoteObjects, upload } from "../../helpers/files.ts";
import { createSession, createUser } from "../../helpers/stack.ts";
import { buildDocx } from "@parley/openai-emulator/retrieval/build-documents.ts";

const user = await createUser();

test.for<[name: string, shown: string]>([
  ["../../etc/passwd.txt", "passwd.txt"],
  ["..\\..\\windows\\win.txt", "win.txt"],
  ["nul\0byte.txt", "nulbyte.txt"],
  [`${"a".repeat(300)}.txt`, `${"a".repeat(251)}.txt`],
  ["invoice\u202etxt.exe.txt", "invoicetxt.exe.txt"],
  ["שלום עולם.txt", "שלום עולם.txt"],
  ["🦄🌈.md", "🦄🌈.md"],
  ["...", "file"],
  [" ", "file"],
  ['quote".txt', 'quote".txt'],
  ["line\r\nbreak.txt", "line  break.txt"],
  ["<script>alert(1)</script>.html", "script>.html"],
  ["%2e%2e%2fescape.txt", "%2e%2e%2fescape.txt"],
])("%j is stored under a safe path and shown with a safe name", async ([name, shown]) => {
  const row = await upload(user, await createSession(user), `Hello from ${shown}`, name);

  expect(row.file_name).toBe(shown);
  expect(row.storage_path).toMatch(
    new RegExp(`^${user.profileId}/[0-9a-f-]{36}/[A-Za-z0-9_-]{1,80}\\.[a-z]+$`),
  );
  const { status, openai_file_id } = await indexed(user, row.id);
  expect(status).toBe("ready");
  const { files } = await remoteObjects();
  const remote = files.find(({ id }) => id === openai_file_id)?.filename ?? "";
  expect(Buffer.byteLength(remote)).toBeLessThanOrEqual(255);
  const [stem, end] = remote.split("~");
  expect(shown.replaceAll('"', "'").startsWith(stem ?? "")).toBe(true);
  expect(end).toMatch(/^parley-[0-9a-f]{8}-[0-9a-f]{8}\.[a-z]+$/);
});

test.for([["data.csv", "text/csv"], ["Makefile", "text/plain"], ["app.py", "text/x-python"]])(
  "a text is accepted whatever its name is: %s",
  async ([name = "", type]) => {
    const row = await upload(user, await createSession(user), "name,age\nAda,36\n", name);

    expect(row).toMatchObject({ file_type: type, file_name: name });
    expect((await indexed(user, row.id)).status).toBe("ready");
  },
);

test("a Word document is read; one that unpacks to gigabytes fails with a reason", async () => {
  const sessionId = await createSession(user);
  const letter = Uint8Array.from(buildDocx(["A letter about horses."]));
  const zeros = { name: "word/media/zeros.bin", content: Buffer.alloc(120 * 1024 * 1024) };
  const bomb = Uint8Array.from(buildDocx(["A bomb."], [zeros]));
  const good = await upload(user, sessionId, letter, "letter.docx");
  const bad = await upload(user, sessionId, bomb, "bomb.docx");

  expect(await indexed(user, good.id)).toMatchObject({ status: "ready" });
  expect(await indexed(user, bad.id)).toMatchObject({
    status: "failed",
    error: { code: "too_long" },
  });
});
