// The server's trace commands, as the palette, a notebook's toolbar and a lens call them: with arguments or without.
import { type NotebookCell, type TextDocument, window } from 'vscode';

/** What the server executes for the user; package.json puts these into the palette. */
export const SERVER_COMMANDS = [
    'gradsafe.runAndTraceCell',
    'gradsafe.dryRunCell',
    'gradsafe.runAndTraceFile',
    'gradsafe.cancelTrace',
    'gradsafe.restartTraceSession',
    'gradsafe.clearTrace',
] as const;

const OF_A_CELL: readonly string[] = ['gradsafe.runAndTraceCell', 'gradsafe.dryRunCell'];

type Next = (command: string, args: unknown[]) => unknown;

/** Middleware of the language client: a lens says what it means, elsewhere it is what the cursor is in. */
export async function withArguments(command: string, args: unknown[], next: Next): Promise<unknown> {
    const known = SERVER_COMMANDS.some((name) => name === command);
    if (!known || typeof args[0] === 'string') {
        return next(command, args);
    }
    const [cell] = args;
    const document = isCell(cell) ? cell.document : activeDocument();
    if (document === undefined) {
        if (command === 'gradsafe.cancelTrace') {
            return next(command, []);
        }
        await window.showInformationMessage('Open a Python file or a notebook, and call this from there.');
        return undefined;
    }
    const uri = document.uri.toString();
    return next(command, OF_A_CELL.includes(command) ? [uri, position(document)] : [uri]);
}

function activeDocument(): TextDocument | undefined {
    const editor = window.activeTextEditor;
    if (editor?.document.languageId === 'python') {
        return editor.document;
    }
    const notebook = window.activeNotebookEditor;
    const cell = notebook?.notebook.cellAt(notebook.selection.start);
    return cell?.document.languageId === 'python' ? cell.document : undefined;
}

function position(document: TextDocument): { line: number; character: number } {
    const editor = window.visibleTextEditors.find((candidate) => candidate.document === document);
    const { line, character } = editor?.selection.active ?? { line: 0, character: 0 };
    return { line, character };
}

function isCell(value: unknown): value is NotebookCell {
    return typeof value === 'object' && value !== null && 'document' in value && 'notebook' in value;
}
