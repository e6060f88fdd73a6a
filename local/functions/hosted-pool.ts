import type { Log } from "../stack/log.ts";
import type { Service } from "../stack/service.ts";
import { IDLE_PATH } from "./background-work.ts";
import type { HostedLimits } from "./hosted-limits.ts";
import { type Excess, HostedRequest } from "./hosted-request.ts";

/** The idle processes that a function keeps. */
const MOST_IDLE = 4;

/** Options of a pool. */
export interface HostedPoolOptions {
  /** Starts a process that serves one function. Rejects when it does not start. */
  start(name: string): Promise<Service>;
  limits: HostedLimits;
  log: Log;
}

/** Sends a request to a process with this base URL. */
type Send = (base: string) => Promise<Response>;

/** A process that works on at most one request. */
interface Worker {
  name: string;
  service: Service;
  base: string;
  pid: number;
}

/**
 * Answers each request in a process that works on no other request, and ends processes that exceed a limit of Supabase.
 */
export class HostedPool implements Service {
  /** A pool has no single process. */
  readonly pid = undefined;
  readonly address = undefined;
  readonly #options: HostedPoolOptions;
  readonly #idle = new Map<string, Worker[]>();
  readonly #services = new Set<Service>();
  /** A restart begins a new generation. Older processes are not used again. */
  #generation = {};
  #isStopped = false;

  constructor(options: HostedPoolOptions) {
    this.#options = options;
  }

  /** Answers a request for a function. The log then says what the request has used. */
  async answer(name: string, { method, url }: Request, send: Send): Promise<Response> {
    const generation = this.#generation;
    const worker = await this.#take(name).catch((error) => this.#logFailedStart(name, error));
    if (!worker) return refuse(503, "BOOT_ERROR", "Function failed to start (please check logs)");
    const what = `${name}: ${method} ${new URL(url).pathname}`;
    const request = new HostedRequest(worker.pid, this.#options.limits);
    let hasEnded = false;
    const killed = request.excess.then((excess) => {
      if (hasEnded) return excess;
      hasEnded = true;
      request.end();
      this.#log(`${what} was ended: ${excess.sentence} (${request})`);
      this.#end(worker);
      return excess;
    });
    const release = async () => {
      const answered = await fetch(worker.base + IDLE_PATH).catch(() => null);
      if (hasEnded) return;
      hasEnded = true;
      const excess = request.end();
      if (excess) this.#log(`${what} was ended: ${excess.sentence} (${request})`);
      else if (answered) this.#log(`${what}: ${request}`);
      else this.#log(`${what}: the process has ended by itself (${request})`);
      if (answered && !excess && generation === this.#generation) this.#keep(worker);
      else this.#end(worker);
    };
    return await Promise.race([
      send(worker.base).then((response) => withEnd(response, release), async () => {
        await release();
        return refuseExcess(null, this.#options.limits);
      }),
      killed.then((excess) => refuseExcess(excess, this.#options.limits)),
    ]);
  }

  /** Ends all idle processes now, and the others after their requests. */
  restart(): void {
    this.#generation = {};
    for (const worker of [...this.#idle.values()].flat()) this.#end(worker);
    this.#idle.clear();
  }

  /** Ends all processes. Resolves when they have ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#services].map((service) => service.stop()));
  }

  async #take(name: string): Promise<Worker | null> {
    const idle = this.#idle.get(name)?.pop();
    if (idle) return idle;
    const service = await this.#options.start(name);
    this.#services.add(service);
    const { address: base, pid } = service;
    if (!this.#isStopped && base !== undefined && pid !== undefined) {
      return { name, service, base, pid };
    }
    await service.stop();
    return null;
  }

  #keep(worker: Worker): void {
    const idle = this.#idle.get(worker.name) ?? [];
    this.#idle.set(worker.name, idle);
    if (idle.length < MOST_IDLE) idle.push(worker);
    else this.#end(worker);
  }

  #end({ service }: Worker): void {
    service.stop().then(() => this.#services.delete(service));
  }

  #log(line: string): void {
    this.#options.log("limits", line);
  }

  #logFailedStart(name: string, error: unknown): null {
    this.#log(`${name} did not start: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

/** Calls `end` once the body of a response has been sent, or has been broken off by either side. */
function withEnd(response: Response, end: () => Promise<void>): Response {
  if (!response.body) {
    void end();
    return response;
  }
  const { readable, writable } = new TransformStream();
  response.body.pipeTo(writable).then(end, end);
  return new Response(readable, response);
}

/**
 * Returns the reply of Supabase to a request that was ended before its reply began. A process that ended by itself has
 * no excess: V8 aborts when its heap is full.
 * Sources: https://supabase.com/docs/guides/functions/status-codes,
 * https://supabase.com/docs/guides/troubleshooting/edge-function-546-error-response
 */
function refuseExcess(excess: Excess | null, { wallMs }: HostedLimits): Response {
  if (excess?.limit === "wall") {
    const message = `Request idle timeout limit (${wallMs / 1_000}s) reached`;
    return refuse(504, "IDLE_TIMEOUT", message);
  }
  const message = "Function failed due to not having enough compute resources (please check logs)";
  return refuse(546, "WORKER_LIMIT", message);
}

function refuse(status: number, code: string, message: string): Response {
  return Response.json({ code, message }, { status });
}
