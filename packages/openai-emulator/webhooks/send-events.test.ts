import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { expect, it, onTestFinished } from "vitest";
import { serveOpenAIEmulator } from "../serve-emulator.ts";

const SECRET = `whsec_${Buffer.from("a secret of a test").toString("base64")}`;

/** Starts an emulator and its endpoint, which answers each event with the next status, and at last with 200. */
async function start(...statuses: number[]) {
  const received: { body: string; headers: Headers }[] = [];
  const endpoint = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
    received.push({ body, headers });
    response.writeHead(statuses.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
  const { port } = endpoint.address() as AddressInfo;
  const webhook = { url: `http://127.0.0.1:${port}/`, secret: SECRET };
  const emulator = await serveOpenAIEmulator({ port: 0, webhook });
  onTestFinished(async () => {
    await emulator.close();
    endpoint.close();
  });
  const client = new OpenAI({ apiKey: "sk-test", baseURL: emulator.url, webhookSecret: SECRET });
  return { client, received };
}

const REQUEST = { model: "gpt-5-mini", input: "Hello", background: true } as const;

it("sends a signed event when a background response ends", async () => {
  const { client, received } = await start();

  const { id } = await client.responses.create(REQUEST);

  await expect.poll(() => received.length).toBe(1);
  const [event] = received;
  expect(await client.webhooks.unwrap(event?.body ?? "", event?.headers))
    .toMatchObject({ type: "response.completed", data: { id } });
});

it("sends an event again until the endpoint accepts it", async () => {
  const { client, received } = await start(500);

  await client.responses.create(REQUEST);

  await expect.poll(() => received.length, { timeout: 5_000 }).toBe(2);
  expect(received[1]?.body).toBe(received[0]?.body);
});

it("sends nothing about a response in the foreground", async () => {
  const { client, received } = await start();

  await client.responses.create({ model: "gpt-5-mini", input: "Hello" });
  const { id } = await client.responses.create(REQUEST);

  await expect.poll(() => received.length).toBe(1);
  expect(received[0]?.body).toContain(id);
});
