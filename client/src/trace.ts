// Traced runs: their output as it comes, their result in one line, the story in a channel, the timeline on demand.
import { type Disposable, type OutputChannel, window } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { Timeline } from './timeline';

/** The parameters of `gradsafe/traced`; the server's `lsp/trace.py` writes them. */
interface Traced {
    readonly uri: string;
    readonly cell: number | null;
    readonly outcome: 'completed' | 'raised' | 'timeout' | 'cancelled' | 'failed';
    /** One line: what came out. */
    readonly summary: string;
    /** The story of each finding. */
    readonly report: string;
}

/** The parameters of `gradsafe/output`; the server's `lsp/output.py` writes them. */
interface Printed {
    readonly uri: string;
    readonly stream: 'stdout' | 'stderr';
    readonly text: string;
}

export class Traces implements Disposable {
    private readonly results: OutputChannel = window.createOutputChannel('gradsafe: traced runs');
    private readonly output: OutputChannel = window.createOutputChannel('gradsafe: run output');
    private readonly timeline = new Timeline();

    /** Shows what `client` says of traced runs. */
    follow(client: LanguageClient): Disposable {
        const listening = [
            client.onNotification('gradsafe/output', ({ text }: Printed) => this.output.append(text)),
            client.onNotification('gradsafe/traced', (traced: Traced) => void this.show(client, traced)),
        ];
        return { dispose: () => listening.forEach((one) => void one.dispose()) };
    }

    /** The timeline of the last run of the document. */
    showTimeline(client: LanguageClient, uri: string): Promise<void> {
        return this.timeline.show(client, uri);
    }

    private async show(client: LanguageClient, traced: Traced): Promise<void> {
        this.results.appendLine(traced.report);
        await this.timeline.update(client, traced.uri);
        const fine = traced.outcome === 'completed' || traced.outcome === 'cancelled';
        const say = fine ? window.showInformationMessage : window.showWarningMessage;
        const ran = traced.outcome === 'completed' || traced.outcome === 'raised';
        const actions = ['Show report', 'Show output', ...(ran ? ['Show timeline'] : [])];
        const chosen = await say(traced.summary, ...actions);
        if (chosen === 'Show report') {
            this.results.show(true);
        } else if (chosen === 'Show output') {
            this.output.show(true);
        } else if (chosen === 'Show timeline') {
            await this.timeline.show(client, traced.uri);
        }
    }

    dispose(): void {
        this.results.dispose();
        this.output.dispose();
        this.timeline.dispose();
    }
}
