import { connect } from "node:net";

/** A request that is written byte by byte and stays open. */
export interface RawRequest {
  /** Sends more of the request. */
  write(bytes: string | Uint8Array): void;
  /** The status and all received text, once the response is complete or the connection is closed. */
  answer: Promise<{ status: number; text: string }>;
  end(): void;
}

/**
 * Opens a connection to the origin of `url` and sends the head of a request. `headers` are sent as given, even if
 * invalid.
 */
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
        // Every error of the functions is one JSON object.
        if (text.includes("\r\n\r\n") && /}\r?\n?(0\r\n\r\n)?$/.test(text)) done();
      });
      socket.on("error", done);
      socket.on("close", done);
    }),
  };
}
