import { expect, test } from "vitest";
import { bodyOf, CLIENT_FORMS, CONTENT } from "../../helpers/client-forms.ts";
import { createSession, createUser, stack } from "../../helpers/stack.ts";

const user = await createUser();

test.for(CLIENT_FORMS)("a form of $client is a file with its name", async (form) => {
  const sessionId = await createSession(user);

  const response = await fetch(`${stack.FUNCTIONS_URL}/files`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.accessToken}`, "content-type": form.contentType },
    body: bodyOf(form, sessionId),
  });

  const row = await response.json();
  expect(row).toMatchObject({ file_name: form.fileName, session_id: sessionId });
  expect(response.status).toBe(201);
  const { data } = await user.client.storage.from("chat-files").download(row.storage_path);
  expect(await data?.text()).toBe(CONTENT);
});
