// The life of one language server: find it, start it, stop it, say how it is.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { commands, type Disposable, type LogOutputChannel, window, workspace } from 'vscode';
import {
    ErrorAction,
    LanguageClient,
    type LanguageClientOptions,
    RevealOutputChannelOn,
    State,
    Trace,
} from 'vscode-languageclient/node';
import { type Choice, type Command, chooseServer } from './command';
import { DEBUG, debugInformation, EXPLAIN, explainError } from './explain';
import { reportMissing } from './missing';
import { run, SAFE_FOLDER } from './process';
import { activeInterpreter } from './python';
import { readSettings, type Settings } from './settings';
import type { Status } from './status';
import type { Traces } from './trace';
import { withArguments } from './trace_commands';

export class Server implements Disposable {
    private client: LanguageClient | undefined;
    private subscriptions: Disposable[] = [];
    // Starts and stops run one after the other: a restart asked for during a start must not leave two servers.
    private queue: Promise<void> = Promise.resolve();

    constructor(
        private readonly log: LogOutputChannel,
        private readonly status: Status,
        private readonly traces: Traces,
        private readonly bundled: string,
    ) {}

    /** Stops the server if there is one, and starts it with the settings as they are now. */
    restart(): Promise<void> {
        this.queue = this.queue.then(async () => {
            await this.end();
            await this.begin();
        });
        return this.queue;
    }

    stop(): Promise<void> {
        this.queue = this.queue.then(() => this.end());
        return this.queue;
    }

    dispose(): void {
        void this.stop();
    }

    /** Opens the timeline of the active document's last run. */
    async showTimeline(): Promise<void> {
        const document = window.activeTextEditor?.document ?? window.activeNotebookEditor?.notebook;
        if (this.client !== undefined && document !== undefined) {
            await this.traces.showTimeline(this.client, document.uri.toString());
        }
    }

    private async begin(): Promise<void> {
        this.status.show({ kind: 'starting' });
        const settings = readSettings();
        const active = workspace.isTrusted ? await this.askPythonExtension() : undefined;
        const carried =
            settings.importStrategy === 'useBundled' && existsSync(join(dirname(this.bundled), 'libs'));
        const bundled = carried ? this.bundled : undefined;
        const choice = await chooseServer({ ...settings, active, bundled }, run);
        if (choice.kind === 'none') {
            this.status.show({ kind: 'stopped', reason: 'no Python with gradsafe was found' });
            void reportMissing(choice.refusals, this.log);
            return;
        }
        this.log.info(`server: ${choice.command.command} ${choice.command.args.join(' ')}`);
        await this.connect(choice.command, clientOptions(settings, choice, active, this.log));
    }

    private async askPythonExtension(): Promise<string | undefined> {
        try {
            return await activeInterpreter();
        } catch (error) {
            this.log.warn(`the Python extension gave no interpreter: ${String(error)}`);
            return undefined;
        }
    }

    private async connect(command: Command, options: LanguageClientOptions): Promise<void> {
        const executable = {
            command: command.command,
            args: [...command.args],
            options: { cwd: SAFE_FOLDER },
        };
        const client = new LanguageClient('gradsafe', 'gradsafe', executable, options);
        const usual = client.createDefaultErrorHandler();
        // Who types while the server dies writes into a broken pipe. By itself the client would then give up; that the
        // connection is closed comes next, and starts a new server, unless too many have died.
        client.clientOptions.errorHandler = {
            error: (error) => {
                this.log.warn(`the connection to the server: ${error.message}`);
                return { action: ErrorAction.Continue, handled: true };
            },
            closed: () => usual.closed(),
        };
        this.client = client;
        this.subscriptions = [
            this.traces.follow(client),
            client.onDidChangeState(({ newState }) => {
                void commands.executeCommand('setContext', 'gradsafe.running', newState === State.Running);
                if (newState === State.Stopped) {
                    this.status.show({ kind: 'stopped', reason: 'the server has ended; see the log' });
                } else if (newState === State.Running) {
                    this.status.show({ kind: 'running', version: version(client), by: command.command });
                }
            }),
        ];
        try {
            await client.start();
            await client.setTrace(
                Trace.fromString(workspace.getConfiguration('gradsafe').get('server.trace', 'off')),
            );
            this.status.show({ kind: 'running', version: version(client), by: command.command });
        } catch (error) {
            this.log.error(`the server did not start: ${String(error)}`);
            this.status.show({ kind: 'stopped', reason: 'the server did not start; see the log' });
        }
    }

    private async end(): Promise<void> {
        const client = this.client;
        this.client = undefined;
        for (const subscription of this.subscriptions.splice(0)) {
            subscription.dispose();
        }
        if (client !== undefined) {
            try {
                await client.dispose();
            } catch (error) {
                // It may have died already, or never have started.
                this.log.warn(`while stopping the server: ${String(error)}`);
            }
        }
    }
}

function version(client: LanguageClient): string {
    return client.initializeResult?.serverInfo?.version ?? '';
}

function clientOptions(
    settings: Settings,
    choice: Choice & { kind: 'found' },
    active: string | undefined,
    log: LogOutputChannel,
): LanguageClientOptions {
    return {
        documentSelector: [
            { language: 'python', scheme: 'file' },
            { language: 'python', scheme: 'untitled' },
            { language: 'python', notebook: 'jupyter-notebook' },
            { language: 'python', notebook: 'interactive' },
        ],
        outputChannel: log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        middleware: {
            executeCommand: (command, args, next) => {
                if (command === DEBUG) {
                    return debugInformation(next);
                }
                return command === EXPLAIN ? explainError(args, next) : withArguments(command, args, next);
            },
        },
        initializationOptions: {
            trusted: workspace.isTrusted,
            codeLens: settings.codeLens,
            select: settings.select,
            ignore: settings.ignore,
            advice: settings.advice,
            tensorNames: settings.tensorNames,
            entryPoints: settings.entryPoints,
            severity: settings.severity,
            diagnosticMode: settings.diagnosticMode,
            hover: { tensors: settings.hoverTensors },
            inlayHints: { versions: settings.inlayHintsVersions },
            trace: {
                interpreter: settings.traceInterpreter || active || choice.interpreter || null,
                timeout: settings.traceTimeout,
                memoryLimit: settings.traceMemoryLimit,
                idleTimeout: settings.traceIdleTimeout,
                arguments: settings.traceArguments,
                versionHints: settings.traceVersionHints,
                notification: true,
            },
        },
    };
}
