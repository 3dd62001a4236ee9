// @ts-check
// What the extension gives to VS Code's own interfaces. The files are those of tests/editors/sample.
// Cases share one window: each leaves files and settings as it found them.
const assert = require('node:assert/strict');
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { isDeepStrictEqual } = require('node:util');
const vscode = require('vscode');

const RULE = 'saved-tensor-modified';
const PATIENCE = 90_000;

/** @param {string} name */
const sample = (name) => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder, 'no folder is open');
    return vscode.Uri.file(join(folder.uri.fsPath, name)).with({
        scheme: folder.uri.scheme,
        authority: folder.uri.authority,
    });
};
const extension = () => {
    const found = vscode.extensions.getExtension('gradsafe.gradsafe');
    assert.ok(found, 'the extension is not installed');
    return found;
};

/**
 * What `look` gives, as soon as it is something.
 * @template T
 * @param {string} what
 * @param {() => T | PromiseLike<T>} look
 * @returns {Promise<NonNullable<T>>}
 */
async function until(what, look) {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
        const found = await look();
        if (found) {
            return found;
        }
        assert.ok(Date.now() < deadline, `waited in vain: ${what}`);
        await new Promise((wake) => setTimeout(wake, 100));
    }
}

/** @param {vscode.Uri} uri */
const findings = (uri) => vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'gradsafe');

/** @param {vscode.Uri} uri @returns {Promise<vscode.Diagnostic>} */
const finding = (uri) => until(`a finding in ${uri}`, () => findings(uri)[0]);

/** @param {vscode.Uri} uri */
const noFinding = (uri) => until(`no finding in ${uri}`, () => findings(uri).length === 0);

/** @param {vscode.Uri} uri */
async function show(uri) {
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    return document;
}

/**
 * @param {vscode.Uri} uri @param {vscode.Position} position
 * @returns {Promise<string>}
 */
async function hoverText(uri, position) {
    /** @type {vscode.Hover[]} */
    const hovers = await vscode.commands.executeCommand('vscode.executeHoverProvider', uri, position);
    const contents = hovers.flatMap((hover) => hover.contents);
    return contents.map((content) => (typeof content === 'string' ? content : content.value)).join('\n');
}

/** @param {vscode.Uri} uri @returns {Promise<string[]>} */
async function lenses(uri) {
    /** @type {vscode.CodeLens[]} */
    const found = await vscode.commands.executeCommand('vscode.executeCodeLensProvider', uri, 20);
    return found.map((lens) => `${lens.range.start.line + 1}: ${lens.command?.title}`);
}

/**
 * @param {vscode.Uri} uri @param {vscode.Range} range @param {string} kind
 * @returns {Promise<vscode.CodeAction[]>}
 */
async function actions(uri, range, kind) {
    /** @type {vscode.CodeAction[]} */
    const found = await vscode.commands.executeCommand(
        'vscode.executeCodeActionProvider',
        uri,
        range,
        kind,
        20,
    );
    return found;
}

/**
 * Applies the edit, and gives the text; the document is as before afterwards.
 * @param {vscode.TextDocument} document @param {vscode.WorkspaceEdit | undefined} edit
 */
async function edited(document, edit) {
    const before = document.getText();
    assert.ok(edit, 'an action without an edit');
    assert.ok(await vscode.workspace.applyEdit(edit));
    const after = document.getText();
    await noFinding(document.uri);
    const back = new vscode.WorkspaceEdit();
    const everything = document.validateRange(new vscode.Range(0, 0, document.lineCount, 0));
    back.replace(document.uri, everything, before);
    assert.ok(await vscode.workspace.applyEdit(back));
    await finding(document.uri);
    return after;
}

/**
 * @param {string} name @param {unknown} value
 * @param {() => Promise<unknown>} check while the setting holds
 */
async function withSetting(name, value, check) {
    const section = vscode.workspace.getConfiguration('gradsafe');
    await section.update(name, value, vscode.ConfigurationTarget.Workspace);
    try {
        await check();
    } finally {
        await section.update(name, undefined, vscode.ConfigurationTarget.Workspace);
    }
}

/** @param {vscode.NotebookDocument} notebook @param {vscode.NotebookEdit} edit */
async function change(notebook, edit) {
    const whole = new vscode.WorkspaceEdit();
    whole.set(notebook.uri, [edit]);
    assert.ok(await vscode.workspace.applyEdit(whole));
}

/** @type {Record<string, () => Promise<void>>} */
const cases = {
    'a Python file activates the extension, not the window': async () => {
        assert.equal(extension().isActive, false);
        await show(sample('model.py'));
        await until('activation', () => extension().isActive);
    },

    'every command of package.json is registered': async () => {
        await finding(sample('model.py'));
        const registered = await vscode.commands.getCommands(true);
        for (const { command } of extension().packageJSON.contributes.commands) {
            assert.ok(registered.includes(command), command);
        }
    },

    'getDiagnostics: place, severity, code with its page, related places': async () => {
        const document = await show(sample('model.py'));
        const found = await finding(document.uri);
        assert.equal(findings(document.uri).length, 1);
        assert.equal(document.getText(found.range), 'h.add_(1)');
        assert.equal(found.severity, vscode.DiagnosticSeverity.Error);
        assert.ok(typeof found.code === 'object', 'a code without a link');
        assert.equal(found.code.value, RULE);
        assert.ok(existsSync(found.code.target.fsPath), `no page: ${found.code.target}`);
        const related = (found.relatedInformation ?? []).map(({ location }) => location.range.start.line + 1);
        assert.deepEqual(related, [12, 20]);
    },

    'executeCodeActionProvider: the preferred fix, and what it makes of the text': async () => {
        const document = await show(sample('model.py'));
        const { range } = await finding(document.uri);
        const offered = await actions(document.uri, range, 'quickfix');
        const preferred = offered.filter(({ isPreferred }) => isPreferred);
        assert.deepEqual(
            preferred.map(({ title }) => title.startsWith('Compute a new')),
            [true],
        );
        const after = await edited(document, preferred[0]?.edit);
        assert.match(after, /^ {8}h = h\.add\(1\)$/m);
        const titles = offered.map(({ title }) => title);
        assert.ok(
            titles.some((title) => title.includes(`Ignore \`${RULE}\``)),
            titles.join('; '),
        );
    },

    'source.fixAll.gradsafe mends the file': async () => {
        const document = await show(sample('model.py'));
        await finding(document.uri);
        const whole = new vscode.Range(0, 0, document.lineCount, 0);
        const [fixAll] = await actions(document.uri, whole, 'source.fixAll.gradsafe');
        assert.match(await edited(document, fixAll?.edit), /^ {8}h = h\.add\(1\)$/m);
    },

    'executeHoverProvider: the coming message on the finding, the books on a tensor': async () => {
        const document = await show(sample('model.py'));
        const { range } = await finding(document.uri);
        assert.match(await hoverText(document.uri, range.start), /PyTorch will raise[\s\S]*is at version 1/);
        const tensor = document.positionAt(document.getText().indexOf('h = torch.sigmoid'));
        assert.match(await hoverText(document.uri, tensor), /`h`.*version 0/);
    },

    'executeCodeLensProvider: cells, and what a backward reads': async () => {
        const cells = await show(sample('cells.py'));
        await finding(cells.uri);
        const shown = await lenses(cells.uri);
        assert.deepEqual(
            shown.filter((lens) => lens.endsWith(': Run and trace')),
            ['1: Run and trace', '7: Run and trace'],
        );
        assert.ok(
            shown.some((lens) => /^10: .*saved tensor/.test(lens)),
            shown.join('; '),
        );
    },

    'settings that the running server asks for: severity, ignore': async () => {
        const { uri } = await show(sample('model.py'));
        await finding(uri);
        await withSetting('severity', { [RULE]: 'hint' }, () =>
            until('a hint', () => findings(uri)[0]?.severity === vscode.DiagnosticSeverity.Hint),
        );
        await until('an error', () => findings(uri)[0]?.severity === vscode.DiagnosticSeverity.Error);
        await withSetting('ignore', [RULE], () => noFinding(uri));
        await finding(uri);
    },

    'settings that restart the server: inlay hints, lenses': async () => {
        const document = await show(sample('cells.py'));
        await finding(document.uri);
        const whole = new vscode.Range(0, 0, document.lineCount, 0);
        const hints = async () => {
            /** @type {vscode.InlayHint[] | undefined} */
            const found = await vscode.commands.executeCommand(
                'vscode.executeInlayHintProvider',
                document.uri,
                whole,
            );
            return (found ?? []).map(({ position, label }) => `${position.line + 1}: ${text(label)}`);
        };
        assert.deepEqual(await hints(), []);
        await withSetting('inlayHints.versions', true, () =>
            until('a hint', async () => (await hints()).includes('9: y: v0 -> v1')),
        );
        await withSetting('codeLens', false, () =>
            until(
                'no lens',
                async () => (await finding(document.uri)) && (await lenses(document.uri)).length === 0,
            ),
        );
        await until('lenses', async () => (await lenses(document.uri)).length > 0);
        assert.deepEqual(await hints(), []);
    },

    'gradsafe.restart takes the diagnostics away and brings them back': async () => {
        const { uri } = await show(sample('model.py'));
        await finding(uri);
        /** @type {number[]} */
        const counts = [];
        const following = vscode.languages.onDidChangeDiagnostics(() => counts.push(findings(uri).length));
        await vscode.commands.executeCommand('gradsafe.restart');
        await until('the findings of the new server', () => counts.includes(0) && findings(uri).length === 1);
        following.dispose();
        assert.equal((await actions(uri, (await finding(uri)).range, 'quickfix')).length > 0, true);
    },

    'a notebook: the cell of the write, an edit that mends it, a cell that is inserted': async () => {
        const notebook = await vscode.workspace.openNotebookDocument(sample('notebook.ipynb'));
        await vscode.window.showNotebookDocument(notebook);
        const told = () =>
            notebook
                .getCells()
                .map(({ document }) => findings(document.uri).map(({ range }) => document.getText(range)));
        const are = (/** @type {string[][]} */ expected) =>
            until(`findings ${JSON.stringify(expected)}`, () => isDeepStrictEqual(told(), expected));
        await are([[], [], [], [], ['y.add_(1)']]);
        const { document } = notebook.cellAt(4);
        const { range } = await finding(document.uri);
        const [preferred] = (await actions(document.uri, range, 'quickfix')).filter(
            ({ isPreferred }) => isPreferred,
        );
        assert.ok(preferred?.edit, 'no fix in a cell');
        assert.ok(await vscode.workspace.applyEdit(preferred.edit));
        assert.equal(document.lineAt(0).text, 'y = y.add(1)');
        await are([[], [], [], [], []]);
        const code = 'v = w.tanh()\nv.mul_(2)\nv.sum().backward()';
        const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, code, 'python');
        await change(notebook, vscode.NotebookEdit.insertCells(2, [cell]));
        await are([[], [], ['v.mul_(2)'], [], [], []]);
        await change(notebook, vscode.NotebookEdit.deleteCells(new vscode.NotebookRange(2, 3)));
        await are([[], [], [], [], []]);
    },
};

/** @param {string | vscode.InlayHintLabelPart[]} label */
function text(label) {
    return (typeof label === 'string' ? label : label.map(({ value }) => value).join('')).trim();
}

module.exports = { cases };
