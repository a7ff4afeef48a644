#!/bin/sh
# Starts the operator dashboard and nothing else.   [PORT=8501] launch_operator_ui.sh [STREAMLIT OPTION...]
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."

python=.venv/bin/python
[ -x "$python" ] || python=python3

# -P: without it the folder streamlit/ beside us would pass for the library.
if ! "$python" -P -c 'import importlib.util as u, sys; sys.exit(not u.find_spec("streamlit"))'; then
    echo "launch_operator_ui.sh: $python has no Streamlit. Run: make setup" >&2
    exit 1
fi
exec "$python" -m streamlit run streamlit_pages/aicmo_operator.py ${PORT:+--server.port="$PORT"} "$@"
