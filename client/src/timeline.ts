// The timeline panel: the page that `gradsafe trace --html` writes, in a web view; a click on a mark goes to its line.
import { type Disposable, Range, Uri, ViewColumn, type WebviewPanel, window, workspace } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

/** What the page posts: a place in the text that ran, as the run calls it. Rows and columns from 1. */
interface Place {
    readonly file: string;
    readonly row: number;
    readonly column: number;
    readonly end_row: number;
    readonly end_column: number;
}

/** Where that text is now; null where it has been edited since. */
interface Found {
    readonly uri: string;
    readonly line: number;
    readonly end_line: number;
    readonly character: number;
    readonly end_character: number;
}

const EMPTY = 'Nothing has been run and traced here yet. Try "Run and trace" above a cell.';

export class Timeline implements Disposable {
    private panel: WebviewPanel | undefined;
    private shown: { client: LanguageClient; uri: string } | undefined;

    /** Opens the panel, beside the code. */
    async show(client: LanguageClient, uri: string): Promise<void> {
        const page = await pageOf(client, uri);
        if (page === undefined) {
            await window.showInformationMessage(EMPTY);
            return;
        }
        this.panel ??= this.open();
        this.put(client, uri, page);
        this.panel.reveal(this.panel.viewColumn ?? ViewColumn.Beside, true);
    }

    /** There is a newer run; a panel that is closed stays closed. */
    async update(client: LanguageClient, uri: string): Promise<void> {
        const page = this.panel === undefined ? undefined : await pageOf(client, uri);
        if (page !== undefined) {
            this.put(client, uri, page);
        }
    }

    dispose(): void {
        this.panel?.dispose();
    }

    private open(): WebviewPanel {
        const panel = window.createWebviewPanel(
            'gradsafe.timeline',
            'gradsafe: timeline',
            { viewColumn: ViewColumn.Beside, preserveFocus: true },
            // The page's own content security policy lets its one script run, by its hash, and load nothing.
            { enableScripts: true, localResourceRoots: [] },
        );
        panel.webview.onDidReceiveMessage((message: unknown) => void this.take(message));
        panel.onDidDispose(() => {
            this.panel = undefined;
            this.shown = undefined;
        });
        return panel;
    }

    private put(client: LanguageClient, uri: string, page: string): void {
        if (this.panel !== undefined) {
            this.shown = { client, uri };
            this.panel.title = `Timeline: ${Uri.parse(uri).path.split('/').pop() ?? ''}`;
            this.panel.webview.html = page;
        }
    }

    private async take(message: unknown): Promise<void> {
        const place = placeIn(message);
        if (place === undefined || this.shown === undefined) {
            return;
        }
        const { client, uri } = this.shown;
        const found = await execute<Found | null>(client, 'gradsafe.locateTraced', [uri, place]);
        if (found === null || found === undefined) {
            window.setStatusBarMessage('gradsafe: that line has been edited since the run', 5000);
            return;
        }
        const range = new Range(found.line, found.character, found.end_line, found.end_character);
        const document = await workspace.openTextDocument(Uri.parse(found.uri));
        await window.showTextDocument(document, { selection: range, viewColumn: ViewColumn.One });
    }
}

async function pageOf(client: LanguageClient, uri: string): Promise<string | undefined> {
    return (await execute<string | null>(client, 'gradsafe.timelinePage', [uri])) ?? undefined;
}

async function execute<T>(client: LanguageClient, command: string, args: unknown[]): Promise<T | undefined> {
    return client.sendRequest<T>('workspace/executeCommand', { command, arguments: args });
}

/** The place in a message of the page; undefined for whatever else a web view may send. */
export function placeIn(message: unknown): Place | undefined {
    if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'open') {
        return undefined;
    }
    const place = 'place' in message ? message.place : undefined;
    if (typeof place !== 'object' || place === null) {
        return undefined;
    }
    const { file, row, column, end_row, end_column } = place as Record<string, unknown>;
    const numbers = [row, column, end_row, end_column];
    if (typeof file !== 'string' || !numbers.every((each) => Number.isInteger(each))) {
        return undefined;
    }
    return { file, row, column, end_row, end_column } as Place;
}
