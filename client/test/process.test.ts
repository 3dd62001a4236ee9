import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../src/process';

test('a program that is not there is an answer, not an exception', async () => {
    assert.deepEqual(await run({ command: 'gradsafe-no-such-program', args: [] }), {
        code: undefined,
        output: '',
    });
});

test('exit code and output of a real program', async () => {
    assert.deepEqual(
        await run({ command: process.execPath, args: ['-e', 'console.log(1); process.exit(3)'] }),
        {
            code: 3,
            output: '1\n',
        },
    );
});
