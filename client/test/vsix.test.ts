// What is shipped: exactly the files that the extension needs, no more.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

test('the package holds the bundle, the manifest and three texts', () => {
    execFileSync(process.execPath, ['client/esbuild.mjs', '--minify']);
    const listed = execFileSync(
        process.execPath,
        ['node_modules/@vscode/vsce/vsce', 'ls', '--no-dependencies', '--readme-path', 'client/README.md'],
        {
            encoding: 'utf8',
        },
    );
    assert.deepEqual(listed.trim().split(/\r?\n/).sort(), [
        'CHANGELOG.md',
        'LICENSE',
        'client/README.md',
        'client/dist/extension.js',
        'package.json',
    ]);
});
