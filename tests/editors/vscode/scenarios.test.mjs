// @ts-check
// What a user of VS Code does with gradsafe, done in the real workbench with the packaged extension.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withWorkbench } from './workbench.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const SAMPLE = resolve(here, '../sample');
const PYTHON = process.env.GRADSAFE_PYTHON ?? resolve(here, '../../../.venv/bin/python');
// The extension brings its own gradsafe along: this Python gives it torch, the bare one nothing at all.
const WITH_TORCH = { 'gradsafe.interpreter': PYTHON };
const BARE = { 'gradsafe.interpreter': process.env.GRADSAFE_BARE_PYTHON ?? 'python3' };
const LONG = { timeout: 60_000 };

/** @typedef {import('playwright-core').Page} Page */

/**
 * A window can lose a key press under load: a scenario that fails is tried once more, and says so.
 * @param {string} name
 * @param {() => Promise<void>} scenario
 */
function scenario(name, scenario) {
    test(name, { timeout: 300_000 }, async (t) => {
        try {
            await scenario();
        } catch (error) {
            t.diagnostic(`RETRIED after: ${error}`);
            console.error(`RETRIED ${name} after:`, error);
            await scenario();
        }
    });
}

/** @param {Page} page @param {string} file */
async function openFile(page, file) {
    await page.getByRole('treeitem', { name: file }).dblclick();
    await page.locator(`.tab[data-resource-name="${file}"]`).waitFor(LONG);
    await page.locator('.view-lines').first().click();
}

/** @param {Page} page @param {string} position line:column */
async function goTo(page, position) {
    await page.keyboard.press('Control+g');
    await page.locator('.quick-input-widget input').fill(`:${position}`);
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
}

/**
 * A part that takes the focus late, a cell of a notebook say, closes the palette and would be typed into:
 * what is sought is put into the palette's own box, and asked for again if that was closed.
 * @param {Page} page
 * @param {string} command
 */
async function palette(page, command) {
    const row = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: command }).first();
    for (let attempt = 1; ; attempt += 1) {
        try {
            await page.keyboard.press('Control+Shift+P');
            await page.locator('.quick-input-widget input').fill(`>${command}`, { timeout: 10_000 });
            await row.click({ timeout: 10_000 });
            return;
        } catch (error) {
            if (attempt === 6) throw error;
        }
    }
}

/**
 * The processes that run the server of an extension that is installed below `home`.
 * @param {string} home
 * @returns {string[]}
 */
function serversBelow(home) {
    const { stdout } = spawnSync('pgrep', ['-f', `${home}/extensions/.*/bundled/server.py`], {
        encoding: 'utf8',
    });
    return stdout.split('\n').filter((line) => line !== '');
}

/** @param {Page} page @param {string} text */
function toast(page, text) {
    return page.locator('.notification-toast').filter({ hasText: text });
}

scenario('a bare Python is enough: squiggle, Problems panel, hover, quick fix, saved file', () =>
    withWorkbench('fix', SAMPLE, BARE, async ({ page, folder, shot }) => {
        await openFile(page, 'model.py');
        await page.locator('.squiggly-error').first().waitFor(LONG);
        await page.keyboard.press('Control+Shift+M');
        const problem = page
            .locator('.markers-panel .monaco-list-row')
            .filter({ hasText: 'saved-tensor-modified' });
        await problem.first().waitFor(LONG);
        await page
            .locator('.markers-panel .monaco-tl-twistie.collapsed')
            .first()
            .click({ timeout: 5_000 })
            .catch(() => {});
        // The story: where the tensor was saved is one click away.
        const saved = page
            .locator('.markers-panel .monaco-list-row')
            .filter({ hasText: 'saved its result for backward here' });
        await saved.first().click(LONG);
        await page.locator('.line-numbers.active-line-number').filter({ hasText: /^12$/ }).waitFor(LONG);
        await shot('vscode-related');
        await page.locator('.view-lines').first().click();
        await goTo(page, '13:11');
        await shot('vscode-squiggle');

        await page.keyboard.press('Control+k');
        await page.keyboard.press('Control+i');
        const hover = page.locator('.monaco-hover').filter({ hasText: 'PyTorch will raise' });
        await hover.first().waitFor(LONG);
        await shot('vscode-hover');
        await page.keyboard.press('Escape');

        await page.keyboard.press('Control+.');
        const actions = page.locator('.action-widget .monaco-list-row');
        await actions.filter({ hasText: 'Ignore `saved-tensor-modified`' }).first().waitFor(LONG);
        await shot('vscode-quick-fix');
        await actions.filter({ hasText: 'Compute a new' }).first().click();
        await page.locator('.squiggly-error').waitFor({ state: 'detached', ...LONG });
        await page.keyboard.press('Control+s');
        await page.locator('.tab.dirty').waitFor({ state: 'detached', ...LONG });
        await shot('vscode-fixed');
        assert.match(readFileSync(join(folder, 'model.py'), 'utf8'), /^ {8}h = h\.add\(1\)$/m);
    }),
);

scenario(
    '"Run and trace": question, result, hints, timeline with a jump, an edit that retires, the session goes on',
    () =>
        withWorkbench('trace', SAMPLE, WITH_TORCH, async ({ page, shot }) => {
            await openFile(page, 'cells.py');
            const lenses = page.locator('.codelens-decoration a');
            const run = lenses.filter({ hasText: /^Run and trace$/ });
            await run.nth(1).waitFor(LONG);
            assert.equal(await run.count(), 2);
            await run.nth(1).click();
            const question = toast(
                page,
                'Run cell 2 after the cell before it, which has not run in this session',
            );
            await question.waitFor(LONG);
            await question.getByRole('button', { name: 'Run', exact: true }).click();
            const result = toast(page, 'cells.py, cell 2: raised RuntimeError at line 10, 1 finding');
            await result.waitFor({ timeout: 120_000 });
            // The result is no link: it has no command.
            const results = page.locator('.codelens-decoration');
            await results.filter({ hasText: 'raised RuntimeError at line 10, 1 finding' }).waitFor(LONG);
            // A hint is drawn in pieces, with hard spaces.
            const editor = page.locator('.view-lines').first();
            await editor.filter({ hasText: /y:.v0.->.v1/ }).waitFor(LONG);
            await page.keyboard.press('Control+Shift+M');
            const problem = page
                .locator('.markers-panel .monaco-list-row')
                .filter({ hasText: 'gradsafe trace' });
            await problem.first().waitFor(LONG);
            await shot('vscode-trace');

            await result.getByRole('button', { name: 'Show timeline' }).click();
            const view = page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
            await view.locator('#timeline').filter({ hasText: 'y' }).waitFor(LONG);
            // Room for the picture: no panel, no side bar.
            await page.keyboard.press('Control+j');
            await page.keyboard.press('Control+b');
            await page.locator('.markers-panel').waitFor({ state: 'hidden', ...LONG });
            await shot('vscode-timeline');
            await page.keyboard.press('Control+Shift+M');
            await view.locator('#findings .place').first().click();
            await page.locator('.line-numbers.active-line-number').filter({ hasText: /^9$/ }).waitFor(LONG);

            // The line of the write: its finding and its hint go, the lens says why.
            await goTo(page, '9:1');
            await page.keyboard.type('z = ');
            await problem.first().waitFor({ state: 'detached', ...LONG });
            await results.filter({ hasText: 'edited since' }).waitFor(LONG);
            await shot('vscode-trace-edited');

            // The cell above has run in this session: nobody is asked.
            await page.keyboard.press('Home');
            for (let key = 0; key < 'z = '.length; key++) {
                await page.keyboard.press('Delete');
            }
            await page.keyboard.press('Control+Shift+P');
            await page.keyboard.type('gradsafe: Run and Trace Cell');
            await page.keyboard.press('Enter');
            await problem.first().waitFor(LONG);
            await shot('vscode-trace-again');
        }),
);

scenario('a traceback that is selected is explained, with a link to the line that wrote', () =>
    withWorkbench('explain', SAMPLE, WITH_TORCH, async ({ page, shot }) => {
        await openFile(page, 'model.py');
        await page.locator('.squiggly-error').first().waitFor(LONG);
        await openFile(page, 'error.txt');
        await page.keyboard.press('Control+a');
        await palette(page, 'gradsafe: Explain Error');
        const view = page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
        const line = view.locator('a').filter({ hasText: 'model.py:13' });
        await line.first().waitFor(LONG);
        await view.locator('li').filter({ hasText: 'the result of sigmoid' }).first().waitFor(LONG);
        await shot('vscode-explain');
        await line.first().click();
        await page.locator('.line-numbers.active-line-number').filter({ hasText: /^13$/ }).waitFor(LONG);
    }),
);

scenario('the walkthrough: a step opens the example, one of its lines is marked, and the step is done', () =>
    withWorkbench('walkthrough', SAMPLE, BARE, async ({ page, shot }) => {
        await openFile(page, 'script.py');
        await palette(page, 'Open Walkthrough...');
        const walkthroughs = page.locator('.quick-input-list .monaco-list-row');
        await walkthroughs.filter({ hasText: 'Get Started with gradsafe' }).first().click(LONG);
        const link = page.locator('.getting-started-step a, .getting-started-step button');
        await link.filter({ hasText: 'Open Example' }).first().click(LONG);
        await page.locator('.squiggly-error').first().waitFor(LONG);
        assert.equal(await page.locator('.squiggly-error').count(), 1);
        await shot('vscode-example');
        await page.locator('.tab').filter({ hasText: 'Welcome' }).first().click(LONG);
        await page
            .locator('.getting-started-step .codicon-getting-started-step-checked')
            .first()
            .waitFor(LONG);
        await shot('vscode-walkthrough');
    }),
);

scenario('the output of a run comes as it is printed', () =>
    withWorkbench('output', SAMPLE, WITH_TORCH, async ({ page, shot }) => {
        await openFile(page, 'script.py');
        const lens = page.locator('.codelens-decoration a').filter({ hasText: 'Run and trace file' });
        await lens.waitFor(LONG);
        await lens.click();
        const result = toast(page, 'script.py: completed, no finding');
        await result.waitFor({ timeout: 120_000 });
        await result.getByRole('button', { name: 'Show output' }).click();
        await page
            .locator('.part.panel .view-line')
            .filter({ hasText: /step.2/ })
            .first()
            .waitFor(LONG);
        await shot('vscode-trace-output');
    }),
);

scenario('the books of a tensor on hover, then "Fix All"', () =>
    withWorkbench('fix-all', SAMPLE, BARE, async ({ page, folder, shot }) => {
        await openFile(page, 'model.py');
        await page.locator('.squiggly-error').first().waitFor(LONG);
        // A tensor that is in no finding's way: what autograd knows of it.
        await goTo(page, '12:9');
        await page.keyboard.press('Control+k');
        await page.keyboard.press('Control+i');
        const hover = page.locator('.monaco-hover').filter({ hasText: /version/ });
        await hover.first().waitFor(LONG);
        await shot('vscode-tensor-hover');
        await page.keyboard.press('Escape');
        await palette(page, 'Fix All');
        await page.locator('.squiggly-error').waitFor({ state: 'detached', ...LONG });
        await page.keyboard.press('Control+s');
        await page.locator('.tab.dirty').waitFor({ state: 'detached', ...LONG });
        // The lens on backward() follows: nothing that it reads is changed any more.
        const lens = page.locator('.codelens-decoration').filter({ hasText: /^reads \d+ saved tensors$/ });
        await lens.first().waitFor(LONG);
        await shot('vscode-fix-all');
        assert.match(readFileSync(join(folder, 'model.py'), 'utf8'), /^ {8}h = h\.add\(1\)$/m);
    }),
);

/**
 * The sample, and a file of which a pipe does not hold the text.
 * @param {(files: string) => Promise<void>} use
 */
async function withLargeFile(use) {
    const files = mkdtempSync(join(tmpdir(), 'gradsafe-large-'));
    try {
        cpSync(SAMPLE, files, { recursive: true });
        writeFileSync(join(files, 'large.py'), '# more than a pipe holds\n'.repeat(20_000));
        await use(files);
    } finally {
        rmSync(files, { recursive: true, force: true });
    }
}

scenario('a server that is killed comes back, and knows the open file', () =>
    withLargeFile((files) =>
        withWorkbench('killed', files, BARE, async ({ page, folder, shot }) => {
            await openFile(page, 'model.py');
            await page.locator('.squiggly-error').first().waitFor(LONG);
            const before = serversBelow(dirname(folder));
            assert.equal(before.length, 1);
            // It dies while it is written to: of a stopped server the pipe is full, and breaks.
            process.kill(Number(before[0]), 'SIGSTOP');
            await openFile(page, 'large.py');
            process.kill(Number(before[0]), 'SIGKILL');
            const deadline = Date.now() + 60_000;
            while (serversBelow(dirname(folder)).every((pid) => pid === before[0])) {
                assert.ok(Date.now() < deadline, 'no new server was started');
                await page.waitForTimeout(200);
            }
            await page.locator('.tab[data-resource-name="model.py"]').click();
            await page.locator('.view-lines').first().click();
            await goTo(page, '13:11');
            await page.locator('.squiggly-error').first().waitFor(LONG);
            await page.keyboard.press('Control+.');
            const actions = page.locator('.action-widget .monaco-list-row');
            await actions.filter({ hasText: 'Compute a new' }).first().waitFor(LONG);
            await shot('vscode-killed');
        }),
    ),
);

/**
 * What the `{}` item in the status bar says of gradsafe.
 * @param {Page} page
 */
async function status(page) {
    await page.locator('[id="status.languageStatus"]').hover();
    const said = page.locator('.hover-language-status').filter({ hasText: 'gradsafe' });
    await said.first().waitFor(LONG);
    return said.first();
}

scenario('the status item says by whom the server is run, and a click shows its log', () =>
    withWorkbench('status', SAMPLE, BARE, async ({ page, shot }) => {
        await openFile(page, 'model.py');
        await page.locator('.squiggly-error').first().waitFor(LONG);
        const said = await status(page);
        await said.filter({ hasText: /run by .*python/ }).waitFor(LONG);
        const link = said.getByText('Show log');
        const edge = await link.evaluate(
            (element) => window.innerWidth - element.getBoundingClientRect().right,
        );
        assert.ok(edge > 0, 'the link is cut off');
        await shot('vscode-status');
        await link.click();
        await page
            .locator('.part.panel .view-line')
            .filter({ hasText: /server:.*python/ })
            .first()
            .waitFor(LONG);
        await shot('vscode-log');
    }),
);

scenario('no such Python: says which one it asked, and what to do', () =>
    withWorkbench(
        'missing',
        SAMPLE,
        { 'gradsafe.interpreter': '/nowhere/python' },
        async ({ page, shot }) => {
            await openFile(page, 'model.py');
            await toast(page, '/nowhere/python: there is no such program').waitFor(LONG);
            await shot('vscode-missing');
            const said = await status(page);
            await said.filter({ hasText: 'no Python with gradsafe was found' }).waitFor(LONG);
            await said.getByText('Restart').waitFor(LONG);
            await shot('vscode-missing-status');
        },
    ),
);

scenario('an untrusted folder: no lens, no command that runs', () =>
    withWorkbench(
        'untrusted',
        SAMPLE,
        WITH_TORCH,
        async ({ page, shot }) => {
            await openFile(page, 'cells.py');
            await page.locator('.squiggly-error').first().waitFor(LONG);
            await shot('vscode-untrusted');
            assert.equal(await page.locator('.codelens-decoration a').count(), 0);
            await page.keyboard.press('Control+Shift+P');
            await page.locator('.quick-input-widget input').fill('>gradsafe: ');
            const offered = page.locator('.quick-input-list .monaco-list-row');
            await offered.filter({ hasText: 'gradsafe: Show Logs' }).first().waitFor(LONG);
            assert.equal(await offered.filter({ hasText: /Run and Trace|Dry Run/ }).count(), 0);
        },
        { trusted: false },
    ),
);

scenario('a notebook: the cell with the write is marked, the story is in the cell above', () =>
    withWorkbench('notebook', SAMPLE, WITH_TORCH, async ({ page, shot }) => {
        // Before the extensions are there, a notebook opens as the JSON that it is.
        await openFile(page, 'model.py');
        await page.locator('.squiggly-error').first().waitFor(LONG);
        await page.getByRole('treeitem', { name: 'notebook.ipynb' }).dblclick();
        await page.locator('.notebook-editor .squiggly-error').first().waitFor(LONG);
        assert.equal(await page.locator('.notebook-editor .squiggly-error').count(), 1);
        await page.keyboard.press('Control+Shift+M');
        await page
            .locator('.markers-panel .monaco-list-row')
            .filter({ hasText: 'saved-tensor-modified' })
            .first()
            .waitFor(LONG);
        await shot('vscode-notebook');

        // Only cells in sight are drawn: go to the last one by its problem, run it from the palette.
        const problem = page.locator('.markers-panel .monaco-list-row').filter({ hasText: '[Ln 1, Col 1]' });
        await problem.first().dblclick();
        await page.locator('.notebook-editor .code-cell-row .monaco-editor.focused').waitFor(LONG);
        await page.locator('.notebook-editor .squiggly-error').first().waitFor(LONG);
        await palette(page, 'gradsafe: Run and Trace Cell');
        const question = toast(page, 'not run in this session');
        await question.waitFor(LONG);
        await question.getByRole('button', { name: 'Run', exact: true }).click();
        await toast(page, 'notebook.ipynb, cell')
            .filter({ hasText: 'raised RuntimeError' })
            .waitFor({ timeout: 120_000 });
        await page
            .locator('.markers-panel .monaco-list-row')
            .filter({ hasText: 'gradsafe trace' })
            .first()
            .waitFor(LONG);
        await shot('vscode-notebook-trace');

        // The toolbar of a cell comes with the pointer. All cells above have run: nobody is asked.
        await palette(page, 'gradsafe: Clear Results of Traced Runs');
        const traced = page.locator('.markers-panel .monaco-list-row').filter({ hasText: 'gradsafe trace' });
        await traced.first().waitFor({ state: 'detached', ...LONG });
        await palette(page, 'Notifications: Clear All Notifications');
        const cell = page.locator(
            '.notebook-editor .code-cell-row.focused, .notebook-editor .code-cell-row.selected',
        );
        await cell.first().hover();
        await cell.locator('.cell-title-toolbar').getByLabel('Run and Trace Cell').first().click(LONG);
        await toast(page, 'notebook.ipynb, cell')
            .filter({ hasText: 'raised RuntimeError' })
            .waitFor({ timeout: 120_000 });
        await traced.first().waitFor(LONG);
        await shot('vscode-cell-toolbar');
    }),
);
