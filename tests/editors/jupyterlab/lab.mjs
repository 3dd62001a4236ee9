// @ts-check
// The real JupyterLab: its server in a process of its own, configured as docs/editors.md says, its page in headless Chromium.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { freePort, launchBrowser, out, root, startServer } from '../browser.mjs';

const install = process.env.GRADSAFE_JUPYTERLAB_DIR ?? join(root, '.cache/jupyterlab');
const PYTHON = process.env.GRADSAFE_PYTHON ?? join(root, '.venv/bin/python');

/**
 * @typedef {object} Lab
 * @property {import('playwright-core').Page} page
 * @property {(name: string) => Promise<void>} shot a picture of the window
 */

/**
 * Runs `scenario` in a fresh JupyterLab that has a copy of `notebook` open.
 * Whatever happens, both processes are ended; if it fails, the window and what the server said are kept.
 *
 * @param {string} notebook
 * @param {(lab: Lab) => Promise<void>} scenario
 */
export async function withLab(notebook, scenario) {
    mkdirSync(out, { recursive: true });
    const home = mkdtempSync(join(tmpdir(), 'gradsafe-jupyterlab-'));
    const name = basename(notebook);
    mkdirSync(join(home, 'work'));
    copyFileSync(notebook, join(home, 'work', name));
    writeSettings(join(home, 'config'));
    const token = randomUUID();
    const port = await freePort();
    const server = await startLab(home, port, token);
    const browser = await launchBrowser();
    const page = await browser.newPage({ viewport: { width: 1180, height: 820 } });
    const shot = async (/** @type {string} */ picture) => {
        await page.screenshot({ path: join(out, `${picture}.png`) });
    };
    try {
        await page.goto(`http://127.0.0.1:${port}/lab/tree/${name}?token=${token}`);
        await page.locator('.jp-NotebookPanel .jp-Cell').first().waitFor({ timeout: 120_000 });
        await scenario({ page, shot });
    } catch (error) {
        await shot('FAILED-jupyterlab').catch(() => undefined);
        writeFileSync(join(out, 'FAILED-jupyterlab.log'), server.said());
        throw error;
    } finally {
        await browser.close();
        await end(server.process);
        rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    }
}

/** The block of the documentation, so that it is the documentation that is tried; only the interpreter is ours. */
function documentedConfiguration() {
    const page = readFileSync(join(root, 'docs/editors.md'), 'utf8');
    const block = /^## JupyterLab$.*?^```json$(.*?)^```$/ms.exec(page)?.[1];
    if (block === undefined) {
        throw new Error('docs/editors.md: section JupyterLab has no block of JSON');
    }
    const configuration = JSON.parse(block);
    configuration.LanguageServerManager.language_servers.gradsafe.argv[0] = PYTHON;
    return configuration;
}

/** @param {string} config */
function writeSettings(config) {
    const quiet = join(config, 'lab/user-settings/@jupyterlab/apputils-extension');
    mkdirSync(quiet, { recursive: true });
    writeFileSync(join(config, 'jupyter_server_config.json'), JSON.stringify(documentedConfiguration()));
    writeFileSync(
        join(quiet, 'notification.jupyterlab-settings'),
        JSON.stringify({ fetchNews: 'false', checkForUpdates: false }),
    );
}

/** @param {string} home @param {number} port @param {string} token */
function startLab(home, port, token) {
    const own = Object.entries(process.env).filter(([name]) => !/^(JUPYTER|IPYTHON)/.test(name));
    return startServer(
        join(install, 'bin/python'),
        [
            '-m',
            'jupyterlab',
            '--no-browser',
            '--allow-root',
            '--ip=127.0.0.1',
            `--port=${port}`,
            '--ServerApp.port_retries=0',
            `--IdentityProvider.token=${token}`,
            `--ServerApp.root_dir=${join(home, 'work')}`,
        ],
        `http://127.0.0.1:${port}/api/status?token=${token}`,
        { ...Object.fromEntries(own), HOME: home, JUPYTER_CONFIG_DIR: join(home, 'config') },
    );
}

/**
 * Asked politely, it ends the kernel and the language server, too.
 * @param {import('node:child_process').ChildProcess} server
 */
async function end(server) {
    if (server.exitCode === null && server.signalCode === null) {
        const gone = once(server, 'exit');
        server.kill();
        const force = setTimeout(() => server.kill('SIGKILL'), 30_000);
        await gone;
        clearTimeout(force);
    }
}
