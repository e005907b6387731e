/** Which kerlint is started, and what there is to say if none can be. Nothing here knows the editor. */

import * as path from "node:path";

/** A program and its arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** What is known before a kerlint is looked for. */
export interface Surroundings {
  /** The settings of the user, as they are written. */
  readonly settings: { readonly path: string; readonly interpreter: string; readonly arguments: readonly string[] };
  /** The folders that are open. */
  readonly folders: readonly string[];
  /** The Python that is chosen in the editor; undefined if nobody says. */
  readonly chosen: string | undefined;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Whether a file is there. */
export type Exists = (file: string) => boolean;

/** Whether a Python has a kerlint that runs, and its server; the answer is what `kerlint version` says otherwise. */
export type Outcome =
  | { readonly kind: "fine" }
  | { readonly kind: "absent" }
  | { readonly kind: "no-kerlint" }
  | { readonly kind: "no-server" }
  | { readonly kind: "broken"; readonly detail: string };

const ENVIRONMENTS = [".venv", "venv", "env"];

/** `${workspaceFolder}`, `${userHome}` and `${env:NAME}` in a setting, and `~` in front of it. */
export function expanded(text: string, around: Surroundings): string {
  const first = around.folders[0] ?? "";
  return text
    .replace(/^~(?=$|[\\/])/, () => around.home)
    .replaceAll("${workspaceFolder}", () => first)
    .replaceAll("${userHome}", () => around.home)
    .replace(/\$\{env:([^}]+)\}/g, (_, name: string) => around.environment[name] ?? "");
}

/** What may be started, the best first: what the user has said is the only one. */
export function candidates(around: Surroundings, exists: Exists): Command[] {
  const { settings } = around;
  const more = settings.arguments.map((one) => expanded(one, around));
  const byPython = (python: string): Command => ({ program: python, args: ["-m", "kerlint", "server", ...more] });
  const byScript = (script: string): Command => ({ program: script, args: ["server", ...more] });
  if (settings.path.trim()) {
    return [byScript(inFolder(expanded(settings.path.trim(), around), around))];
  }
  if (settings.interpreter.trim()) {
    return [byPython(inFolder(expanded(settings.interpreter.trim(), around), around))];
  }
  const pythons = [around.chosen, ...around.folders.flatMap((folder) => environments(folder, around.platform))];
  const found = pythons.filter((python): python is string => python !== undefined && exists(python));
  const script = onPath("kerlint", around, exists);
  return [...[...new Set(found)].map(byPython), ...(script === undefined ? [] : [byScript(script)])];
}

/** The arguments with which a command is asked whether it would run: the server leaves at once without input. */
export function trial(command: Command): Command {
  return { program: command.program, args: command.args.slice(0, command.args.indexOf("server") + 1) };
}

/** What the trial of a command has shown. */
export function judged(status: number | null, error: string | undefined, stderr: string): Outcome {
  if (error !== undefined) {
    return error === "ENOENT" || error === "EACCES" ? { kind: "absent" } : { kind: "broken", detail: error };
  }
  if (status === 0) {
    return { kind: "fine" };
  }
  if (/No module named '?kerlint/.test(stderr)) {
    return { kind: "no-kerlint" };
  }
  if (stderr.includes("kerlint[server]")) {
    return { kind: "no-server" };
  }
  const lines = stderr.trim().split("\n");
  return { kind: "broken", detail: lines[lines.length - 1] || `it ended with status ${String(status)}` };
}

/** Why nothing could be started, and what to do about it. */
export function explained(tried: readonly (readonly [Command, Outcome])[]): string {
  for (const [command, outcome] of tried) {
    if (outcome.kind === "no-server") {
      return `kerlint is there without its language server: run ${install(command)}`;
    }
    if (outcome.kind === "broken") {
      return `${words(command)} cannot be started: ${outcome.detail}`;
    }
  }
  const [first] = tried;
  if (first === undefined) {
    return "no kerlint was found: run pip install 'kerlint[server]', or say in kerlint.path or kerlint.interpreter where it is";
  }
  const [command, outcome] = first;
  if (outcome.kind === "absent") {
    return `${command.program} is not there, or cannot be run: see the settings kerlint.path and kerlint.interpreter`;
  }
  return `${command.program} has no kerlint: run ${install(command)}`;
}

function install(command: Command): string {
  const python = command.args[0] === "-m" ? `${command.program} -m pip` : "pip";
  return `${python} install 'kerlint[server]'`;
}

function words(command: Command): string {
  return [command.program, ...command.args].join(" ");
}

/** A path in a setting counts from the folder that is open; a bare name is looked for on the PATH by the system. */
function inFolder(program: string, around: Surroundings): string {
  const names = around.platform === "win32" ? path.win32 : path.posix;
  const first = around.folders[0];
  const isBare = names.basename(program) === program;
  return isBare || names.isAbsolute(program) || first === undefined ? program : names.join(first, program);
}

function environments(folder: string, platform: NodeJS.Platform): string[] {
  return ENVIRONMENTS.map((name) =>
    platform === "win32"
      ? path.win32.join(folder, name, "Scripts", "python.exe")
      : path.posix.join(folder, name, "bin", "python"),
  );
}

function onPath(name: string, around: Surroundings, exists: Exists): string | undefined {
  const isWindows = around.platform === "win32";
  const names = isWindows ? path.win32 : path.posix;
  const listed = around.environment["PATH"] ?? around.environment["Path"] ?? "";
  return listed
    .split(isWindows ? ";" : ":")
    .filter((folder) => names.isAbsolute(folder))
    .map((folder) => names.join(folder, isWindows ? `${name}.exe` : name))
    .find(exists);
}
