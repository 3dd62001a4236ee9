#!/bin/bash
# Real editors: installs what is missing, then runs VS Code, JupyterLab, Neovim and Emacs against the packaged extension and server.
#
#   bash tests/editors/run.sh [vscode] [jupyterlab] [neovim] [emacs]        (default: all four)
#
# Needs git, Python 3.10+, Node.js 20+ and, for what apt installs, Debian and root. Pictures: tests/editors/out/.
# GRADSAFE_PYTHON: an interpreter that has gradsafe and torch. GRADSAFE_BARE_PYTHON: one that has neither.
# GRADSAFE_VSCODE_DIR, GRADSAFE_JUPYTERLAB_DIR: where these are, or go. ONLY: part of the name of the VS Code scenarios to run.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
editors=("$@")
[ ${#editors[@]} -gt 0 ] || editors=(vscode jupyterlab neovim emacs)

say() { printf '\n== %s\n' "$*"; }
wanted() { [[ " ${editors[*]} " == *" $1 "* ]]; }
die() {
    echo "test-editors: $*" >&2
    exit 2
}

install_packages() {
    local packages=()
    if wanted vscode || wanted jupyterlab; then
        [ -x "${GRADSAFE_CHROMIUM:-/usr/bin/chromium}" ] || packages+=(chromium)
        [ -d /usr/share/fonts/truetype/dejavu ] || packages+=(fonts-dejavu-core)
    fi
    if wanted vscode; then
        command -v g++ >/dev/null && command -v make >/dev/null || packages+=(g++ make)
    fi
    wanted neovim && ! command -v nvim >/dev/null && packages+=(neovim)
    wanted emacs && ! command -v emacs >/dev/null && packages+=(emacs-nox)
    wanted emacs && ! ls -d /usr/share/emacs/site-lisp/elpa-src/eglot-* >/dev/null 2>&1 && packages+=(elpa-eglot)
    [ ${#packages[@]} -gt 0 ] || return 0
    say "installing ${packages[*]}"
    [ "$(id -u)" = 0 ] || die "these packages are missing, and only root can install them: ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
        die "apt-get could not install ${packages[*]}"
}

find_python() {
    export GRADSAFE_PYTHON=${GRADSAFE_PYTHON:-$root/.venv/bin/python}
    "$GRADSAFE_PYTHON" -c 'import gradsafe.lsp, torch' 2>/dev/null && return
    [ "$GRADSAFE_PYTHON" = "$root/.venv/bin/python" ] || die "$GRADSAFE_PYTHON lacks gradsafe or torch"
    say "making .venv"
    [ -x "$GRADSAFE_PYTHON" ] || python3 -m venv "$root/.venv" || die "python3 -m venv failed"
    "$GRADSAFE_PYTHON" -m pip install --quiet --disable-pip-version-check -e "$root" torch==2.13.0 ||
        die "pip could not install gradsafe and torch"
}

# npm ci deletes what is there: only where the lock file is newer.
install_modules() { [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] || (cd "$1" && npm ci --loglevel=error); }

# What drives a browser, and the type check of what is written in its language.
prepare_browser() {
    command -v npm >/dev/null || die "npm is missing: install Node.js 20 or newer"
    say "installing the browser driver"
    install_modules "$root" && install_modules "$here" || die "npm could not install the browser driver"
    (cd "$root" && npm run --silent check:editors) || die "the tests themselves do not type-check"
}

prepare_vscode() {
    say "packaging the extension, installing VS Code"
    (cd "$root" && rm -f client/dist/*.vsix && "$GRADSAFE_PYTHON" -m tools.vsix host) ||
        die "the extension could not be packaged"
    GRADSAFE_VSIX=$(echo "$root"/client/dist/gradsafe-*.vsix)
    GRADSAFE_BARE_PYTHON=${GRADSAFE_BARE_PYTHON:-$(command -v python3)}
    export GRADSAFE_VSIX GRADSAFE_BARE_PYTHON
    sh "$here/get-vscode.sh" "${GRADSAFE_VSCODE_DIR:-$root/.cache/vscode}" || die "VS Code could not be installed"
}

prepare_jupyterlab() {
    say "installing JupyterLab"
    sh "$here/get-jupyterlab.sh" "${GRADSAFE_JUPYTERLAB_DIR:-$root/.cache/jupyterlab}" || die "JupyterLab could not be installed"
}

# Neovim and Emacs change the files that they are given.
in_copy() {
    local copy status
    copy=$(mktemp -d)
    cp "$here"/sample/* "$copy"
    timeout 180 "$@" "$copy"
    status=$?
    rm -rf "$copy"
    return $status
}

run_vscode() { (cd "$here" && node --test --test-concurrency=1 ${ONLY:+--test-name-pattern="$ONLY"} --test-reporter=spec vscode/*.test.mjs); }
run_jupyterlab() { (cd "$here" && node --test --test-reporter=spec jupyterlab/*.test.mjs); }
run_neovim() { in_copy nvim --headless --clean -S "$here/neovim/session.lua"; }
run_emacs() {
    in_copy emacs -Q --batch -L "$(ls -d /usr/share/emacs/site-lisp/elpa-src/eglot-* | tail -1)" -l "$here/emacs/session.el"
}

install_packages
find_python
{ wanted vscode || wanted jupyterlab; } && prepare_browser
wanted vscode && prepare_vscode
wanted jupyterlab && prepare_jupyterlab

failed=()
for editor in "${editors[@]}"; do
    say "$editor"
    started=$SECONDS
    "run_$editor" || failed+=("$editor")
    echo "$editor: $((SECONDS - started)) s"
done

[ ${#failed[@]} -eq 0 ] || {
    say "FAILED: ${failed[*]} (pictures and logs: tests/editors/out)"
    exit 1
}
say "all editors passed: ${editors[*]}"
