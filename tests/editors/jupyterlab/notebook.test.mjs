// @ts-check
// What a user of JupyterLab sees of gradsafe, in the real JupyterLab with jupyterlab-lsp.
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withLab } from './lab.mjs';

const NOTEBOOK = join(dirname(fileURLToPath(import.meta.url)), 'training.ipynb');
const LONG = { timeout: 120_000 };

/** @typedef {import('playwright-core').Locator} Locator */

/**
 * jupyterlab-lsp asks for a hover when the mouse comes to another character with Ctrl held, and not again for the same one.
 * @param {Locator} line the word is its first character
 * @param {Locator} tooltip
 */
async function hoverFirstWord(line, tooltip) {
    const deadline = Date.now() + LONG.timeout;
    while (!(await tooltip.isVisible())) {
        assert.ok(Date.now() < deadline, 'no hover was shown');
        await line.hover({ position: { x: 12, y: 8 } });
        await line.hover({ position: { x: 3, y: 8 } });
        await tooltip.waitFor({ timeout: 3_000 }).catch(() => undefined);
    }
}

test('a notebook: one squiggle, in its cell; message; hover; an edit that mends', { timeout: 600_000 }, () =>
    withLab(NOTEBOOK, async ({ page, shot }) => {
        const cells = page.locator('.jp-NotebookPanel .jp-Cell');
        const lines = (/** @type {string} */ text) => cells.filter({ hasText: text }).locator('.cm-line');
        const squiggles = page.locator('[class*="cm-lintRange"]');
        const write = lines('y.sum().backward()').nth(0);
        const squiggle = write.locator('.cm-lintRange-error');
        await squiggle.first().waitFor(LONG);
        // A squiggle is drawn in pieces, one for each colour of the text; none of them is elsewhere.
        assert.equal((await squiggle.allTextContents()).join(''), 'y.add_(1)');
        assert.equal(await squiggles.count(), await squiggle.count());

        await squiggle.first().hover();
        const message = page.locator('.cm-tooltip-lint').filter({ hasText: 'so backward will raise' });
        await message.waitFor(LONG);
        // Nobody sees the numbers of the lines of the text that is sent: lines are quoted.
        const story = (await message.textContent()) ?? '';
        assert.match(story, /^line `y = \(x \* w\)\.exp\(\)`: `exp` saved its result for backward here/m);
        assert.match(story, /^line `y\.sum\(\)\.backward\(\)`: backward reads/m);
        await shot('jupyterlab-squiggle');

        await page.keyboard.down('Control');
        const books = page.locator('.lsp-tooltip').filter({ hasText: 'writes z in place here' });
        await hoverFirstWord(lines('z.sum().backward()').nth(1), books);
        assert.match((await books.textContent()) ?? '', /made by mul on line z = x \* w:/);
        await shot('jupyterlab-hover');
        await page.keyboard.up('Control');

        await write.click();
        await page.keyboard.press('Home');
        await page.keyboard.press('Shift+End');
        await page.keyboard.type('y = y + 1');
        await squiggles.first().waitFor({ state: 'detached', ...LONG });
        await shot('jupyterlab-mended');
    }),
);
