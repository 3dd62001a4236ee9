// @ts-check
// What the editors that run in a browser share: headless Chromium, a server to wait for, a folder for pictures.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, '../..');
export const out = join(here, 'out');

export function launchBrowser() {
    return chromium.launch({
        executablePath: process.env.GRADSAFE_CHROMIUM ?? '/usr/bin/chromium',
        args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
        ],
    });
}

/**
 * Starts `program`, and waits until it answers at `url`.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {string} url
 * @param {NodeJS.ProcessEnv} [env]
 */
export async function startServer(program, args, url, env = process.env) {
    const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    let said = '';
    let failed = false;
    server.on('error', (error) => {
        said += error;
        failed = true;
    });
    for (const stream of [server.stdout, server.stderr]) {
        stream.on('data', (chunk) => {
            said += chunk;
        });
    }
    const deadline = Date.now() + 60_000;
    while (!(await answers(url))) {
        if (failed || server.exitCode !== null || Date.now() > deadline) {
            server.kill();
            throw new Error(`${program} did not start:\n${said}`);
        }
        await new Promise((wake) => setTimeout(wake, 100));
    }
    return { process: server, said: () => said };
}

/** @param {string} url */
async function answers(url) {
    try {
        return (await fetch(url)).ok;
    } catch {
        return false;
    }
}

/** @returns {Promise<number>} */
export function freePort() {
    return new Promise((found) => {
        const probe = createServer().listen(0, '127.0.0.1', () => {
            const address = probe.address();
            probe.close(() => found(typeof address === 'object' && address !== null ? address.port : 0));
        });
    });
}
