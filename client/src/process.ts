// Runs a short program to its end.
import { execFile } from 'node:child_process';
import type { Run } from './command';

const LIMIT_MS = 15_000;

/** Python imports from the working directory, `python -m` does: that must never be a folder that somebody else wrote. */
export const SAFE_FOLDER = __dirname;

/** Never rejects: a program that is missing, fails or hangs is an answer. */
export const run: Run = ({ command, args }) =>
    new Promise((resolve) => {
        const options = { timeout: LIMIT_MS, windowsHide: true, cwd: SAFE_FOLDER };
        execFile(command, [...args], options, (error, stdout) => {
            if (error === null) {
                resolve({ code: 0, output: stdout });
            } else if (typeof error.code === 'number' || error.killed) {
                resolve({ code: typeof error.code === 'number' ? error.code : 1, output: stdout });
            } else {
                resolve({ code: undefined, output: '' });
            }
        });
    });
