/** Starts a kerlint for a moment, to see whether it runs. */

import { execFile } from "node:child_process";

import { type Command, type Outcome, judged, trial } from "./command";

/** Milliseconds for `kerlint server` to show whether it runs. */
const PATIENCE = 60_000;

/** Whether a kerlint and its server run. Without input the server leaves at once. */
export function tryOut(command: Command): Promise<Outcome> {
  const { program, args } = trial(command);
  return new Promise((resolve) => {
    const process = execFile(program, [...args], { timeout: PATIENCE, windowsHide: true }, (error, _, stderr) => {
      const failed = typeof error?.code === "string" ? error.code : undefined;
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      resolve(judged(status, failed, stderr));
    });
    process.stdin?.on("error", () => undefined);
    process.stdin?.end();
  });
}
