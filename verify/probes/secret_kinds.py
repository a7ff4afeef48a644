"""How secrets look: tokens by their form, files and variables by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

STORE: Final = "a key store"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of secret is recognised.

    Args:
        name: what it is, for people.
        marks: texts one of which stands in each; looking for them is quick.
        pattern: the secret; its group `own` is the part that differs from one to the next.
        mixed: whether `own` has small letters, capitals and digits.
        chosen: whether people choose it, so that a short one is no sign of a made-up one.
    """

    name: str
    marks: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    mixed: bool = False
    chosen: bool = False


def _token(prefix: str, rest: str) -> re.Pattern[bytes]:
    """Return the pattern of a token that stands by itself."""
    return re.compile(rf"(?<![\w-])(?:{prefix})(?P<own>{rest})(?![\w-])".encode())


KEY: Final = Kind(
    "a private key",
    (b"PRIVATE KEY",),
    # In a text of JSON or Python its lines end with a written-out \n. The header alone is no key.
    re.compile(
        rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|\s)+"
        rb"(?:[A-Za-z-]{3,24}: [^\r\n\\]{0,200}(?:\\[rn]|[\r\n])(?:\\[rn]|\s)*){0,8}"
        rb"(?P<own>[A-Za-z0-9+/]{40})"
    ),
)

KINDS: Final = (
    KEY,
    Kind(
        "an AWS access key",
        (b"AKIA", b"ASIA"),
        re.compile(rb"(?<![A-Za-z0-9+/_])(?:AKIA|ASIA)(?P<own>[A-Z2-7]{16})(?![A-Za-z0-9+/=_])"),
    ),
    Kind(
        "an AWS secret key",
        (b"ecret_access_key", b"ECRET_ACCESS_KEY", b"ecretAccessKey"),
        re.compile(
            rb"(?i:secret_?access_?key)[\"']?\s{0,4}[:=]\s{0,4}[\"']?"
            rb"(?P<own>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
        ),
    ),
    Kind("a Google API key", (b"AIza",), _token("AIza", r"[\w-]{35}"), mixed=True),
    Kind("a Google client secret", (b"GOCSPX-",), _token("GOCSPX-", r"[\w-]{28}")),
    Kind(
        "a GitHub token",
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
        _token("gh[pousr]_|github_pat_", r"[A-Za-z0-9]{22}\w{14,}"),
    ),
    Kind("a GitLab token", (b"glpat-",), _token("glpat-", r"[\w-]{20,}")),
    Kind(
        "a Slack token",
        (b"xoxa-", b"xoxb-", b"xoxp-", b"xoxr-", b"xoxs-"),
        _token("xox[abprs]-", r"[0-9]{6,}-[\w-]{12,}"),
    ),
    Kind(
        "a Slack address to post to",
        (b"hooks.slack.com/",),
        re.compile(rb"hooks\.slack\.com/services/T\w{6,}/B\w{6,}/(?P<own>\w{20,})"),
    ),
    Kind("a Stripe key", (b"k_live_",), _token("[rs]k_live_", r"[A-Za-z0-9]{20,}")),
    Kind(
        "a key such as OpenAI's",
        (b"sk-",),
        _token("sk-(?:[a-z]{2,10}[0-9]{0,3}-){0,2}", r"[\w-]{32,}"),
        mixed=True,
    ),
    Kind("a PyPI token", (b"pypi-AgE",), _token("pypi-AgE", r"[\w-]{50,}")),
    Kind("an npm token", (b"npm_",), _token("npm_", r"[A-Za-z0-9]{36}")),
    Kind("a Hugging Face token", (b"hf_",), _token("hf_", r"[A-Za-z]{34}")),
    Kind(
        "a password in an address",
        (b"://",),
        re.compile(
            rb"://[^\s/:@\"'`<>\\]{0,80}:(?P<own>[^\s/:@\"'`<>\\]{1,200})"
            rb"@(?![\w.-]*\bexample\b)[A-Za-z0-9\[][A-Za-z0-9.:\]-]*"
        ),
        chosen=True,
    ),
)

MARKS: Final = tuple((mark, kind) for kind in KINDS for mark in kind.marks)
"""Of all kinds, each mark with its kind."""


def _value(names: str, sign: str = "[:=]") -> re.Pattern[bytes]:
    """Return the pattern of a line that gives one of these names a value."""
    text = rf"(?m)^[ \t]*(?:[\w-]+[ \t]+)*[\"']?(?:{names})[\"']?[ \t]*{sign}[ \t]*"
    return re.compile((text + r"[\"']?(?P<own>[^\s\"'#;,]+)").encode())


@dataclass(frozen=True, slots=True)
class Setting:
    """A file whose name says what is in it.

    Args:
        path: the end of its path.
        kind: what it holds, for people.
        pattern: what must stand in it; its group `own` is the value.
        any_value: whether a word that only stands for a value counts, too.
    """

    path: re.Pattern[str]
    kind: str
    pattern: re.Pattern[bytes]
    any_value: bool = False


SETTINGS: Final = (
    Setting(
        re.compile(r"/[._]netrc$"), "a password in .netrc", re.compile(rb"password\s+(?P<own>\S+)")
    ),
    Setting(re.compile(r"/\.pypirc$"), "a password in .pypirc", _value("password")),
    Setting(
        re.compile(r"/\.npmrc$"),
        "a login in .npmrc",
        re.compile(rb"(?m)^[^\n;#]*_(?:auth|authToken|password)[ \t]*=[ \t]*(?P<own>\S+)"),
    ),
    Setting(
        re.compile(r"/(?:\.docker/config\.json|\.dockercfg|containers/auth\.json)$"),
        "a login to a registry",
        re.compile(rb"\"(?:auth|identitytoken)\"\s*:\s*\"(?P<own>[^\"]+)\""),
    ),
    Setting(re.compile(r"/\.aws/credentials$"), "an AWS login", _value("aws_s\\w+")),
    Setting(
        re.compile(r"/(?:\.kube/config|[\w.-]*kubeconfig)$"),
        "a login to a cluster",
        _value("token|client-key-data|password"),
    ),
    Setting(
        re.compile(r"/\.streamlit/secrets\.toml$"),
        "Streamlit's secrets",
        _value(r"[\w.-]+", "="),
        any_value=True,
    ),
    Setting(
        re.compile(r"/\.env(?:\.(?!example$|sample$|template$|dist$|defaults?$)[\w.-]+)?$"),
        "a file of variables, .env",
        _value(r"\w+", "="),
        any_value=True,
    ),
    Setting(
        re.compile(r"\.(?:p12|pfx|jks|keystore|kdbx|ppk)$"),
        STORE,
        re.compile(rb"(?s)(?P<own>.)"),
        any_value=True,
    ),
)
