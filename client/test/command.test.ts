import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, chooseServer, type Run, type Surroundings, summarise } from '../src/command';

const NOTHING: Surroundings = { path: '', interpreter: '', active: undefined, bundled: undefined };

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
    const choice = await chooseServer(
        { ...NOTHING, path: '/opt/gradsafe', interpreter: '/py', active: '/venv' },
        run,
    );
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

const CARRIES: Surroundings = { ...NOTHING, bundled: '/extension/server.py' };

/** A machine whose Pythons answer a carried server's check with these words. */
function pythons(answers: Record<string, string>): Run {
    return async ({ command, args }) => {
        const answer = answers[command];
        if (answer === undefined) {
            return { code: undefined, output: '' };
        }
        return { code: 0, output: args.includes('--check') ? `${answer}\n` : '3.12 no\n' };
    };
}

test('the server that is carried runs under any Python that can, isolated', async () => {
    const choice = await chooseServer(CARRIES, pythons({ python3: 'yes' }));
    assert.deepEqual(choice, {
        kind: 'found',
        command: { command: 'python3', args: ['-I', '/extension/server.py'] },
        interpreter: 'python3',
    });
});

test('a Python that cannot run the carried server gives way to the next one', async () => {
    const choice = await chooseServer(
        { ...CARRIES, active: '/old/python' },
        pythons({ '/old/python': 'no: it is Python 3.8; gradsafe needs 3.10 or newer', python3: 'yes' }),
    );
    assert.ok(choice.kind === 'found');
    assert.equal(choice.command.command, 'python3');
});

test('an interpreter that is set is the only one that is asked, and says why it cannot', async () => {
    const reason = 'the extension carries no parser for Python 3.15 of this kind';
    const choice = await chooseServer(
        { ...CARRIES, interpreter: '/new/python' },
        pythons({ '/new/python': `no: ${reason}`, python3: 'yes' }),
    );
    assert.ok(choice.kind === 'none');
    assert.deepEqual(
        choice.refusals.map((refusal) => refusal.reason),
        [reason, 'gradsafe is not installed there'],
    );
});

test('gradsafe in the environment is the last resort of an extension that carries its own', async () => {
    const run: Run = async ({ command, args }) =>
        command === '/new/python'
            ? { code: 0, output: args.includes('--check') ? 'no: no parser\n' : '3.15 yes\n' }
            : { code: undefined, output: '' };
    const choice = await chooseServer({ ...CARRIES, active: '/new/python' }, run);
    assert.ok(choice.kind === 'found');
    assert.deepEqual(choice.command.args, ['-m', 'gradsafe.lsp']);
});

test('a Python that is missing is named once', async () => {
    const choice = await chooseServer(CARRIES, pythons({}));
    assert.ok(choice.kind === 'none');
    assert.equal(choice.refusals.filter(({ candidate }) => candidate === 'python3').length, 1);
});
