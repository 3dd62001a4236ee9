// The timeline's view: draws the data of `gradsafe_tracer.timeline` (its docstring has the shape).
// Alone it shows the source beside the lanes; in an editor's web view it asks the editor to open the place:
// posts {type: 'open', place: {file, row, column, end_row, end_column}}, takes {type: 'timeline', data}.
'use strict';
(() => {
    const COLUMN = 28;
    const editor = typeof acquireVsCodeApi === 'function' ? acquireVsCodeApi() : null;
    const SHAPES = {
        saved: 'M8 2a6 6 0 1 0 .01 0z',
        modified: 'M8 1l7 7-7 7-7-7z',
        read: 'M2 3h12L8 14z',
        failed: 'M3 1l5 5 5-5 2 2-5 5 5 5-2 2-5-5-5 5-2-2 5-5-5-5z',
        wrong: 'M8 1l7.5 14H.5zM7 6v4h2V6zm0 5v2h2v-2z',
        freed: 'M8 2a6 6 0 1 0 .01 0zm0 2a4 4 0 1 1-.01 0z',
        escaped: 'M2 2h8v2H4v8h8V9h2v5H2zm7-1h6v6l-2-2-5 5-1.5-1.5 5-5z',
    };
    const WORDS = {
        saved: 'saved for backward',
        modified: 'modified in place',
        read: 'read by backward',
        failed: 'refused: torch raises',
        wrong: 'silently wrong gradient',
        freed: 'freed',
        escaped: 'memory shared with the outside',
    };
    const VERDICTS = {
        confirmed: 'the static analysis had predicted it',
        new: 'the static analysis had not predicted it',
        'not-reached': 'predicted, but its line did not run',
        refuted: 'predicted; its line ran and nothing happened',
    };

    let data;
    let chosen = null; // {lane, mark, button}
    let showAll = false;
    let file = 0;

    // -- small things ------------------------------------------------------------------------------------------

    const byId = (id) => document.getElementById(id);

    function make(tag, fields = {}, ...children) {
        const made = document.createElement(tag);
        for (const [name, value] of Object.entries(fields)) {
            if (name in made && name !== 'list') made[name] = value;
            else made.setAttribute(name, value);
        }
        made.append(...children.filter((child) => child !== null));
        return made;
    }

    function shape(kind) {
        const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
        svg.setAttribute('viewBox', '0 0 16 16');
        svg.setAttribute('aria-hidden', 'true');
        const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
        path.setAttribute('d', SHAPES[kind] ?? SHAPES.saved);
        path.setAttribute('fill-rule', 'evenodd');
        svg.append(path);
        return svg;
    }

    const baseName = (name) => name.split(/[\\/]/).pop();
    // A cell that ran is known as `model.py#2.7` (cell 2, seventh run): rows of a `# %%` file are the file's, those of a notebook the cell's.
    const placed = (place) => {
        if (!place) return 'outside of your code';
        const name = baseName(data.files[place.file].name);
        const cell = /^(.+)#(\d+)(\.\d+)?$/.exec(name);
        if (!cell) return `${name}:${place.row}`;
        return cell[1].endsWith('.ipynb') ? `${cell[1]}, cell ${cell[2]}, line ${place.row}` : `${cell[1]}:${place.row}`;
    };

    function link(place, text) {
        if (!place) return make('span', { className: 'place' }, text ?? placed(place));
        return make('button', { type: 'button', className: 'link place', onclick: () => open(place) }, text ?? placed(place));
    }

    function versions(mark) {
        if (mark.before === null) return '';
        if (mark.kind === 'modified') {
            return mark.after === mark.before ? `version stays ${mark.before}` : `version ${mark.before} → ${mark.after}`;
        }
        if (mark.kind === 'read' && mark.after !== null && mark.after !== mark.before) {
            return `saved at version ${mark.before}, now ${mark.after}`;
        }
        return `at version ${mark.before}`;
    }

    // -- places ------------------------------------------------------------------------------------------------

    function open(place) {
        if (!place) return;
        if (editor) {
            editor.postMessage({ type: 'open', place: { ...place, file: data.files[place.file].name } });
            return;
        }
        show(place, true);
    }

    function show(place, focus) {
        if (!place || editor) return;
        if (place.file !== file) {
            file = place.file;
            drawSource();
        }
        for (const old of document.querySelectorAll('.row.here')) {
            old.classList.remove('here');
            const code = old.querySelector('code');
            code.textContent = code.textContent; // takes the marked part away
        }
        const row = document.querySelector(`.row[data-row="${place.row}"]`);
        if (!row) return;
        row.classList.add('here');
        underline(row.querySelector('code'), place);
        const box = byId('lines');
        const wanted = row.offsetTop - box.offsetTop - box.clientHeight / 2;
        box.scrollTop = Math.max(0, wanted);
        if (focus) row.querySelector('.number').focus({ preventScroll: true });
    }

    // Columns count code points; JavaScript counts UTF-16 units.
    function underline(code, place) {
        const text = Array.from(code.textContent);
        const end = place.end_row === place.row ? place.end_column - 1 : text.length;
        const start = place.column - 1;
        if (start >= end) return;
        code.replaceChildren(
            text.slice(0, start).join(''),
            make('mark', {}, text.slice(start, end).join('')),
            text.slice(end).join(''),
        );
    }

    // -- the parts of the page -----------------------------------------------------------------------------------

    function drawHead() {
        const failed = data.findings.length > 0 || /^raised/.test(data.outcome);
        byId('head').replaceChildren(
            make('h1', {}, data.title || 'gradsafe trace'),
            make('p', { className: failed ? 'outcome bad' : 'outcome' }, data.outcome),
            ...data.notes.map((note) => make('p', { className: 'note' }, note)),
        );
    }

    function drawFindings() {
        const box = byId('findings');
        box.replaceChildren(make('h2', {}, 'Findings'));
        if (data.findings.length === 0) box.append(make('p', {}, 'None.'));
        data.findings.forEach((finding, number) => box.append(card(finding, number)));
        if (data.refused.length > 0) {
            const list = data.refused.map((one) =>
                make('li', {}, link(one.place), ` ${one.code}: ${VERDICTS[one.verdict] ?? one.verdict}`),
            );
            box.append(make('h3', {}, 'Predicted, and not borne out by this run'), make('ul', {}, ...list));
        }
    }

    function card(finding, number) {
        const related = finding.related.map((one) =>
            make('li', {}, make('span', { className: 'role' }, one.role), ' ', link(one.place), ` ${one.message}`),
        );
        return make(
            'article',
            { className: `finding ${finding.severity}` },
            make(
                'button',
                { type: 'button', className: 'title', onclick: () => choose(number) },
                `${finding.severity}: ${finding.code}`,
            ),
            make('p', {}, finding.message),
            make('p', {}, make('span', { className: 'role' }, 'change'), ' ', link(finding.place)),
            make('ul', {}, ...related),
            finding.verdict ? make('p', { className: 'verdict' }, VERDICTS[finding.verdict] ?? finding.verdict) : null,
        );
    }

    function choose(number) {
        const finding = data.findings[number];
        const lane = data.lanes.find((one) => finding.lanes.includes(one.id));
        const mark = lane?.marks.find((one) => one.kind === 'failed' || one.kind === 'wrong');
        open(finding.place);
        if (mark) document.querySelector(`.mark[data-lane="${lane.id}"][data-t="${mark.t}"].${mark.kind}`)?.focus();
        show(finding.place, false);
    }

    // Only the steps that some visible lane shows get a column: a long run stays readable.
    function axis(lanes) {
        const steps = new Set(lanes.flatMap((lane) => lane.marks.map((mark) => mark.t)));
        if (steps.size > 0) for (const band of data.backwards) if (band.raised) steps.add(band.t);
        const sorted = [...steps].sort((a, b) => a - b);
        const column = new Map(sorted.map((t, index) => [t, index]));
        const at = (t) => {
            let low = 0;
            let high = sorted.length;
            while (low < high) {
                const middle = (low + high) >> 1;
                if (sorted[middle] < t) low = middle + 1;
                else high = middle;
            }
            return low;
        };
        return { sorted, column, at, width: Math.max(1, sorted.length) * COLUMN };
    }

    function drawTimeline() {
        const telling = data.lanes.filter((lane) => lane.findings.length > 0 || lane.marks.some((m) => m.kind === 'failed' || m.kind === 'wrong'));
        const lanes = showAll || telling.length === 0 ? data.lanes : telling;
        const hidden = data.lanes.length - telling.length;
        const steps = axis(lanes);
        const box = byId('timeline');
        const board = make('div', { className: 'board', id: 'board' });
        board.append(ticks(lanes, steps), ...lanes.map((lane) => drawLane(lane, steps)));
        box.replaceChildren(make('h2', {}, 'Timeline'), legend(), lanes.length > 0 ? board : make('p', {}, 'Nothing was saved or written.'));
        if (telling.length > 0 && hidden > 0) {
            box.append(
                make(
                    'button',
                    { type: 'button', className: 'more', 'aria-expanded': String(showAll), onclick: toggle },
                    showAll ? 'Hide the storages without findings' : `Show ${hidden} storage${hidden > 1 ? 's' : ''} without findings`,
                ),
            );
        }
        const { lanes: less, marks } = data.left_out;
        if (less + marks > 0) box.append(make('p', { className: 'note' }, `Left out for size: ${less} storages, ${marks} marks.`));
        roving(board);
    }

    function toggle() {
        showAll = !showAll;
        drawTimeline();
        document.querySelector('.more')?.focus();
    }

    function legend() {
        const used = new Set(data.lanes.flatMap((lane) => lane.marks.map((mark) => mark.kind)));
        const items = Object.keys(WORDS).filter((kind) => used.has(kind));
        return make(
            'ul',
            { className: 'legend' },
            ...items.map((kind) => make('li', { className: kind }, shape(kind), WORDS[kind])),
            make('li', { className: 'keys' }, 'Arrow keys move, Enter opens the line.'),
        );
    }

    function ticks(lanes, steps) {
        const track = make('div', { className: 'track ticks' });
        track.style.width = `${steps.width}px`;
        const rows = new Map();
        for (const mark of lanes.flatMap((lane) => lane.marks)) if (mark.place) rows.set(mark.t, mark.place.row);
        steps.sorted.forEach((t, index) => {
            if (!rows.has(t)) return;
            const tick = make('span', { className: 'tick' }, String(rows.get(t)));
            tick.style.left = `${index * COLUMN}px`;
            track.append(tick);
        });
        return make('div', { className: 'lane head', 'aria-hidden': 'true' }, make('span', { className: 'name' }, 'line'), track);
    }

    function drawLane(lane, steps) {
        const track = make('div', { className: 'track', role: 'group', 'aria-label': `storage of ${lane.name}` });
        track.style.width = `${steps.width}px`;
        for (const band of data.backwards) track.append(...bandOf(band, steps));
        track.append(...segments(lane, steps));
        const taken = new Map();
        for (const mark of lane.marks) track.append(markOf(lane, mark, steps, taken));
        const hot = lane.findings.length > 0 ? ' hot' : '';
        return make('div', { className: `lane${hot}` }, make('span', { className: 'name', title: lane.name }, lane.name), track);
    }

    function bandOf(band, steps) {
        const from = steps.at(band.t);
        const to = steps.at(band.end + 1);
        if (to <= from) return [];
        const made = make('div', { className: band.raised ? 'band raised' : 'band', title: band.text });
        made.style.left = `${from * COLUMN}px`;
        made.style.width = `${(to - from) * COLUMN}px`;
        return [made];
    }

    function segments(lane, steps) {
        const first = lane.marks.find((mark) => mark.before !== null);
        if (!first) return [];
        const cuts = [[steps.at(lane.marks[0].t), first.before]];
        for (const mark of lane.marks) {
            if (mark.kind === 'modified' && mark.after !== null && mark.after !== cuts[cuts.length - 1][1]) {
                cuts.push([steps.at(mark.t), mark.after]);
            }
        }
        const end = steps.at(lane.marks[lane.marks.length - 1].t) + 1;
        return cuts.map(([start, version], index) => {
            const stop = index + 1 < cuts.length ? cuts[index + 1][0] : end;
            const made = make('div', { className: index % 2 ? 'segment odd' : 'segment' }, `v${version}`);
            made.style.left = `${start * COLUMN}px`;
            made.style.width = `${Math.max(0, stop - start) * COLUMN}px`;
            return made;
        });
    }

    function markOf(lane, mark, steps, taken) {
        const label = [lane.name, WORDS[mark.kind], mark.text, versions(mark), placed(mark.place)].filter(Boolean).join(', ');
        const button = make(
            'button',
            { type: 'button', className: `mark ${mark.kind}`, tabIndex: -1, title: label, 'aria-label': label },
            shape(mark.kind),
        );
        button.dataset.lane = lane.id;
        button.dataset.t = mark.t;
        const column = steps.column.get(mark.t);
        taken.set(column, (taken.get(column) ?? -1) + 1);
        button.style.left = `${column * COLUMN + 6 + taken.get(column) * 4}px`;
        button.onfocus = () => pick(lane, mark, button);
        button.onclick = () => {
            pick(lane, mark, button);
            if (editor) open(mark.place);
        };
        button.ondblclick = () => open(mark.place);
        return button;
    }

    function pick(lane, mark, button) {
        for (const old of document.querySelectorAll('.mark.chosen')) {
            old.classList.remove('chosen');
            old.tabIndex = -1;
        }
        chosen = { lane, mark, button };
        button.classList.add('chosen');
        button.tabIndex = 0;
        show(mark.place, false);
        const stack = (mark.stack ?? []).map((place) => make('li', {}, link(place)));
        byId('detail').replaceChildren(
            make('h2', {}, shape(mark.kind), ` ${lane.name}: ${WORDS[mark.kind]}`),
            make('p', {}, [mark.text, versions(mark)].filter(Boolean).join(', '), ' — ', link(mark.place)),
            ...(stack.length > 0 ? [make('p', {}, 'called from'), make('ol', {}, ...stack)] : []),
        );
    }

    // One tab stop for all marks; arrow keys go from mark to mark.
    function roving(board) {
        const first = board.querySelector('.mark.failed, .mark.wrong') ?? board.querySelector('.mark');
        if (first) first.tabIndex = 0;
        board.onkeydown = (event) => {
            const target = event.target.closest('.mark');
            if (!target) return;
            const next = neighbour(target, event.key);
            if (event.key === 'Enter') open(chosen?.mark.place);
            else if (next) next.focus();
            else return;
            event.preventDefault();
        };
    }

    function neighbour(button, key) {
        const lane = button.closest('.lane');
        const marks = [...lane.querySelectorAll('.mark')];
        const index = marks.indexOf(button);
        if (key === 'ArrowRight') return marks[index + 1];
        if (key === 'ArrowLeft') return marks[index - 1];
        if (key === 'Home') return marks[0];
        if (key === 'End') return marks[marks.length - 1];
        if (key !== 'ArrowUp' && key !== 'ArrowDown') return undefined;
        const other = key === 'ArrowUp' ? lane.previousElementSibling : lane.nextElementSibling;
        const there = other ? [...other.querySelectorAll('.mark')] : [];
        const away = (one) => Math.abs(Number(one.dataset.t) - Number(button.dataset.t));
        return there.sort((a, b) => away(a) - away(b))[0];
    }

    function drawSource() {
        const box = byId('source');
        if (editor || data.files.length === 0) {
            box.hidden = true;
            return;
        }
        const choice = make('select', { 'aria-label': 'File', onchange: (event) => turnTo(Number(event.target.value)) });
        data.files.forEach((one, number) => choice.append(make('option', { value: String(number), selected: number === file }, one.name)));
        const lines = make('div', { id: 'lines', tabIndex: 0 });
        const marked = new Map();
        for (const lane of data.lanes) {
            for (const mark of lane.marks) {
                if (mark.place?.file !== file) continue;
                if (!marked.has(mark.place.row)) marked.set(mark.place.row, new Set());
                marked.get(mark.place.row).add(mark.kind);
            }
        }
        const parts = data.files[file].parts;
        if (parts.length === 0) lines.append(make('p', { className: 'note' }, 'The text of this file is not known.'));
        parts.forEach((part, index) => {
            if (index > 0) lines.append(make('div', { className: 'gap' }, '⋯'));
            part.lines.forEach((text, offset) => lines.append(line(part.row + offset, text, marked.get(part.row + offset))));
        });
        box.replaceChildren(make('h2', {}, 'Source ', choice), lines);
    }

    function turnTo(number) {
        file = number;
        drawSource();
    }

    function line(row, text, kinds) {
        const glyphs = make('span', { className: 'glyphs' });
        for (const kind of Object.keys(SHAPES)) {
            if (kinds?.has(kind) && glyphs.childElementCount < 4) glyphs.append(make('span', { className: kind, title: WORDS[kind] }, shape(kind)));
        }
        const number = make('button', { type: 'button', className: 'number', tabIndex: -1, 'aria-label': `line ${row}` }, String(row));
        if (kinds) number.onclick = () => firstMark(row)?.focus();
        const made = make('div', { className: 'row' }, number, glyphs, make('code', {}, text));
        made.dataset.row = row;
        return made;
    }

    function firstMark(row) {
        for (const lane of data.lanes) {
            const mark = lane.marks.find((one) => one.place?.file === file && one.place.row === row);
            const found = mark && document.querySelector(`.mark[data-lane="${lane.id}"][data-t="${mark.t}"]`);
            if (found) return found;
        }
        return null;
    }

    function draw(fresh) {
        data = fresh;
        chosen = null;
        showAll = false;
        file = data.findings[0]?.place?.file ?? 0;
        document.body.classList.toggle('embedded', editor !== null);
        byId('detail').replaceChildren();
        drawHead();
        drawFindings();
        drawTimeline();
        drawSource();
        if (!editor && data.findings.length > 0) show(data.findings[0].place, false);
    }

    window.addEventListener('message', (event) => {
        if (editor && event.data?.type === 'timeline') draw(event.data.data);
    });
    draw(JSON.parse(byId('data').textContent));
    if (editor) editor.postMessage({ type: 'ready' });
})();
