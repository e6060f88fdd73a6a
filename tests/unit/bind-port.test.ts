import { once } from "node:events";
import net from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { bindPort } from "../../local/stack/bind-port.ts";

async function listen(port: number): Promise<net.Server> {
  const server = net.createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return server;
}

async function takenPort(): Promise<number> {
  const address = (await listen(0)).address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return address.port;
}

test("any port is one that no outgoing connection takes", async () => {
  const { port, part } = await bindPort({ port: 0 }, listen);

  expect(part.address()).toMatchObject({ port });
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port).toBeLessThan(32_000);
});

test("the port of the last time comes first, and another one when it is taken", async () => {
  const tried: number[] = [];
  const preferred = await takenPort();
  const { port } = await bindPort({ port: 0, preferred }, (candidate) => {
    tried.push(candidate);
    return listen(candidate);
  });

  expect(tried).toEqual([preferred, port]);
});

test("a port that is set and taken is refused with its setting", async () => {
  const port = await takenPort();

  await expect(bindPort({ port, variable: "PARLEY_API_PORT" }, listen)).rejects.toThrow(
    `Port ${port} is in use, perhaps by another stack. Stop the program that uses it, or set PARLEY_API_PORT.`,
  );
});

test("another mistake is not taken for a port in use", async () => {
  const tried: number[] = [];
  const failing = bindPort({ port: 0 }, (candidate) => {
    tried.push(candidate);
    return Promise.reject(new Error("broken"));
  });

  await expect(failing).rejects.toThrow("broken");
  expect(tried).toHaveLength(1);
});
