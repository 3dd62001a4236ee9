// Bundles the extension into client/dist/extension.js; with --tests, each test file into client/dist/test/.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { context } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const flags = new Set(process.argv.slice(2));
const tests = flags.has('--tests');

const build = await context({
    entryPoints: tests
        ? readdirSync(here('test'))
              .filter((name) => name.endsWith('.test.ts'))
              .map((name) => here(`test/${name}`))
        : [here('src/extension.ts')],
    outdir: here(tests ? 'dist/test' : 'dist'),
    bundle: true,
    external: ['vscode'],
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    minify: flags.has('--minify'),
    sourcemap: tests ? 'inline' : false,
    logLevel: 'warning',
});

if (flags.has('--watch')) {
    await build.watch();
} else {
    await build.rebuild();
    await build.dispose();
}
