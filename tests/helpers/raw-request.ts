import { connect } from "node:net";

/** A request that is written by hand, byte by byte, and stays open. */
export interface RawRequest {
  /** Sends more of it. */
  write(bytes: string | Uint8Array): void;
  /** The status and everything that came, when the server has answered and said that it is done, or closed. */
  answer: Promise<{ status: number; text: string }>;
  end(): void;
}

/** Opens a connection to the origin of `url` and sends a head; `headers` come as they are, right or wrong. */
export function openRawRequest(
  url: string,
  method: string,
  headers: Record<string, string>,
): RawRequest {
  const { hostname, port, pathname, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  socket.write(`${method} ${pathname} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  return {
    write: (bytes) => void (socket.writable && socket.write(bytes)),
    end: () => void socket.destroy(),
    answer: new Promise((resolve) => {
      let text = "";
      const done = () => resolve({ status: Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1] ?? 0), text });
      socket.on("data", (bytes) => {
        text += bytes.toString();
        // All errors of the functions are one JSON object.
        if (text.includes("\r\n\r\n") && /}\r?\n?(0\r\n\r\n)?$/.test(text)) done();
      });
      socket.on("error", done);
      socket.on("close", done);
    }),
  };
}
