import { styleText } from "node:util";

/** Prints one line of output of a part of the stack, after the name of the part. */
export type Log = (part: string, line: string) => void;

/** The log of `npm start`. It writes to stderr, because stdout is for results. */
export const terminalLog: Log = (part, line) => {
  process.stderr.write(`${styleText("dim", part.padEnd(10))} ${line}\n`);
};

/** A log that prints nothing. */
export const silentLog: Log = () => {};
