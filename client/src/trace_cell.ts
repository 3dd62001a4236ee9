// The palette's "Run and Trace Cell": the cell under the cursor of the active editor.
import { commands, window } from 'vscode';

/** The server's command; the language client registers it under this name. */
const RUN_AND_TRACE = 'gradsafe.runAndTraceCell';

export async function traceCell(): Promise<void> {
    const editor = window.activeTextEditor;
    if (editor?.document.languageId !== 'python') {
        await window.showInformationMessage('Open a Python file or a notebook cell to run and trace it.');
        return;
    }
    if (!(await commands.getCommands(true)).includes(RUN_AND_TRACE)) {
        await window.showWarningMessage(
            'The gradsafe server is not running. Try "gradsafe: Restart Server".',
        );
        return;
    }
    const { line, character } = editor.selection.active;
    await commands.executeCommand(RUN_AND_TRACE, editor.document.uri.toString(), { line, character });
}
