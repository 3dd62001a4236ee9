// The Python extension's active interpreter, where that extension is installed. It stays optional.
import { type Disposable, extensions, type Uri, workspace } from 'vscode';

/** The part of the Python extension's public interface that is used here. */
interface PythonExtension {
    readonly environments?: {
        getActiveEnvironmentPath(resource?: Uri): { readonly path: string };
        resolveEnvironment(
            path: unknown,
        ): Promise<{ readonly executable: { readonly uri?: Uri } } | undefined>;
        onDidChangeActiveEnvironmentPath(listener: () => void): Disposable;
    };
}

async function environments(): Promise<PythonExtension['environments']> {
    const extension = extensions.getExtension<PythonExtension>('ms-python.python');
    if (extension === undefined) {
        return undefined;
    }
    return (extension.isActive ? extension.exports : await extension.activate())?.environments;
}

/** The path of the interpreter that the Python extension uses for the first folder; undefined if it has none. */
export async function activeInterpreter(): Promise<string | undefined> {
    const api = await environments();
    if (api === undefined) {
        return undefined;
    }
    const active = api.getActiveEnvironmentPath(workspace.workspaceFolders?.[0]?.uri);
    const resolved = await api.resolveEnvironment(active);
    return resolved?.executable.uri?.fsPath;
}

/** Calls `listener` when the user selects another interpreter. */
export async function onInterpreterChange(listener: () => void): Promise<Disposable | undefined> {
    return (await environments())?.onDidChangeActiveEnvironmentPath(listener);
}
