import fc from "fast-check";
import { expect, test } from "vitest";
import { FormReader } from "../../../functions/files/read-form.ts";
import { readPartNames } from "../../../functions/files/read-part-names.ts";
import { receiveUpload } from "../../../functions/files/receive-upload.ts";
import { displayName } from "../../../functions/_shared/session-files/file-names.ts";
import { bodyOf, CLIENT_FORMS, CONTENT } from "../../helpers/client-forms.ts";

const SESSION = crypto.randomUUID();

/** Sends a body in pieces of this size. */
function send(body: Uint8Array<ArrayBuffer>, contentType: string, size: number): FormReader {
  let at = 0;
  const stream = new ReadableStream({
    pull(controller) {
      if (at >= body.length) return controller.close();
      controller.enqueue(body.slice(at, at += size));
    },
  });
  const init = { method: "POST", headers: { "content-type": contentType }, body: stream };
  return new FormReader(new Request("http://parley", { ...init, duplex: "half" } as RequestInit));
}

async function readUpload(reader: FormReader) {
  const { fileName, content, end } = await receiveUpload(reader);
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of content) text += decoder.decode(chunk, { stream: true });
  return { fileName: displayName(fileName), text, fields: await end() };
}

test.for(CLIENT_FORMS)("a form of $client is read", async (form) => {
  for (const size of [1, 7, 64, 10_000]) {
    const reader = send(bodyOf(form, SESSION), form.contentType, size);
    expect(await readUpload(reader)).toEqual({
      fileName: form.fileName,
      text: CONTENT,
      fields: { session_id: SESSION },
    });
  }
});

/** The ways of clients to write a name. */
const WAYS: [way: string, write: (name: string) => string][] = [
  ["as browsers", (name) => `filename="${name.replaceAll('"', "%22")}"`],
  ["with backslashes", (name) => `filename="${name.replace(/["\\]/g, "\\$&")}"`],
  ["as filename*", (name) => `filename="x"; filename*=utf-8''${encodeStrictly(name)}`],
  ["in base64", (name) => `filename="=?utf-8?B?${Buffer.from(name).toString("base64")}?="`],
  [
    "as quoted words",
    (name) =>
      `filename="=?UTF-8?Q?${encodeStrictly(name).replaceAll("%", "=").replaceAll("_", "=5F")}?="`,
  ],
];

function encodeStrictly(name: string): string {
  return encodeURIComponent(name).replace(
    /[!'()*~.-]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

test.for(WAYS)("any name arrives as it was written %s", ([way, write]) => {
  const names = fc.string({ unit: "grapheme", minLength: 1 }).filter((name) =>
    // A name of blanks alone is no name.
    name.trim() !== "" && name.isWellFormed() && !/%22|%0[ad]|=\?/i.test(name) &&
    // deno-lint-ignore no-control-regex
    !/[\x00-\x1f\x7f]/.test(name) &&
    // A backslash in a name of a browser may mean two things.
    !(way === "as browsers" && name.includes("\\"))
  );
  fc.assert(
    fc.property(names, (name) => {
      const header = `Content-Disposition: form-data; name="file"; ${write(name)}`;
      expect(readPartNames(new TextEncoder().encode(header))).toEqual({
        name: "file",
        fileName: name,
      });
    }),
    { examples: [["\u2028!"], ["!\u2029content-disposition: form-data"]] },
  );
});

test("headers of any bytes give names and no error", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    const start = new TextEncoder().encode('Content-Disposition: form-data; name="file"; ');
    const { fileName } = readPartNames(Uint8Array.of(...start, ...bytes));
    expect(typeof fileName).toMatch(/string|undefined/);
  }));
});

test("a form of 50 MB is never held", async () => {
  const chunk = new Uint8Array(64 * 1024).fill(97);
  const head = '--x\r\nContent-Disposition: form-data; name=file; filename="a.txt"\r\n\r\n';
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (sent === 0) controller.enqueue(new TextEncoder().encode(head));
      else if (sent <= 800) controller.enqueue(chunk.slice());
      else controller.close();
      sent += 1;
      if (sent === 801) controller.enqueue(new TextEncoder().encode("\r\n--x--\r\n"));
    },
  }, { highWaterMark: 0 });
  const headers = { "content-type": "multipart/form-data; boundary=x" };
  const init = { method: "POST", headers, body, duplex: "half" } as RequestInit;
  const { content } = await receiveUpload(new FormReader(new Request("http://parley", init)));
  let size = 0;
  let ahead = 0;
  for await (const bytes of content) {
    size += bytes.byteLength;
    ahead = Math.max(ahead, sent * chunk.length - size);
  }
  expect(size).toBe(800 * chunk.length);
  expect(ahead).toBeLessThan(5 * chunk.length);
});
