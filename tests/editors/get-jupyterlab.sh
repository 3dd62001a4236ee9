#!/bin/sh
# get-jupyterlab.sh [DIR]: JupyterLab and jupyterlab-lsp in a virtual environment of their own (default .cache/jupyterlab).
#
# Not in the project's one: the server is started by the interpreter that the configuration names, and Lab brings 80 packages along.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-${GRADSAFE_JUPYTERLAB_DIR:-$here/../../.cache/jupyterlab}}
wanted="jupyterlab==4.6.6 jupyterlab-lsp==5.3.0"

[ "$(cat "$dir/ready" 2>/dev/null)" = "$wanted" ] && exit 0
[ -x "$dir/bin/python" ] || python3 -m venv "$dir"
# shellcheck disable=SC2086  # one word for each package
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check $wanted
echo "$wanted" >"$dir/ready"
