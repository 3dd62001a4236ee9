// What is shipped: exactly the files that the extension needs, no more.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

test('without Python packages, the extension holds its script, the manifest, three texts, a walkthrough and the start of a server', () => {
    execFileSync(process.execPath, ['client/esbuild.mjs', '--minify']);
    const listed = execFileSync(process.execPath, ['client/vsce.mjs', 'ls'], { encoding: 'utf8' });
    assert.deepEqual(listed.trim().split(/\r?\n/).sort(), [
        'CHANGELOG.md',
        'LICENSE',
        'client/README.md',
        'client/bundled/server.py',
        'client/dist/extension.js',
        ...['example.py', 'explain.md', 'finding.md', 'settings.md', 'trace.md'].map(
            (name) => `client/walkthrough/${name}`,
        ),
        'package.json',
    ]);
});
