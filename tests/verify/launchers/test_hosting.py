"""Hosting platforms: heroku.yml, render.yaml, fly.toml, App Engine, Railway."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from verify.matrix import Launcher, Matrix

PAGE = "import streamlit as st\n\nst.title('x')\n"

TREE = {
    "app.py": PAGE,
    "other.py": PAGE,
    "web/page.py": PAGE,
    "Dockerfile": "FROM python\nARG FILE=app.py\nENV FILE=$FILE\nWORKDIR /app\nCOPY . .\n"
    "CMD streamlit run $FILE --server.port $PORT\n",
    "web/Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\nCMD streamlit run page.py\n",
}

Row = tuple[int, str, str | None, int | None]


@pytest.fixture
def rows_of(matrix_of: Callable[..., Matrix]) -> Callable[..., list[Launcher]]:
    def ask(path: str, text: str, without: str = "") -> list[Launcher]:
        tree = {name: one for name, one in TREE.items() if name != without}
        rows = matrix_of({**tree, path: text}).launchers
        return [row for row in rows if row.path == path]

    return ask


def seen(row: Launcher) -> Row:
    return row.line, row.status.value, row.entry, row.port


TABLE: dict[str, tuple[str, str, list[Row], str]] = {
    "heroku: the image's own command, with a port": (
        "heroku.yml",
        "build:\n  docker:\n    web: Dockerfile\n",
        [(3, "ok", "app.py", None)],
        "by way of Dockerfile:6",
    ),
    "heroku: a command": (
        "heroku.yml",
        (
            "build:\n  docker:\n    web: Dockerfile\nrun:\n"
            "  web: streamlit run other.py --server.port=$PORT\n"
        ),
        [(5, "ok", "other.py", None)],
        "",
    ),
    "heroku: a list and another's image": (
        "heroku.yml",
        (
            "build:\n  docker:\n    web: web/Dockerfile\nrun:\n  more:\n    command:\n"
            "      - streamlit run page.py --server.port 90\n    image: web\n"
        ),
        [(3, "ok", "web/page.py", 8501), (6, "ok", "web/page.py", 90)],
        "",
    ),
    "heroku: the context is the Dockerfile's folder": (
        "heroku.yml",
        "build:\n  docker:\n    web: web/Dockerfile\nrun:\n  web: streamlit run app.py\n",
        [(5, "not_in_image", None, 8501)],
        "no COPY brings it",
    ),
    "heroku: build arguments": (
        "heroku.yml",
        "build:\n  docker:\n    web: Dockerfile\n  config:\n    FILE: other.py\n",
        [(3, "ok", "other.py", None)],
        "",
    ),
    "heroku: a worker has no port": (
        "heroku.yml",
        "build:\n  docker:\n    w: Dockerfile\n",
        [(3, "broken", "app.py", None)],
        "the port is empty",
    ),
    "heroku: no image": (
        "heroku.yml",
        "run:\n  web: streamlit run other.py --server.port $PORT\n",
        [(2, "ok", "other.py", None)],
        "",
    ),
    "heroku: a Dockerfile that is not there": (
        "heroku.yml",
        "build:\n  docker:\n    web: Nope\n",
        [(3, "missing", None, None)],
        "Nope is not in the repository",
    ),
    "heroku: not YAML": (
        "heroku.yml",
        "run: [\n  web: streamlit\n",
        [(3, "broken", None, None)],
        "is not YAML",
    ),
    "render: Python": (
        "render.yaml",
        (
            "services:\n  - type: web\n    runtime: python\n    buildCommand: pip install .\n"
            "    startCommand: streamlit run other.py --server.port $PORT\n"
        ),
        [(5, "ok", "other.py", None)],
        "",
    ),
    "render: a port that is set": (
        "render.yaml",
        (
            "services:\n  - env: python\n"
            "    startCommand: streamlit run other.py --server.port=$PORT\n"
            "    envVars:\n      - {key: PORT, value: 10001}\n      - {key: KEY, sync: false}\n"
        ),
        [(3, "ok", "other.py", 10001)],
        "",
    ),
    "render: a folder": (
        "render.yaml",
        "services:\n  - env: python\n    rootDir: web\n    startCommand: streamlit run page.py\n",
        [(4, "ok", "web/page.py", 8501)],
        "",
    ),
    "render: Docker": (
        "render.yaml",
        "services:\n  - type: web\n    runtime: docker\n",
        [(2, "ok", "app.py", None)],
        "by way of Dockerfile:6",
    ),
    "render: Docker with a path, a context and a command": (
        "render.yaml",
        (
            "services:\n  - runtime: docker\n    dockerfilePath: ./web/Dockerfile\n"
            "    dockerContext: .\n    dockerCommand: streamlit run other.py --server.port $PORT\n"
        ),
        [(5, "ok", "other.py", None)],
        "",
    ),
    "render: services of a project": (
        "render.yaml",
        (
            "projects:\n  - name: x\n    environments:\n      - name: y\n        services:\n"
            "          - runtime: docker\n            rootDir: web\n"
        ),
        [(6, "ok", "web/page.py", 8501)],
        "",
    ),
    "render: another's image": (
        "render.yaml",
        (
            "services:\n  - runtime: image\n    image: {url: docker.io/acme/web}\n"
            "    dockerCommand: streamlit run app.py\n"
        ),
        [(4, "unknown", None, 8501)],
        "docker.io/acme/web is not built here",
    ),
    "render: other services": (
        "render.yaml",
        "services:\n  - {type: redis, name: x}\n  - {type: web, startCommand: npm start}\n",
        [],
        "",
    ),
    "fly: the image's own": (
        "fly.toml",
        'app = "x"\n[build]\ndockerfile = "web/Dockerfile"\n[env]\nPORT = "8080"\n',
        [(3, "missing", None, 8501)],  # the context is the folder of fly.toml
        "page.py is not in the repository",
    ),
    "fly: a variable": (
        "fly.toml",
        'app = "x"\n[build]\n[env]\nPORT = "8080"\n[http_service]\ninternal_port = 8081\n',
        [(1, "ok", "app.py", 8080)],
        "internal_port is 8081, not 8080",
    ),
    "fly: processes": (
        "fly.toml",
        '[processes]\nweb = "streamlit run other.py"\nmore = "python x.py"\n',
        [(2, "ok", "other.py", 8501)],
        "",
    ),
    "fly: not TOML": ("fly.toml", "[x\nstreamlit", [(1, "unknown", None, None)], "not TOML"),
    "app engine": (
        "app.yaml",
        "runtime: python312\nentrypoint: streamlit run other.py --server.port $PORT\n",
        [(2, "ok", "other.py", None)],
        "",
    ),
    "app engine: a Dockerfile": (
        "web/app.yaml",
        "env: flex\nruntime: custom\n",
        [(2, "ok", "web/page.py", 8501)],
        "by way of web/Dockerfile:4",
    ),
    "app engine: its default": ("app.yaml", "runtime: python312\n", [], ""),
    "railway: the command replaces ENTRYPOINT, and no shell reads it": (
        "railway.toml",
        '[deploy]\nstartCommand = "streamlit run other.py --server.port $PORT"\n',
        [(2, "broken", "other.py", None)],
        "no shell reads this",
    ),
    "railway: a shell": (
        "railway.json",
        (
            '{\n "deploy": {\n'
            '  "startCommand": "sh -c \'streamlit run other.py --server.port $PORT\'"\n }\n}'
        ),
        [(3, "ok", "other.py", None)],
        "",
    ),
    "railway: the image's own": (
        "railway.json",
        '{"build": {"dockerfilePath": "Dockerfile"}}',
        [(1, "ok", "app.py", None)],
        "by way of Dockerfile:6",
    ),
    "railway: not JSON": (
        "railway.json",
        "{streamlit",
        [(1, "unknown", None, None)],
        "cannot be read",
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_hosting(rows_of: Callable[..., list[Launcher]], name: str) -> None:
    path, text, expected, why = TABLE[name]
    rows = rows_of(path, text)
    assert [seen(row) for row in rows] == expected, rows
    assert {row.kind for row in rows} <= {name.partition(":")[0].replace(" ", "-")}
    assert not rows or why in rows[0].why


def test_railway_without_a_dockerfile_has_a_shell(rows_of: Callable[..., list[Launcher]]) -> None:
    text = '[deploy]\nstartCommand = "streamlit run other.py --server.port $PORT"\n'
    rows = rows_of("railway.toml", text, without="Dockerfile")
    assert [seen(row) for row in rows] == [(2, "ok", "other.py", None)]


def test_fly_without_a_dockerfile_runs_a_procfile(rows_of: Callable[..., list[Launcher]]) -> None:
    assert rows_of("fly.toml", 'app = "x"\n', without="Dockerfile") == []
