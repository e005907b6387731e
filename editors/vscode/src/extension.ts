/** Starts `kerlint server` for the editor, and says what is missing if that does not work. */

import { statSync } from "node:fs";
import { homedir } from "node:os";

import * as vscode from "vscode";
import { type Executable, LanguageClient, type LanguageClientOptions } from "vscode-languageclient/node";

import { type Command, type Outcome, type Surroundings, candidates, explained } from "./command";
import { tryOut } from "./trial";

/** Settings for which the server has to be started anew; of the others it learns by itself. */
const FOR_THE_START = ["kerlint.path", "kerlint.interpreter", "kerlint.arguments"];

let client: LanguageClient | undefined;
let log: vscode.LogOutputChannel;
/** Starts and stops come one after the other. */
let last: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  log = vscode.window.createOutputChannel("kerlint", { log: true });
  context.subscriptions.push(
    log,
    vscode.commands.registerCommand("kerlint.restart", () => restart(true)),
    vscode.commands.registerCommand("kerlint.showLog", () => log.show()),
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (FOR_THE_START.some((name) => event.affectsConfiguration(name))) {
        await restart(false);
      }
    }),
  );
  const python = await pythonExtension();
  if (python !== undefined) {
    context.subscriptions.push(
      python.environments.onDidChangeActiveEnvironmentPath(() => void restart(false)),
    );
  }
  await restart(false);
}

export async function deactivate(): Promise<void> {
  await last;
  await stop();
}

/** Stops the server, and starts the one that counts now. */
function restart(isAsked: boolean): Promise<void> {
  last = last.then(async () => {
    await stop();
    try {
      await start(isAsked);
    } catch (error) {
      complain(`the server cannot be started: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  return last;
}

async function stop(): Promise<void> {
  const before = client;
  client = undefined;
  // It may have died, and then there is nothing to stop.
  await before?.dispose().catch((error: unknown) => log.warn(String(error)));
}

async function start(isAsked: boolean): Promise<void> {
  const tried: [Command, Outcome][] = [];
  for (const command of candidates(await surroundings(), isFile)) {
    const outcome = await tryOut(command);
    log.info(`${command.program} ${command.args.join(" ")}: ${outcome.kind}`);
    if (outcome.kind === "fine") {
      await run(command);
      if (isAsked) {
        void vscode.window.setStatusBarMessage(`kerlint: started from ${command.program}`, 5000);
      }
      return;
    }
    tried.push([command, outcome]);
  }
  complain(explained(tried));
}

async function run(command: Command): Promise<void> {
  const server: Executable = { command: command.program, args: [...command.args] };
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: "file", language: "python" },
      { scheme: "untitled", language: "python" },
      { notebook: "*", language: "python" },
    ],
    outputChannel: log,
    initializationOptions: vscode.workspace.getConfiguration("kerlint"),
  };
  client = new LanguageClient("kerlint", "kerlint", server, options);
  await client.start();
}

function complain(text: string): void {
  log.error(text);
  void vscode.window.showErrorMessage(`kerlint: ${text}`, "Show the log", "Open settings").then(async (choice) => {
    if (choice === "Show the log") {
      log.show();
    } else if (choice === "Open settings") {
      await vscode.commands.executeCommand("workbench.action.openSettings", "kerlint.");
    }
  });
}

async function surroundings(): Promise<Surroundings> {
  const settings = vscode.workspace.getConfiguration("kerlint");
  return {
    settings: {
      path: settings.get<string>("path", ""),
      interpreter: settings.get<string>("interpreter", ""),
      arguments: settings.get<string[]>("arguments", []),
    },
    folders: (vscode.workspace.workspaceFolders ?? [])
      .filter((folder) => folder.uri.scheme === "file")
      .map((folder) => folder.uri.fsPath),
    chosen: await chosenPython(),
    home: homedir(),
    platform: process.platform,
    environment: process.env,
  };
}

/** As much of what the Python extension offers to others as is needed here. */
interface PythonExtension {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(
      environment: unknown,
    ): Promise<{ readonly executable: { readonly uri?: vscode.Uri } } | undefined>;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

async function pythonExtension(): Promise<PythonExtension | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  if (extension === undefined) {
    return undefined;
  }
  try {
    const found = await extension.activate();
    return found?.environments === undefined ? undefined : found;
  } catch (error) {
    log.warn(`the Python extension does not start: ${String(error)}`);
    return undefined;
  }
}

async function chosenPython(): Promise<string | undefined> {
  const python = await pythonExtension();
  if (python === undefined) {
    return undefined;
  }
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const environment = await python.environments.resolveEnvironment(
    python.environments.getActiveEnvironmentPath(folder),
  );
  return environment?.executable.uri?.fsPath;
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
