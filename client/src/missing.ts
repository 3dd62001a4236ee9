// No server can start: says so once, says what to do, and offers to do it.
import { commands, env, type LogOutputChannel, window } from 'vscode';
import { type Refusal, summarise } from './command';

export async function reportMissing(refusals: readonly Refusal[], log: LogOutputChannel): Promise<void> {
    for (const refusal of refusals) {
        log.error(`${refusal.candidate}: ${refusal.reason}`);
        if (refusal.remedy !== undefined) {
            log.error(`    to mend it: ${refusal.remedy}`);
        }
    }
    const remedy = refusals.find((refusal) => refusal.remedy !== undefined)?.remedy;
    const actions = [...(remedy === undefined ? [] : ['Copy install command']), 'Open settings', 'Show log'];
    const hint =
        remedy === undefined
            ? 'Install Python 3.10 or newer, or set gradsafe.interpreter.'
            : `Run: ${remedy}`;
    const chosen = await window.showErrorMessage(`${summarise(refusals)} ${hint}`, ...actions);
    if (chosen === 'Copy install command' && remedy !== undefined) {
        await env.clipboard.writeText(remedy);
    } else if (chosen === 'Open settings') {
        await commands.executeCommand('workbench.action.openSettings', 'gradsafe.interpreter');
    } else if (chosen === 'Show log') {
        log.show();
    }
}
