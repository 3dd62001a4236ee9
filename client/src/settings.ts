// The settings of the extension, read in one place. package.json declares them; a test compares the two.
import { workspace } from 'vscode';

export interface Settings {
    readonly path: string;
    readonly interpreter: string;
    readonly importStrategy: 'useBundled' | 'fromEnvironment';
    readonly traceInterpreter: string;
    readonly traceTimeout: number;
    readonly traceMemoryLimit: number;
    readonly traceIdleTimeout: number;
    readonly traceArguments: readonly string[];
    readonly traceVersionHints: boolean;
    readonly codeLens: boolean;
    readonly select: readonly string[] | null;
    readonly ignore: readonly string[];
    readonly advice: boolean | null;
    readonly tensorNames: readonly string[];
    readonly entryPoints: readonly string[];
    readonly severity: Readonly<Record<string, string>>;
    readonly diagnosticMode: string;
    readonly hoverTensors: boolean;
    readonly inlayHintsVersions: boolean;
}

/** Changes of these need a new server process; the rest the running one asks for. */
export const RESTARTING = [
    'gradsafe.path',
    'gradsafe.interpreter',
    'gradsafe.importStrategy',
    'gradsafe.trace',
    'gradsafe.codeLens',
    'gradsafe.diagnosticMode',
    'gradsafe.hover',
    'gradsafe.inlayHints',
];

export function readSettings(): Settings {
    const section = workspace.getConfiguration('gradsafe');
    return {
        path: section.get('path', '').trim(),
        interpreter: section.get('interpreter', '').trim(),
        importStrategy: section.get('importStrategy', 'useBundled'),
        traceInterpreter: section.get('trace.interpreter', '').trim(),
        traceTimeout: section.get('trace.timeout', 120),
        traceMemoryLimit: section.get('trace.memoryLimit', 0),
        traceIdleTimeout: section.get('trace.idleTimeout', 30),
        traceArguments: section.get('trace.arguments', []),
        traceVersionHints: section.get('trace.versionHints', true),
        codeLens: section.get('codeLens', true),
        select: section.get('select', null),
        ignore: section.get('ignore', []),
        advice: section.get('advice', null),
        tensorNames: section.get('tensorNames', []),
        entryPoints: section.get('entryPoints', []),
        severity: section.get('severity', {}),
        diagnosticMode: section.get('diagnosticMode', 'openFilesOnly'),
        hoverTensors: section.get('hover.tensors', true),
        inlayHintsVersions: section.get('inlayHints.versions', false),
    };
}
