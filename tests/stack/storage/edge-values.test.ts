import { expect, test } from "vitest";
import { createUser, stack } from "../../helpers/stack.ts";

const NUL = "\u0000";
const requests: Record<string, [method: string, path: string, body: unknown]> = {
  "a listed prefix": ["POST", "object/list/chat-files", { prefix: NUL }],
  "a search": ["POST", "object/list/chat-files", { prefix: "", search: NUL }],
  "signed names": ["POST", "object/sign/chat-files", { expiresIn: 60, paths: [NUL] }],
  "removed names": ["DELETE", "object/chat-files", { prefixes: [NUL] }],
  "a moved name": ["POST", "object/move", {
    bucketId: "chat-files",
    sourceKey: NUL,
    destinationKey: "x",
  }],
  "the address of a wildcard": ["POST", "*", {}],
};

test.for(Object.entries(requests))(
  "a NUL or a wildcard in %s is an invalid request",
  async ([, [method, path, body]]) => {
    const user = await createUser();

    const response = await fetch(`${stack.API_URL}/storage/v1/${path}`, {
      method,
      headers: {
        apikey: stack.PUBLISHABLE_KEY,
        authorization: `Bearer ${user.accessToken}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
    });

    expect(response.status).toBe(400);
  },
);

test("metadata with a NUL is an invalid request", async () => {
  const user = await createUser();
  const { error } = await user.client.storage.from("chat-files").upload(
    `${user.profileId}/x.txt`,
    "x",
    { metadata: { note: NUL } },
  );
  expect(error).toMatchObject({ status: 400 });
});
