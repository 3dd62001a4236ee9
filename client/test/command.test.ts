import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, chooseServer, type Run, type Surroundings, summarise } from '../src/command';

const NOTHING: Surroundings = { path: '', interpreter: '', active: undefined };

/** A machine on which only these programs exist, each with its answer. */
function machine(programs: Record<string, { code: number; output: string }>): Run & { asked: string[] } {
    const asked: string[] = [];
    const run = async ({ command }: Command) => {
        asked.push(command);
        return programs[command] ?? { code: undefined, output: '' };
    };
    return Object.assign(run, { asked });
}

const HAS = { code: 0, output: '3.12 yes\n' };
const LACKS = { code: 0, output: '3.12 no\n' };
const OLD = { code: 0, output: '3.8 no\n' };

test('the executable that is set wins, and nothing else is asked', async () => {
    const run = machine({ '/opt/gradsafe': { code: 0, output: 'gradsafe 0.1.0' }, python3: HAS });
    const choice = await chooseServer({ path: '/opt/gradsafe', interpreter: '/py', active: '/venv' }, run);
    assert.deepEqual(choice, {
        kind: 'found',
        command: { command: '/opt/gradsafe', args: ['server'] },
        interpreter: undefined,
    });
    assert.deepEqual(run.asked, ['/opt/gradsafe']);
});

test('an interpreter that is set but wrong is reported, not silently replaced', async () => {
    const choice = await chooseServer(
        { ...NOTHING, interpreter: '/nowhere/python' },
        machine({ python3: HAS }),
    );
    assert.equal(choice.kind, 'none');
    assert.ok(choice.kind === 'none');
    assert.match(summarise(choice.refusals), /\/nowhere\/python: there is no such program/);
});

test('the active interpreter comes before the PATH', async () => {
    const choice = await chooseServer(
        { ...NOTHING, active: '/venv/python' },
        machine({ '/venv/python': HAS, python3: HAS }),
    );
    assert.deepEqual(choice, {
        kind: 'found',
        command: { command: '/venv/python', args: ['-m', 'gradsafe.lsp'] },
        interpreter: '/venv/python',
    });
});

test('an active interpreter without gradsafe gives way to gradsafe on the PATH', async () => {
    const run = machine({ '/venv/python': LACKS, gradsafe: { code: 0, output: '' } });
    const choice = await chooseServer({ ...NOTHING, active: '/venv/python' }, run);
    assert.ok(choice.kind === 'found');
    assert.deepEqual(choice.command, { command: 'gradsafe', args: ['server'] });
});

test('gradsafe missing everywhere: the remedy names the interpreter that the user works with', async () => {
    const choice = await chooseServer(
        { ...NOTHING, active: '/my venv/python' },
        machine({ '/my venv/python': LACKS }),
    );
    assert.ok(choice.kind === 'none');
    assert.equal(summarise(choice.refusals), 'gradsafe is not installed in /my venv/python.');
    assert.equal(choice.refusals[0]?.remedy, '"/my venv/python" -m pip install gradsafe');
});

test('an old Python is named with its version', async () => {
    const choice = await chooseServer({ ...NOTHING, interpreter: 'python' }, machine({ python: OLD }));
    assert.ok(choice.kind === 'none');
    assert.match(summarise(choice.refusals), /it is Python 3\.8; gradsafe needs 3\.10 or newer/);
});

test('no Python at all', async () => {
    const choice = await chooseServer(NOTHING, machine({}));
    assert.ok(choice.kind === 'none');
    assert.deepEqual(
        choice.refusals.map((refusal) => refusal.candidate),
        ['gradsafe (on the PATH)', 'python3', 'python'],
    );
    assert.match(summarise(choice.refusals), /no Python was found/);
});

test('a program that answers nonsense is not taken for Python', async () => {
    const choice = await chooseServer(
        { ...NOTHING, interpreter: 'cat' },
        machine({ cat: { code: 0, output: 'meow' } }),
    );
    assert.ok(choice.kind === 'none');
    assert.match(summarise(choice.refusals), /not a working Python/);
});
