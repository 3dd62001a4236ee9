// Runs vsce (`node client/vsce.mjs package --out FILE`) in a copy of what .vscodeignore lets through: vsce reads through
// every folder below it, and a virtual environment with torch in it takes it a minute.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const vsce = createRequire(import.meta.url).resolve('@vscode/vsce/vsce');
const shipped = readFileSync(join(root, '.vscodeignore'), 'utf8')
    .split(/\r?\n/)
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1).replace(/\/\*\*$/, ''));

const stage = mkdtempSync(join(tmpdir(), 'gradsafe-vsix-'));
try {
    for (const path of ['.vscodeignore', ...shipped]) {
        if (existsSync(join(root, path))) {
            cpSync(join(root, path), join(stage, path), { recursive: true });
        }
    }
    const common = ['--no-dependencies', '--readme-path', 'client/README.md'];
    const { status } = spawnSync(process.execPath, [vsce, ...process.argv.slice(2), ...common], {
        cwd: stage,
        stdio: 'inherit',
    });
    process.exitCode = status ?? 1;
} finally {
    rmSync(stage, { recursive: true, force: true });
}
