// @ts-check
// Runs inside VS Code's extension host: every case, one after the other, whatever becomes of the ones before it.
const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');
const { cases } = require('./cases.cjs');

/** What VS Code calls. The results go beside the open folder, a line for each case. */
async function run() {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    const results = join(folder, '../results.jsonl');
    for (const [name, check] of Object.entries(cases)) {
        const error = await outcome(check);
        appendFileSync(results, `${JSON.stringify({ name, error })}\n`);
    }
}

/** @param {() => Promise<void>} check @returns {Promise<string | null>} */
async function outcome(check) {
    try {
        await check();
        return null;
    } catch (error) {
        return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
}

module.exports = { run };
