// package.json declares; the sources use. Both must say the same.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = process.cwd();
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const sources = readdirSync(join(root, 'client/src'))
    .map((name) => readFileSync(join(root, 'client/src', name), 'utf8'))
    .join('\n');

test('every declared command is registered here or executed by the server', () => {
    const server = readFileSync(join(root, 'server/gradsafe/lsp/commands.py'), 'utf8');
    for (const { command } of manifest.contributes.commands) {
        const ours = sources.includes(`registerCommand('${command}'`);
        const theirs = sources.includes(`'${command}'`) && server.includes(`"${command}"`);
        assert.ok(ours !== theirs, command);
    }
});

test('menus name declared commands', () => {
    const declared = manifest.contributes.commands.map(({ command }: { command: string }) => command);
    const menus: Record<string, { command: string }[]> = manifest.contributes.menus;
    for (const { command } of Object.values(menus).flat()) {
        assert.ok(declared.includes(command), command);
    }
});

test('each kind of notebook that the server takes is sent to it, and starts the extension', () => {
    const server = readFileSync(join(root, 'server/gradsafe/lsp/server.py'), 'utf8');
    const kinds = /for kind in \(([^)]*)\)/.exec(server)?.[1]?.match(/[\w-]+/g) ?? [];
    assert.deepEqual(kinds, ['jupyter-notebook', 'interactive']);
    for (const kind of kinds) {
        assert.ok(sources.includes(`notebook: '${kind}'`), kind);
        assert.ok(manifest.activationEvents.includes(`onNotebook:${kind}`), kind);
    }
});

test('what runs code is off in untrusted workspaces', () => {
    for (const { command, enablement } of manifest.contributes.commands) {
        if (/run/i.test(command)) {
            assert.match(enablement, /isWorkspaceTrusted/, command);
        }
    }
});

test('every declared setting is read', () => {
    for (const setting of Object.keys(manifest.contributes.configuration.properties)) {
        assert.ok(sources.includes(`get('${setting.replace(/^gradsafe\./, '')}'`), setting);
    }
});

test('settings that name a program are restricted in untrusted workspaces', () => {
    const programs = Object.keys(manifest.contributes.configuration.properties).filter((name) =>
        /(path|interpreter)$/.test(name),
    );
    const restricted: string[] = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    assert.deepEqual([...restricted].sort(), programs.sort());
});

test('extension and Python package carry the same version', () => {
    const version = /^version = "(.+)"$/m.exec(readFileSync(join(root, 'pyproject.toml'), 'utf8'))?.[1];
    assert.equal(manifest.version, version);
});

test('the lock file names no package host', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    for (const [name, entry] of Object.entries<{ resolved?: string }>(lock.packages)) {
        assert.equal(entry.resolved, undefined, name);
    }
});

test('the walkthrough shows files that exist, and its links name commands that are declared', () => {
    const declared = manifest.contributes.commands.map(({ command }: { command: string }) => command);
    for (const { steps } of manifest.contributes.walkthroughs) {
        for (const { description, media, completionEvents } of steps) {
            assert.ok(readFileSync(join(root, media.markdown), 'utf8').startsWith('# '));
            const linked = [...description.matchAll(/command:(gradsafe\.\w+)/g)].map(
                ([, command]) => command,
            );
            const awaited = completionEvents.flatMap(
                (event: string) => /^onCommand:(gradsafe\..+)$/.exec(event)?.[1] ?? [],
            );
            for (const command of [...linked, ...awaited]) {
                assert.ok(declared.includes(command), command);
            }
        }
    }
});
