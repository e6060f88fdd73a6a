import { expect, onTestFinished, test } from "vitest";
import { openRawRequest } from "../../helpers/raw-request.ts";
import { asPostgres, createSession, createUser, stack } from "../../helpers/stack.ts";

const user = await createUser();
const sessionId = await createSession(user);

/** Sends the headers and the beginning of a body, and then one byte a second. */
function dribble(path: string, type: string, beginning: string) {
  const request = openRawRequest(stack.FUNCTIONS_URL + path, "POST", {
    authorization: `Bearer ${user.accessToken}`,
    "content-type": type,
    "transfer-encoding": "chunked",
  });
  const send = (text: string) => request.write(`${text.length.toString(16)}\r\n${text}\r\n`);
  send(beginning);
  const timer = setInterval(() => send(" "), 1_000);
  onTestFinished(() => {
    clearInterval(timer);
    request.end();
  });
  return { ...request, fallSilent: () => clearInterval(timer) };
}

test("a client that sends a body slowly, or stops sending, is refused after a time limit", {
  timeout: 60_000,
}, async () => {
  const form = "multipart/form-data; boundary=b";
  const field = `--b\r\ncontent-disposition: form-data; name="session_id"\r\n\r\n${sessionId}\r\n`;
  const file = `--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n`;
  const text = "Hello ".repeat(2_000);
  const json = dribble("/chat", "application/json", '{"session_id":');
  const halfField = dribble("/files", form, field.slice(0, -20));
  const halfFile = dribble("/files", form, field + file + text);
  halfField.fallSilent();
  halfFile.fallSilent();

  for (const { answer } of [json, halfField, halfFile]) {
    const { status, text } = await answer;
    expect(status).toBe(408);
    expect(text).toContain('"code":"request_timeout"');
  }
  expect(
    await asPostgres(
      "select status, error ->> 'code' as code from chat_files where session_id = $1",
      [sessionId],
    ),
  )
    .toEqual([{ status: "failed", code: "upload_interrupted" }]);
});
