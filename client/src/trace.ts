// Results of traced runs: the server sends one notification for each, shown in a channel of its own.
import { type Disposable, type OutputChannel, window } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

/** The parameters of `gradsafe/traced`; the server's `lsp/trace.py` writes them. */
interface Traced {
    readonly uri: string;
    readonly cell: number | null;
    readonly outcome: 'completed' | 'raised' | 'timeout' | 'cancelled' | 'failed';
    /** One line: what came out. */
    readonly summary: string;
    /** The story of each finding, then what the program wrote. */
    readonly report: string;
}

export class Traces implements Disposable {
    private readonly channel: OutputChannel = window.createOutputChannel('gradsafe: traced runs');

    /** Shows what `client` says of each traced run. */
    follow(client: LanguageClient): Disposable {
        return client.onNotification('gradsafe/traced', (traced: Traced) => void this.show(traced));
    }

    private async show(traced: Traced): Promise<void> {
        this.channel.appendLine(traced.report);
        const say =
            traced.outcome === 'completed' || traced.outcome === 'cancelled'
                ? window.showInformationMessage
                : window.showWarningMessage;
        if ((await say(traced.summary, 'Show output')) !== undefined) {
            this.channel.show(true);
        }
    }

    dispose(): void {
        this.channel.dispose();
    }
}
