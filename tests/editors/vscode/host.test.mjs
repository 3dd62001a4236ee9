// @ts-check
// The packaged extension on VS Code's own interfaces: host/ runs inside the extension host of the real VS Code.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { withWindow } from './workbench.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const SAMPLE = resolve(here, '../sample');
const SUITE = join(here, 'host');
const BARE = { 'gradsafe.interpreter': process.env.GRADSAFE_BARE_PYTHON ?? 'python3' };
// The first tells VS Code to run tests that a page asks for.
const FLAGS = ['--enable-smoke-test-driver', '--disable-workspace-trust'];

test('the extension host', { timeout: 600_000 }, (t) =>
    withWindow('host', SAMPLE, BARE, FLAGS, async ({ page, origin, folder }) => {
        const results = join(folder, '../results.jsonl');
        /** @type {unknown[]} */
        const said = [];
        const ended = new Promise((resolve) => {
            void page.exposeFunction('codeAutomationExit', resolve);
        });
        await page.exposeFunction(
            'codeAutomationLog',
            (/** @type {string} */ type, /** @type {unknown} */ args) => said.push([type, args]),
        );
        const remote = `vscode-remote://${origin}${SUITE}`;
        const payload = [
            ['extensionDevelopmentPath', remote],
            ['extensionTestsPath', `${remote}/index.cjs`],
        ];
        await page.goto(
            `http://${origin}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(JSON.stringify(payload))}`,
        );
        const status = await Promise.race([ended, setTimeout(400_000, 'no end', { ref: false })]);
        const lines = existsSync(results) ? readFileSync(results, 'utf8').trim().split('\n') : [];
        const cases = lines.map((line) => JSON.parse(line));
        for (const { name, error } of cases) {
            await t.test(name, () => assert.ok(error === null, error));
        }
        assert.ok(status === 0 && cases.length > 0, `ended with ${status}: ${JSON.stringify(said)}`);
        assert.ok(
            cases.every(({ error }) => error === null),
            'some cases failed',
        );
    }),
);
