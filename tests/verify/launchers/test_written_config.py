"""The port of a config.toml that is written before the page is started."""

from collections.abc import Callable

import pytest

from verify.matrix import Launcher

from .conftest import PAGE

HOME = 'mkdir -p ~/.streamlit\necho "[server]\nport = %s\n" > ~/.streamlit/config.toml\n'
PROJECT = {".streamlit/config.toml": "[server]\nport = 8600\n"}

PROCFILE = {"Procfile": "web: sh prepare.sh && streamlit run app.py", "app.py": PAGE}

PORTS = {
    "of the platform": ({"prepare.sh": HOME % "$PORT"}, None),
    "a number": ({"prepare.sh": HOME % "8700"}, 8700),
    "the project's own file wins": ({"prepare.sh": HOME % "8700", **PROJECT}, 8600),
    "into the project's own file": (
        {"prepare.sh": "echo 'port = 8700' | tee .streamlit/config.toml\n", **PROJECT},
        8700,
    ),
    "of the browser alone": ({"prepare.sh": HOME.replace("port", "serverPort") % "80"}, 8501),
    "nothing is written": ({"prepare.sh": "echo 'port = 8700'\n"}, 8501),
    "an option wins": (
        {
            "prepare.sh": HOME % "8700",
            "Procfile": "web: sh prepare.sh && streamlit run app.py --server.port 8800",
        },
        8800,
    ),
    "by the same command": (
        {"Procfile": "web: echo 'port = 8700' > ~/.streamlit/config.toml && streamlit run app.py"},
        8700,
    ),
}


@pytest.mark.parametrize(("files", "port"), PORTS.values(), ids=PORTS)
def test_port_that_a_script_writes(
    row_of: Callable[..., Launcher], files: dict[str, str], port: int | None
) -> None:
    row = row_of("Procfile", {**PROCFILE, **files})
    assert (row.status, row.entry, row.port) == ("ok", "app.py", port)


def test_port_that_the_build_writes(row_of: Callable[..., Launcher]) -> None:
    image = (
        "FROM python\nWORKDIR /app\nCOPY app.py .\n"
        "RUN printf '[server]\\nport = 8700\\n' > /root/.streamlit/config.toml\n"
        'CMD ["streamlit", "run", "app.py"]\n'
    )
    assert row_of("Dockerfile", {"Dockerfile": image, "app.py": PAGE}).port == 8700
