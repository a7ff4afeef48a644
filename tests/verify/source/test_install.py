"""An install step that fails makes its script or build fail, or the gate says how it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.probes.dockerfile.install_steps import dockerfile_steps, script_steps

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN = [
    "pip install x || true",
    "pip install x || :",
    "pip install x || echo no",
    "pip install x || exit 0",
    "pip install x || exit 256",
    "pip install x; true",
    "pip install x; echo done",
    "pip install x >/dev/null 2>&1 || true",
    "pip install -q x 2>/dev/null || pip install -q y",
    "pip install A || pip install B",
    "pip install A || pip install B || true",
    "npm ci || npm install",
    "set +e\npip install x\necho hi",
    "set -e\nset +e\npip install x\necho hi",
    "set -e\npip install x || true\necho",
    "pip install x &",
    "pip install x & wait",
    "pip install x | tail -1",
    "set -e\npip install x | tee log\necho",
    "if ! pip install x; then echo bad; fi",
    "if ! pip install x; then echo bad; exit 0; fi",
    "if pip install x; then echo ok; fi\necho z",
    "if pip install x; then echo ok; else echo bad; fi",
    "pip install x && echo ok || echo bad",
    "set -e\npip install x && echo ok\necho next",
    "pip install x\necho done",
    "pip install x\nexit 0",
    'sh -c "pip install x || true"',
    "bash -lc 'pip install x; true'",
    'eval "pip install x || true"',
    "$(pip install x)",
    'echo "$(pip install x)"',
    "export X=$(pip install x)",
    "local x=$(pip install x)",
    "for i in 1 2 3; do pip install x && break; sleep 1; done",
    "for p in a b; do pip install $p; done",
    "while ! false; do pip install x; done",
    "f() { pip install x; }\nf || true",
    "f() { pip install x; }\nf\necho",
    "set -e\nf() { pip install x; echo y; }\nif f; then echo; fi",
    "! pip install x",
    "(pip install x) || true",
    "{ pip install x; } || true",
    "apt-get update && apt-get install -y x || true",
    "sudo apt-get install x || true",
    "python3 -m pip install x || true",
    "python setup.py install || true",
    '"$PY" -m pip install x || true',
    "/opt/venv/bin/pip3.11 install x || true",
    "uv pip install x || true",
    "uv sync || true",
    "poetry install || true",
    "conda install x || true",
    "apk add x || true",
    "npm install || true",
    "env A=b timeout 60 pip install x || true",
    "xargs pip install < r.txt || true",
    'trap "exit 0" EXIT\npip install x',
    "pip install x || { echo no; exit 0; }",
    "pip install x || { echo no; exit $?; }",
    "pip install x || { echo no; exit; }",
    "pip install x || (echo)",
    "pip install x || warn",
    "warn() { echo; }\npip install x || warn",
    "case a in a) pip install x || true;; esac",
    "if true; then pip install x; fi\necho",
    "pip install -r r.txt --exit-zero",
    "pip install x )",  # not shell: nobody can tell
    "pip install 'x",
]

SEEN = [
    "pip install x",
    "set -e\npip install x\necho done",
    "set -eu\npip install x\necho done",
    "set -o errexit\npip install x\necho done",
    "#!/bin/sh -e\npip install x\necho",
    "pip install x && echo ok",
    "cd x && pip install y && rm z",
    "command -v x || apt-get install x",
    "test -d v || python -m pip install x",
    "pip install x || exit 1",
    "pip install x || exit",
    "pip install x || exit $?",
    "pip install x || false",
    "pip install x || { echo no; exit 1; }",
    "pip install x || { echo no >&2; exit 1; }\necho",
    "pip install x || (echo no; exit 1)",
    'die() { echo "$1"; exit 1; }\npip install x || die no\necho',
    "set -o pipefail\npip install x | tail",
    "set -euo pipefail\npip install x | tail\necho",
    "yes | pip install x",
    "if ! pip install x; then echo; exit 1; fi\necho z",
    "if pip install x; then echo ok; else exit 1; fi\necho",
    "until pip install x; do sleep 1; done\necho",
    "while ! pip install x; do sleep 1; done\necho",
    "set -e\nif true; then pip install x; fi\necho",
    "set -e\nfor p in a b; do pip install $p; done",
    "pip install x\nif [ $? -ne 0 ]; then exit 1; fi\necho",
    "set -eu\nf() { pip install x; echo y; }\nf\necho",
    "set -e\nx=$(pip install y)\necho",
    "apt-get update || true; apt-get install -y x",
    'bash -c "set -e; pip install x; echo"',
    'sh -ec "pip install x; echo"',
    "pip install x >/dev/null",
]

NO_STEPS = [
    "",
    'echo "pip install x || true"',
    "# pip install x || true\necho hi",
    "cat <<EOF\npip install x || true\nEOF",
    "pip --version || true",
    "apt-get update || true",
    "make test || true",
    "printf 'run: pip install x || true'",
    "pip freeze || true",
]


@pytest.mark.parametrize("code", HIDDEN)
def test_hidden_failure_is_found(code: str) -> None:
    assert any(step.hidden for step in script_steps(code))


@pytest.mark.parametrize("code", SEEN)
def test_failure_that_ends_the_script_is_fine(code: str) -> None:
    steps = list(script_steps(code))
    assert steps
    assert [step.hidden for step in steps if step.hidden] == []


@pytest.mark.parametrize("code", NO_STEPS)
def test_what_installs_nothing_is_no_step(code: str) -> None:
    assert list(script_steps(code)) == []


DOCKER = {
    "RUN pip install x": False,
    "RUN pip install x || true": True,
    "RUN pip install x && \\\n    # why\n\n    echo ok": False,
    "RUN pip install x \\\n    || true": True,
    "run pip install x || true": True,
    "RUN pip install x; echo done": True,
    "RUN set -e; pip install x; echo done": False,
    "RUN pip install x | tail": True,
    'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN pip install x | tail': False,
    'SHELL ["/bin/bash", "-ec"]\nRUN pip install x; echo': False,
    'RUN ["pip", "install", "x"]': False,
    'RUN ["sh", "-c", "pip install x || true"]': True,
    'RUN ["pip", "install", x]': True,
    "RUN --mount=type=cache,target=/root/.cache pip install x || true": True,
    "RUN <<EOF\npip install x\necho\nEOF": True,
    "RUN <<EOF\nset -e\npip install x\necho\nEOF": False,
    "RUN bash -e <<'EOF'\npip install x\necho\nEOF": False,
    "RUN cat <<EOF > /x.sh\npip install y || true\nEOF": None,
    "COPY <<EOF /x.sh\nRUN pip install y || true\nEOF": None,
    "# RUN pip install x || true": None,
    "ONBUILD RUN pip install x || true": True,
    "# escape=`\nFROM x\nRUN pip install x `\n  || true": True,
    "RUN echo hi\nRUN pip install x || true\nRUN echo": True,
    "RUN if [ ; then pip install x": True,
}


@pytest.mark.parametrize("text", DOCKER)
def test_dockerfile(text: str) -> None:
    whole = text if "FROM" in text else f"FROM base\n{text}\n"
    steps = list(dockerfile_steps(whole))
    assert (any(step.hidden for step in steps) if steps else None) is DOCKER[text]


def test_the_finding_names_file_line_and_reason(look: Callable, image: Callable) -> None:
    files = {
        "Dockerfile": "FROM x\nRUN echo a\nRUN pip install b || true\n",
        "tool.sh": "#!/bin/sh\nset -e\napt-get install -y x || :\n",
        "other/Dockerfile.dev": "FROM x\nRUN npm ci; true\n",
        "scripts/go": "#!/usr/bin/env bash\npip install x &\n",
        "tests/planted.sh": "pip install x || true\n",
        "fine.sh": "echo\n",
    }
    seen = look("install", files, image=image())
    assert [(o.path, o.line) for o in seen.findings] == [
        ("Dockerfile", 3),
        ("other/Dockerfile.dev", 2),
        ("scripts/go", 2),
        ("tool.sh", 3),
    ]
    assert "`|| true` takes its place" in str(seen.findings[0].got)
    assert [o.message for o in seen.observations if o.path == "fine.sh"] == ["no install steps"]


SOUND = "#!/bin/sh\nset -e\npip install x\n"
CALLED = {
    "RUN sh /tmp/more.sh || true": True,
    "RUN /tmp/more.sh; echo done": True,
    "RUN . /tmp/more.sh || :": True,
    "WORKDIR /tmp\nRUN ./more.sh | tail": True,
    "RUN sh -eu /tmp/more.sh": False,
    "RUN /tmp/more.sh && echo done": False,
    "RUN sh /tmp/else.sh || true": False,  # it installs nothing
    "RUN more.sh || true": False,  # of the search path
}


@pytest.mark.parametrize("run", CALLED)
def test_the_failure_of_a_script_that_installs_is_not_hidden(
    run: str, look: Callable, image: Callable
) -> None:
    head = "FROM x\nCOPY ops/more.sh ops/else.sh /tmp/\n"
    files = {"Dockerfile": f"{head}{run}\n", "ops/more.sh": SOUND, "ops/else.sh": "echo\n"}
    seen = look("install", files, image=image())
    assert [one.path for one in seen.findings] == ["Dockerfile"] * CALLED[run], seen.told()
