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

test("a free port lies outside the range of outgoing connections", async () => {
  const { port, part } = await bindPort({ port: 0 }, listen);

  expect(part.address()).toMatchObject({ port });
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port).toBeLessThan(32_000);
});

test("the previous port is tried first, and another one if it is in use", async () => {
  const tried: number[] = [];
  const preferred = await takenPort();
  const { port } = await bindPort({ port: 0, preferred }, (candidate) => {
    tried.push(candidate);
    return listen(candidate);
  });

  expect(tried).toEqual([preferred, port]);
});

test("a port from the settings that is in use is refused with the name of its setting", async () => {
  const port = await takenPort();

  await expect(bindPort({ port, variable: "PARLEY_API_PORT" }, listen)).rejects.toThrow(
    `Port ${port} is in use, perhaps by another stack. Stop the program that uses it, or set PARLEY_API_PORT.`,
  );
});

test("any other error is not treated as a port in use", async () => {
  const tried: number[] = [];
  const failing = bindPort({ port: 0 }, (candidate) => {
    tried.push(candidate);
    return Promise.reject(new Error("broken"));
  });

  await expect(failing).rejects.toThrow("broken");
  expect(tried).toHaveLength(1);
});
