"""Kubernetes manifests and Helm charts: `command` replaces ENTRYPOINT, `args` replaces CMD."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from verify.matrix import Launcher, Matrix

PAGE = "import streamlit as st\n\nst.title('x')\n"

TREE = {
    "app.py": PAGE,
    "other.py": PAGE,
    "Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n"
    'ENTRYPOINT ["streamlit", "run"]\nCMD ["app.py"]\n',
    "build.sh": "docker build -t mine .\n",
}

Row = tuple[int, str, str | None, int | None]


def deployment(container: str, *, kind: str = "Deployment", api: str = "apps/v1") -> str:
    """Write a manifest whose container starts on line 8."""
    inner = "".join(f"          {line}\n" for line in container.splitlines())
    return (
        f"apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n  template:\n    spec:\n"
        f"      containers:\n        - name: web\n{inner}"
    )


@pytest.fixture
def rows_of(matrix_of: Callable[..., Matrix]) -> Callable[..., list[Launcher]]:
    def ask(path: str, text: str, files: dict[str, str] | None = None) -> list[Launcher]:
        tree = {**TREE, path: text, **(files or {})}
        return [row for row in matrix_of(tree).launchers if row.path == path]

    return ask


def seen(row: Launcher) -> Row:
    return row.line, row.status.value, row.entry, row.port


TABLE: dict[str, tuple[str, list[Row], str]] = {
    "the image's own": (
        "image: mine:1.2",
        [(9, "ok", "app.py", 8501)],
        "by way of Dockerfile:5",
    ),
    "args replace CMD": (
        "image: mine\nargs: [other.py, --server.port=80]",
        [(10, "ok", "other.py", 80)],
        "",
    ),
    "command replaces ENTRYPOINT, and takes back CMD": (
        "image: mine\ncommand: [streamlit, run, other.py]",
        [(10, "ok", "other.py", 8501)],
        "",
    ),
    "command and args": (
        "image: mine\nargs:\n  - other.py\ncommand:\n  - streamlit\n  - run",
        [(12, "ok", "other.py", 8501)],
        "",
    ),
    "a shell": (
        "image: mine\ncommand: [sh, -c]\nargs: ['cd /app; exec streamlit run other.py']",
        [(10, "ok", "other.py", 8501)],
        "",
    ),
    "variables": (
        (
            "image: mine\nenv:\n  - {name: A, value: other}\n  - {name: B, value: $(A).py}\n"
            "args: [$(B)]"
        ),
        [(13, "ok", "other.py", 8501)],
        "",
    ),
    "a variable that has no value here": (
        (
            "image: mine\nenv:\n  - name: A\n    valueFrom: {configMapKeyRef: {name: x, key: y}}\n"
            "args: [$(A)]"
        ),
        [(13, "unknown", None, 8501)],
        "depends on a variable",
    ),
    "a port that has no value here": (
        (
            "image: mine\nenv:\n  - name: A\n    valueFrom: {configMapKeyRef: {name: x, key: y}}\n"
            "args: [app.py, --server.port=$(A)]"
        ),
        [(13, "ok", "app.py", None)],
        "",
    ),
    "a port in code that has no value here": (
        (
            "image: mine\nenv:\n  - name: A\n    valueFrom: {configMapKeyRef: {name: x, key: y}}\n"
            "command: [sh, -c, 'streamlit run app.py --server.port $(A)']"
        ),
        [(13, "ok", "app.py", None)],
        "",
    ),
    "a command of the shell is no reference": (
        (
            "image: mine\nenvFrom: [{configMapRef: {name: x}}]\n"
            "command: [sh, -c, 'echo $(date); streamlit run app.py --server.port=$PORT']"
        ),
        [(11, "ok", "app.py", None)],
        "",
    ),
    "a reference to nothing stays a text": (
        "image: mine\nargs: [app.py, --server.port=$(PORT)]",
        [(10, "broken", "app.py", None)],
        "the port is the text $(PORT)",
    ),
    "an escaped reference": (
        "image: mine\nenv: [{name: A, value: x}]\nargs: [$$(A)]",
        [(11, "broken", None, 8501)],
        "no shell reads this",
    ),
    "the working directory": (
        "image: mine\nworkingDir: /\ncommand: [streamlit, run, app/other.py]",
        [(11, "ok", "other.py", 8501)],
        "",
    ),
    "Streamlit's own variable": (
        "image: mine\nenv: [{name: STREAMLIT_SERVER_PORT, value: '88'}]",
        [(9, "ok", "app.py", 88)],
        "",
    ),
    "a volume over the files": (
        "image: mine\nvolumeMounts: [{name: x, mountPath: /app}]",
        [(9, "unknown", None, 8501)],
        "mounted from elsewhere",
    ),
    "another port": (
        "image: mine\nports: [{containerPort: 80}]",
        [(9, "ok", "app.py", 8501)],
        "containerPort is 80, not 8501",
    ),
    "a file that is not there": (
        "image: mine\nargs: [nope.py]",
        [(10, "missing", None, 8501)],
        "nope.py is not in the repository",
    ),
    "an image that nothing here builds, by its port": (
        "image: ghcr.io/acme/thing:1\nports: [{containerPort: 8501}]",
        [(9, "ok", "app.py", 8501)],
        "taking Dockerfile for ghcr.io/acme/thing:1",
    ),
    "an image that nothing here builds, by its command": (
        "image: thing\ncommand: [streamlit, run, other.py]",
        [(10, "ok", "other.py", 8501)],
        "taking Dockerfile for thing",
    ),
    "others' images are no rows": ("image: redis:7\nports: [{containerPort: 6379}]", [], ""),
    "a probe starts nothing": (
        "image: redis\nlivenessProbe: {exec: {command: [redis-cli, ping]}}",
        [],
        "",
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_containers(rows_of: Callable[..., list[Launcher]], name: str) -> None:
    container, expected, why = TABLE[name]
    rows = rows_of("k8s/web.yaml", deployment(container))
    assert [seen(row) for row in rows] == expected, rows
    assert all(row.kind == "kubernetes" for row in rows)
    assert not rows or why in rows[0].why


@pytest.mark.parametrize(
    "text",
    [
        deployment("image: mine", kind="StatefulSet"),
        deployment("image: mine", kind="Service", api="serving.knative.dev/v1"),
        "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{image: mine}]\n",
        (
            "apiVersion: batch/v1\nkind: CronJob\nspec:\n  jobTemplate:\n"
            "    spec:\n      template:\n"
            "        spec:\n          containers: [{image: mine}]\n"
        ),
        (
            "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Pod\n"
            "    spec: {containers: [{image: mine}]}\n"
        ),
        "a: 1\n---\n" + deployment("image: mine"),
    ],
)
def test_every_kind_of_object(rows_of: Callable[..., list[Launcher]], text: str) -> None:
    assert [row.entry for row in rows_of("web.yml", text)] == ["app.py"]


@pytest.mark.parametrize(
    "text",
    [
        "kind: Deployment\nspec: {containers: [{image: mine}]}\n",
        "apiVersion: v1\nkind: Service\nspec: {ports: [], containers: 3}\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [text, [], {}]}\n",
        "apiVersion: v1\nkind: Pod\n# containers\nspec: &a {x: *a}\n",
    ],
)
def test_what_is_no_pod_is_no_launcher(rows_of: Callable[..., list[Launcher]], text: str) -> None:
    assert rows_of("web.yml", text) == []


def test_cloud_run_gives_a_port(rows_of: Callable[..., list[Launcher]]) -> None:
    container = "image: mine\ncommand: [sh, -c, 'streamlit run other.py --server.port $PORT']"
    service = deployment(container, kind="Service", api="serving.knative.dev/v1")
    assert seen(rows_of("service.yaml", service)[0]) == (10, "ok", "other.py", None)
    plain = deployment(container)
    assert seen(rows_of("web.yaml", plain)[0])[1] == "broken"


def test_several_dockerfiles_are_not_guessed_between(
    rows_of: Callable[..., list[Launcher]],
) -> None:
    text = deployment("image: thing\nports: [{containerPort: 8501}]")
    rows = rows_of("web.yaml", text, {"two/Dockerfile": TREE["Dockerfile"], "two/app.py": PAGE})
    assert [row.status.value for row in rows] == ["unknown"]
    assert "nothing tells which of Dockerfile, two/Dockerfile thing is" in rows[0].why


def test_a_name_tells_which_dockerfile(rows_of: Callable[..., list[Launcher]]) -> None:
    text = deployment("image: ghcr.io/acme/two:3")
    rows = rows_of("web.yaml", text, {"two/Dockerfile": TREE["Dockerfile"], "two/app.py": PAGE})
    assert [row.candidates for row in rows] == [("app.py", "two/app.py")]  # two build contexts
    assert "taking two/Dockerfile for ghcr.io/acme/two:3" in rows[0].why


def test_what_is_not_yaml(rows_of: Callable[..., list[Launcher]]) -> None:
    text = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: mine}\n# streamlit\n"
    assert [row.status.value for row in rows_of("web.yaml", text)] == ["broken"]
    assert rows_of("web.yaml", text.replace("streamlit", "")) == []


CHART = {
    "chart/Chart.yaml": "name: web\nappVersion: '3'\n",
    "chart/values.yaml": "image: {repository: mine, tag: ''}\nport: 85\ndev: false\n"
    "list: [other.py]\n"
    "args:\n  - other.py\n  - --server.port=86\n",
}

HELM: dict[str, tuple[str, list[Row]]] = {
    "plain values": (
        (
            'image: "{{ .Values.image.repository }}:'
            '{{ .Values.image.tag | default .Chart.AppVersion }}"\n'
            "args: [app.py, --server.port, {{ .Values.port | quote }}]"
        ),
        [(10, "ok", "app.py", 85)],
    ),
    "a list": (
        "image: mine\nargs:\n  {{- toYaml .Values.args | nindent 12 }}",
        [(10, "ok", "other.py", 86)],
    ),
    "a list in JSON": (
        "image: mine\nargs: {{ .Values.list | toJson }}",
        [(10, "ok", "other.py", 8501)],
    ),
    "a branch that is not taken": (
        (
            "image: mine\n{{- if .Values.dev }}\nargs: [app.py]\n"
            "{{- else }}\nargs: [other.py]\n{{- end }}"
        ),
        [(13, "ok", "other.py", 8501)],
    ),
    "a branch that is taken": (
        (
            "image: mine\n{{- if not .Values.dev }}\nargs: [other.py]\n"
            "{{- else }}\nargs: [app.py]\n"
            "{{- end }}"
        ),
        [(11, "ok", "other.py", 8501)],
    ),
    "a default": (
        'image: mine\nargs: [{{ .Values.app | default "other.py" }}]',
        [(10, "ok", "other.py", 8501)],
    ),
    "a value that is not there": (
        "image: mine\nargs: [{{ .Values.app }}]",
        [(10, "unknown", None, 8501)],
    ),
    "a function": ('image: mine\nargs: [{{ include "x" . }}]', [(10, "unknown", None, 8501)]),
    "a comment over lines": (
        "image: mine\n{{- /* args:\n  [nope.py] */}}\nargs: [other.py]",
        [(12, "ok", "other.py", 8501)],
    ),
    "an image that cannot be told": ("image: {{ .Values.nope }}\nargs: [app.py]", []),
}


@pytest.mark.parametrize("name", HELM)
def test_charts(rows_of: Callable[..., list[Launcher]], name: str) -> None:
    container, expected = HELM[name]
    rows = rows_of("chart/templates/web.yaml", deployment(container), CHART)
    assert [seen(row) for row in rows] == expected, rows
    assert all(row.kind == "helm" for row in rows)
    assert all("with chart/values.yaml as it stands" in row.why for row in rows)


def test_a_template_without_a_chart_is_a_manifest(rows_of: Callable[..., list[Launcher]]) -> None:
    rows = rows_of("chart/templates/web.yaml", deployment("image: mine"))
    assert [row.kind for row in rows] == ["kubernetes"]


def test_a_template_that_cannot_be_followed_says_so(
    rows_of: Callable[..., list[Launcher]],
) -> None:
    text = deployment("image: mine\nargs: [app.py\n# streamlit")
    rows = rows_of("chart/templates/web.yaml", text, CHART)
    assert [(row.status.value, row.kind) for row in rows] == [("unknown", "helm")]
