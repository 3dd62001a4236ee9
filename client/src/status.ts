// The status item: one look says whether the server runs, and one click opens its log or restarts it.
import { type Disposable, LanguageStatusSeverity, languages } from 'vscode';

export type State =
    | { readonly kind: 'starting' }
    | { readonly kind: 'running'; readonly version: string; readonly by: string }
    | { readonly kind: 'stopped'; readonly reason: string };

export interface Status extends Disposable {
    show(state: State): void;
}

export function createStatus(): Status {
    const item = languages.createLanguageStatusItem('gradsafe', { language: 'python' });
    item.name = 'gradsafe';
    return {
        show(state) {
            item.busy = state.kind === 'starting';
            item.severity =
                state.kind === 'stopped' ? LanguageStatusSeverity.Error : LanguageStatusSeverity.Information;
            item.text = state.kind === 'running' ? `gradsafe ${state.version}` : 'gradsafe';
            item.detail = detail(state);
            item.command =
                state.kind === 'stopped'
                    ? { command: 'gradsafe.restart', title: 'Restart' }
                    : { command: 'gradsafe.showLogs', title: 'Show log' };
        },
        dispose: () => item.dispose(),
    };
}

function detail(state: State): string {
    switch (state.kind) {
        case 'starting':
            return 'starting';
        case 'running':
            return `run by ${shortened(state.by)}`;
        case 'stopped':
            return state.reason;
    }
}

/** The end of a path, which tells interpreters apart: a long line would push the link out of the window. */
function shortened(path: string): string {
    const parts = path.split(/[\\/]/);
    return parts.length <= 3 ? path : `.../${parts.slice(-2).join('/')}`;
}
