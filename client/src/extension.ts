// Where VS Code enters: wires the parts together, does no work itself.
import { commands, type ExtensionContext, window, workspace } from 'vscode';
import { openExample } from './example';
import { onInterpreterChange } from './python';
import { Server } from './server';
import { RESTARTING } from './settings';
import { createStatus } from './status';
import { Traces } from './trace';

let server: Server | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
    const log = window.createOutputChannel('gradsafe', { log: true });
    const status = createStatus();
    const traces = new Traces();
    const running = new Server(log, status, traces, context.asAbsolutePath('client/bundled/server.py'));
    server = running;
    context.subscriptions.push(
        log,
        status,
        traces,
        commands.registerCommand('gradsafe.restart', () => running.restart()),
        commands.registerCommand('gradsafe.showLogs', () => log.show()),
        commands.registerCommand('gradsafe.openExample', () => openExample(context)),
        commands.registerCommand('gradsafe.showTimeline', () => running.showTimeline()),
        workspace.onDidGrantWorkspaceTrust(() => running.restart()),
        workspace.onDidChangeConfiguration((change) => {
            if (RESTARTING.some((setting) => change.affectsConfiguration(setting))) {
                void running.restart();
            }
        }),
    );
    await running.restart();
    try {
        const following = await onInterpreterChange(() => void running.restart());
        if (following !== undefined) {
            context.subscriptions.push(following);
        }
    } catch (error) {
        log.warn(`the Python extension cannot be followed: ${String(error)}`);
    }
}

export function deactivate(): Promise<void> | undefined {
    return server?.stop();
}
