import { styleText } from "node:util";

/** Prints one line of a part of the stack, marked with its name, to stderr: stdout stays for results. */
export type Log = (part: string, line: string) => void;

/** The log of `npm start`. */
export const terminalLog: Log = (part, line) => {
  process.stderr.write(`${styleText("dim", part.padEnd(10))} ${line}\n`);
};

/** A log that drops everything. */
export const silentLog: Log = () => {};
