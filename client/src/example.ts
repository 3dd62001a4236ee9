// The example of the walkthrough: an unsaved document, so that nobody's folder gets a file.
import { readFile } from 'node:fs/promises';
import { type ExtensionContext, window, workspace } from 'vscode';

export async function openExample(context: ExtensionContext): Promise<void> {
    const file = context.asAbsolutePath('client/walkthrough/example.py');
    const content = await readFile(file, 'utf8');
    await window.showTextDocument(await workspace.openTextDocument({ language: 'python', content }));
}
