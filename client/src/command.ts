// How to start the server: which of the candidates on this machine can, and why the others cannot.
// Knows nothing of VS Code, so that every case is a plain unit test.

/** A program and its first arguments. */
export interface Command {
    readonly command: string;
    readonly args: readonly string[];
}

/** What the user has set, and what else is known of the machine. */
export interface Surroundings {
    /** `gradsafe.path`: a gradsafe executable. */
    readonly path: string;
    /** `gradsafe.interpreter`: a Python that has gradsafe. */
    readonly interpreter: string;
    /** The Python extension's active interpreter; undefined where there is none, or where it cannot be trusted. */
    readonly active: string | undefined;
    /** The script that starts the server which the extension carries; undefined where it carries none, or is not to. */
    readonly bundled: string | undefined;
}

/** Runs a program and gives its exit code and output; code is undefined where it could not be started. */
export type Run = (command: Command) => Promise<{ code: number | undefined; output: string }>;

/** A candidate that cannot be the server, in words for the user. */
export interface Refusal {
    readonly candidate: string;
    readonly reason: string;
    /** The shell command that mends it, where there is one. */
    readonly remedy?: string;
}

export type Choice =
    | { readonly kind: 'found'; readonly command: Command; readonly interpreter: string | undefined }
    | { readonly kind: 'none'; readonly refusals: readonly Refusal[] };

/** Prints the version and whether gradsafe can be imported, importing nothing heavy. */
const PROBE =
    "import sys, importlib.util as u; print('%d.%d' % sys.version_info[:2], 'yes' if u.find_spec('gradsafe') else 'no')";
const OLDEST = [3, 10] as const;
const NO_PROGRAM = 'there is no such program';

/**
 * The first candidate that works: the server that the extension carries, under any Python that can run it; then one
 * that is installed. An explicit setting is the only candidate: falling back from it would hide the mistake in it.
 */
export async function chooseServer(from: Surroundings, run: Run): Promise<Choice> {
    if (from.path !== '') {
        return tryInOrder([() => tryExecutable(from.path, '`gradsafe.path`', run)]);
    }
    const { bundled, interpreter, active } = from;
    const pythons =
        interpreter !== '' ? [interpreter] : [...(active === undefined ? [] : [active]), 'python3', 'python'];
    const carried =
        bundled === undefined ? [] : pythons.map((python) => () => tryBundled(python, bundled, run));
    if (interpreter !== '') {
        return tryInOrder([...carried, () => tryInterpreter(interpreter, run)]);
    }
    return tryInOrder([
        ...carried,
        ...(active === undefined ? [] : [() => tryInterpreter(active, run)]),
        () => tryExecutable('gradsafe', 'on the PATH', run),
        () => tryInterpreter('python3', run),
        () => tryInterpreter('python', run),
    ]);
}

type Attempt = () => Promise<{ command: Command; interpreter: string | undefined } | Refusal>;

async function tryInOrder(attempts: readonly Attempt[]): Promise<Choice> {
    const refusals: Refusal[] = [];
    for (const attempt of attempts) {
        const outcome = await attempt();
        if ('command' in outcome) {
            return { kind: 'found', ...outcome };
        }
        // A Python is asked twice: for the server that is carried, and for one that is installed.
        if (
            !refusals.some(
                ({ candidate, reason }) => candidate === outcome.candidate && reason === outcome.reason,
            )
        ) {
            refusals.push(outcome);
        }
    }
    return { kind: 'none', refusals };
}

async function tryExecutable(path: string, origin: string, run: Run): ReturnType<Attempt> {
    const { code } = await run({ command: path, args: ['--version'] });
    if (code === 0) {
        return { command: { command: path, args: ['server'] }, interpreter: undefined };
    }
    const candidate = `${path} (${origin})`;
    return code === undefined
        ? { candidate, reason: NO_PROGRAM }
        : { candidate, reason: `\`${path} --version\` ended with exit code ${code}` };
}

/** Under `-I` nothing of the open folder or of the user's packages is imported. */
async function tryBundled(python: string, script: string, run: Run): ReturnType<Attempt> {
    const { code, output } = await run({ command: python, args: [script, '--check'] });
    if (code === undefined) {
        return { candidate: python, reason: NO_PROGRAM };
    }
    const match = /^(yes|no: (.*))\s*$/.exec(output);
    if (code !== 0 || match === null) {
        return { candidate: python, reason: 'it is not a working Python' };
    }
    return match[2] === undefined
        ? { command: { command: python, args: ['-I', script] }, interpreter: python }
        : { candidate: python, reason: match[2] };
}

async function tryInterpreter(python: string, run: Run): ReturnType<Attempt> {
    const { code, output } = await run({ command: python, args: ['-c', PROBE] });
    if (code === undefined) {
        return { candidate: python, reason: NO_PROGRAM };
    }
    const match = /^(\d+)\.(\d+) (yes|no)\s*$/.exec(output);
    if (code !== 0 || match === null) {
        return { candidate: python, reason: 'it is not a working Python' };
    }
    const [major, minor] = [Number(match[1]), Number(match[2])];
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
        return {
            candidate: python,
            reason: `it is Python ${major}.${minor}; gradsafe needs ${OLDEST.join('.')} or newer`,
        };
    }
    if (match[3] === 'no') {
        return {
            candidate: python,
            reason: 'gradsafe is not installed there',
            remedy: `${quote(python)} -m pip install gradsafe`,
        };
    }
    return { command: { command: python, args: ['-m', 'gradsafe.lsp'] }, interpreter: python };
}

/** One line for a toast. */
export function summarise(refusals: readonly Refusal[]): string {
    const missing = refusals.find((refusal) => refusal.remedy !== undefined);
    if (missing !== undefined) {
        return `gradsafe is not installed in ${missing.candidate}.`;
    }
    const old = refusals.find((refusal) => refusal.reason.startsWith('it is '));
    if (old !== undefined) {
        return `gradsafe cannot start: ${old.candidate}: ${old.reason}.`;
    }
    const [only] = refusals;
    if (refusals.length === 1 && only !== undefined) {
        return `gradsafe cannot start: ${only.candidate}: ${only.reason}.`;
    }
    return 'gradsafe cannot start: no Python was found on this machine.';
}

function quote(path: string): string {
    return /\s/.test(path) ? `"${path}"` : path;
}
