"""Secrets in files, variables and steps of a build: told by kind and place, never by their text."""

import base64
import random
import string

import pytest

from verify.probes import secrets

# Made up anew in each run: no secret stands in this file, nor in the history of its repository.
CHANCE = random.Random()
# xxxx is what made-up ones are of.
LETTERS = (string.ascii_letters + string.digits).replace("x", "").replace("X", "")


def some(number, letters=LETTERS):
    head = "aA7" if {"a", "A", "7"} <= set(letters) else ""
    body = "".join(CHANCE.choice(letters) for _ in range(number - len(head)))
    return head + body


def pem(kind="RSA ", end="\n"):
    text = base64.b64encode(CHANCE.randbytes(300)).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return end.join(
        [f"-----BEGIN {kind}PRIVATE KEY-----", *lines, f"-----END {kind}PRIVATE KEY-----", ""]
    )


def tokens():
    return {
        "an AWS access key": "AKIA" + some(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
        "an AWS secret key": f"aws_secret_access_key = {some(40)}",
        "a Google API key": "AIza" + some(35),
        "a Google client secret": "GOCSPX-" + some(28),
        "a GitHub token": "ghp_" + some(36),
        "a GitLab token": "glpat-" + some(20),
        "a Slack token": f"xoxb-{some(11, string.digits)}-{some(24)}",
        "a Slack address to post to": "https://hooks.slack.com/services/"
        f"T{some(8)}/B{some(8)}/{some(24)}",
        "a Stripe key": "sk_live_" + some(24),
        "a key such as OpenAI's": "sk-proj-" + some(48),
        "a PyPI token": "pypi-AgEIcHlwaS5vcmc" + some(70),
        "an npm token": "npm_" + some(36),
        "a Hugging Face token": "hf_" + some(34, LETTERS[:50]),
        "a password in an address": f"postgresql://app:{some(12)}@db.internal:5432/app",
        "a private key": pem(),
    }


KINDS = sorted(tokens())


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_found_with_its_line_and_without_its_text(kind):
    secret = tokens()[kind]
    (found,) = secrets.in_file("/app/config.py", f"# first\n\nvalue = '{secret}'\n".encode())
    assert (found.kind, found.path, found.line) == (kind, "/app/config.py", 3)
    assert secret.split("=")[-1].strip()[-12:] not in repr(found)


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_falls_on_the_edge_of_a_piece_is_found_once(kind):
    content = b"x\n" * 9000 + tokens()[kind].encode() + b"\ny" * 9000
    for cut in range(17_990, 18_400, 7):
        scan = secrets.Scan("/app/config.py")
        scan.feed(content[:cut])
        scan.feed(content[cut:])
        assert [(one.kind, one.line) for one in scan.found()] == [(kind, 9001)], cut


@pytest.mark.parametrize("kind", KINDS)
def test_one_in_pieces_of_any_size_is_found_once(kind):
    content = b"x\n" * 3000 + tokens()[kind].encode() + b"\ny" * 3000
    scan = secrets.Scan("/app/config.py")
    for at in range(0, len(content), 5000):
        scan.feed(content[at : at + 5000])
    assert [(one.kind, one.line) for one in scan.found()] == [(kind, 3001)]


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\\n"], ids=["lines", "windows", "in a string"])
def test_private_keys_are_found_in_each_form(kind, end):
    (found,) = secrets.in_file("/etc/ssl/site.pem", pem(kind, end).encode())
    assert found.kind == "a private key"


def test_an_encrypted_key_with_headers_is_found():
    lines = pem().split("\n")
    lines[1:1] = ["Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,00112233445566778899", ""]
    (found,) = secrets.in_file("/root/key", "\n".join(lines).encode())
    assert (found.kind, found.line) == ("a private key", 1)


@pytest.mark.parametrize(
    "text",
    [
        'HEADER = "-----BEGIN PRIVATE KEY-----"',
        'if line == "-----BEGIN RSA PRIVATE KEY-----": continue',
        "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYD\n",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuGbXWiK3dQTy\n",
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk-container-with-a-very-long-class-name-in-a-stylesheet",
        "sk-estimator-doc-link sk-toggleable__content-arrow-with-more",
        "postgresql://user:password@localhost/db",
        "postgresql://app:${DB_PASSWORD}@db/app",
        "postgresql://{user}:{password}@{host}/{name}",
        "https://user:<token>@github.com/x.git",
        "postgresql://scott:tiger@db.example.com/test",
        "http://localhost:8501/a@b",
        "https://host:443/path?x=a@b.c",
        "npm_config_registry_of_this_project_only_x",
        "hf_hub_download",
    ],
)
def test_what_only_looks_like_one_is_none(text):
    assert secrets.in_file("/app/x.py", text.encode()) == ()


SETTINGS = [
    ("/root/.netrc", "machine x login y password {}", "a password in .netrc", 1),
    ("/root/.pypirc", "[pypi]\nusername = x\npassword = {}", "a password in .pypirc", 3),
    ("/app/.npmrc", "//registry.example/:_authToken={}", "a login in .npmrc", 1),
    ("/root/.docker/config.json", '{{"auths": {{"x": {{\n"auth": "{}"}}}}}}', "a registry", 2),
    ("/root/.aws/credentials", "[default]\naws_secret_access_key = {}short", "an AWS login", 2),
    ("/root/.kube/config", "users:\n- name: x\n  token: {}", "a login to a cluster", 3),
    ("/app/.streamlit/secrets.toml", '[db]\nname = "{}"', "Streamlit's secrets", 2),
    ("/app/.env", "# all\nexport DEBUG=1", "a file of variables", 2),
    ("/app/.env.production", "X='{}'", "a file of variables", 1),
    ("/root/.git-credentials", "https://x:{}@git.internal", "a password in an address", 1),
    ("/etc/pip.conf", "[global]\nindex-url = https://x:{}@pypi.internal/", "in an address", 2),
]


@pytest.mark.parametrize(("path", "text", "kind", "line"), SETTINGS, ids=[r[0] for r in SETTINGS])
def test_files_known_by_their_names_are_told_when_they_hold_something(path, text, kind, line):
    (found,) = secrets.in_file(path, text.format(some(20)).encode())
    assert kind in found.kind
    assert found.line == line


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/app/.env", "# NAME=value\n\n"),
        ("/app/.env.example", "DB_PASSWORD=changeme"),
        ("/app/.streamlit/secrets.toml", "# empty\n[db]\n"),
        ("/app/.npmrc", "//registry.example/:_authToken=${NPM_TOKEN}"),
        ("/root/.netrc", "machine x login y"),
        ("/root/.docker/config.json", '{"auths": {}}'),
        ("/etc/pip.conf", "[global]\nindex-url = https://pypi.internal/simple"),
        ("/app/environment.py", "DB_PASSWORD = 'x'"),
    ],
)
def test_files_that_hold_nothing_are_no_finding(path, text):
    assert secrets.in_file(path, text.encode()) == ()


def test_a_key_store_is_told_by_its_name_without_a_line():
    (found,) = secrets.in_file("/app/site.p12", b"\x30\x82\0\0")
    assert (found.kind, found.line, str(found)) == ("a key store", None, "a key store")


def test_of_a_program_only_private_keys_are_told():
    words = tokens()
    content = b"\x7fELF\0\0" + words["a GitHub token"].encode() + b"\0" + pem().encode()
    (found,) = secrets.in_file("/usr/bin/tool", content)
    assert (found.kind, found.line) == ("a private key", None)


def test_names_of_variables_suffice():
    found = secrets.in_variables(
        {
            "DB_PASSWORD": "changeme",
            "API_KEY": "x",
            "SESSION_SECRET": "x",
            "GITHUB_TOKEN": "x",
            "PGPASSWORD": "x",
            "MYSQL_PWD": "x",
            "SMTP_PASS": "x",
            "EMPTY_TOKEN": "",
            "PWD": "/srv",
            "OLDPWD": "/",
            "COMPASS": "north",
            "PATH": "/usr/bin",
            "PUBLIC_KEY": "x",
            "KEYBOARD": "x",
            "PASSWORD_FILE": "/run/secrets/password",
            "DB_SECRET": "/run/secrets/db",
            "GPG_KEY": "E3FF2839C048B25C084DEBE9B26995E310250568",
            "DATABASE_URL": tokens()["a password in an address"],
        }
    )
    assert [name for name, _ in found] == [
        *("DB_PASSWORD", "API_KEY", "SESSION_SECRET", "GITHUB_TOKEN"),
        *("PGPASSWORD", "MYSQL_PWD", "SMTP_PASS", "DATABASE_URL"),
    ]


@pytest.mark.parametrize(
    ("command", "where"),
    [
        ("|2 PIP_TOKEN={} VERSION=1 /bin/sh -c pip install x", ["PIP_TOKEN"]),
        ("RUN |1 PIP_TOKEN={} /bin/sh -c pip install x # buildkit", ["PIP_TOKEN"]),
        ("/bin/sh -c #(nop)  ENV DB_PASSWORD={}", ["DB_PASSWORD"]),
        ("ENV DB_PASSWORD {}", ["DB_PASSWORD"]),
        ('/bin/sh -c #(nop)  ARG TOKEN="{}"', ["TOKEN"]),
        ("/bin/sh -c #(nop)  ARG TOKEN", []),
        ("/bin/sh -c #(nop)  ARG TOKEN=", []),
        ("/bin/sh -c pip install --index-url https://me:{}@pypi.internal/ x", ["its text"]),
        ("/bin/sh -c curl -H 'Authorization: Bearer {}' https://x", ["its text"]),
        ("/bin/sh -c TOKEN=$(cat /run/secrets/token) make", []),
        ("/bin/sh -c TOKEN=/run/secrets/token make", []),
        ("/bin/sh -c groupadd --gid 10001 aicmo && useradd --uid 10001 aicmo", []),
        ('CMD ["python" "-m" "streamlit" "--server.port=8501"]', []),
    ],
)
def test_a_step_of_the_history_is_read_with_what_it_was_given(command, where):
    secret = some(24)
    found = secrets.in_command(command.format(secret))
    assert [place for place, _ in found] == where
    assert secret not in repr(found)


def test_a_text_with_a_secret_is_not_shown():
    secret = tokens()["a GitHub token"]
    assert secrets.hidden("connection refused") == "connection refused"
    assert secret not in secrets.hidden(f"cannot sign in with {secret}")


def test_names_that_are_no_text_and_hostile_content_do_no_harm():
    header = b"-----BEGIN RSA PRIVATE KEY-----\n" + b"Aaa: " * 20_000
    assert secrets.in_file("/app/\udcff\n.env", header) == ()
    assert secrets.in_file("/app/.env", b"a " * 30_000) == ()
    assert secrets.in_file("/x", b"://" * 30_000 + b"a:" * 30_000) == ()
    assert secrets.in_text("\udcff") == ()


def test_the_version_changes_with_the_code_and_with_nothing_else():
    assert secrets.version() == secrets.version()
    assert len(secrets.version()) == 64
