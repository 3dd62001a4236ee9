// Pages that the server writes: what a traceback, selected or copied, means; and what a report of a defect needs.
import { commands, env, window, workspace } from 'vscode';

export const EXPLAIN = 'gradsafe.explainError';
export const DEBUG = 'gradsafe.printDebugInformation';

interface Told {
    readonly markdown: string;
}

type Next = (command: string, args: unknown[]) => unknown;

/** Middleware of the language client: the text is what is selected, else what was copied. */
export async function explainError(args: unknown[], next: Next): Promise<unknown> {
    const [given] = args;
    const text = typeof given === 'string' ? given : (selected() ?? (await env.clipboard.readText()));
    if (text.trim() === '') {
        await window.showInformationMessage('Select a traceback, or copy one, and call this again.');
        return undefined;
    }
    const told = await next(EXPLAIN, [text]);
    if (isTold(told)) {
        const page = await workspace.openTextDocument({ language: 'markdown', content: told.markdown });
        await commands.executeCommand('markdown.showPreview', page.uri);
    }
    return told;
}

/** Middleware of the language client: the server's text as a document, to be copied into a report. */
export async function debugInformation(next: Next): Promise<unknown> {
    const told = await next(DEBUG, []);
    if (isTold(told)) {
        const page = await workspace.openTextDocument({ language: 'markdown', content: told.markdown });
        await window.showTextDocument(page);
    }
    return told;
}

function selected(): string | undefined {
    const editor = window.activeTextEditor;
    const text = editor?.document.getText(editor.selection) ?? '';
    return text.trim() === '' ? undefined : text;
}

function isTold(value: unknown): value is Told {
    return typeof value === 'object' && value !== null && 'markdown' in value;
}
