"""Secrets made up for one run, and the search for them in what others must not show."""

from __future__ import annotations

import base64
import html
import re
import secrets
import string
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

USUAL: Final = (
    ("API_KEY", "{secret}"),
    ("ANTHROPIC_API_KEY", "sk-ant-{secret}"),
    ("AWS_SECRET_ACCESS_KEY", "{secret}"),
    ("AWS_SESSION_TOKEN", "{secret}"),
    ("AZURE_CLIENT_SECRET", "{secret}"),
    ("DATABASE_URL", "postgresql://operator:{secret}@127.0.0.1:1/none"),
    ("GITHUB_TOKEN", "ghp_{secret}"),
    ("JWT_SECRET", "{secret}"),
    ("OPENAI_API_KEY", "sk-{secret}"),
    ("PGPASSWORD", "{secret}"),
    ("POSTGRES_PASSWORD", "{secret}"),
    ("REDIS_URL", "redis://:{secret}@127.0.0.1:1/0"),
    ("SECRET_KEY", "{secret}"),
    ("SLACK_BOT_TOKEN", "xoxb-{secret}"),
    ("SMTP_PASSWORD", "{secret}"),
    ("STREAMLIT_SERVER_COOKIE_SECRET", "{secret}"),
    ("STRIPE_SECRET_KEY", "sk_live_{secret}"),
    # No name that a filter of names would know: whoever shows the environment shows this too.
    ("OFFICE_NOTE", "{secret}"),
)
"""Names under which secrets usually stand in an environment, and the form they have there."""

BETWEEN: Final = "/+&@"
"""Stands between the two halves of a secret: what hides it only up to such a sign shows the rest,
and in an address it is written in another way."""

HIDDEN: Final = "***"
"""What is shown in place of a secret."""

_LETTERS: Final = string.ascii_lowercase + string.digits
_COMMON, _OWN = 8, 8  # characters of a half: what all halves share, and what is its own


class Planted:
    """Secrets in an environment, each known by its variable.

    Neither this object's text nor an error of it ever holds one.

    Args:
        templates: variable and value, in which `{secret}` is replaced; quoted in an address.
    """

    def __init__(self, templates: Iterable[tuple[str, str]]) -> None:
        self._tag = _random(_COMMON)
        self._traces = _forms(self._tag)
        self._forms: dict[str, tuple[str, ...]] = {}
        self.environment: dict[str, str] = {}
        """The variables, to be set where the secrets are looked for."""
        for variable, template in dict(templates).items():
            halves = [self._tag + _random(_OWN) for _ in range(2)]
            secret = BETWEEN.join(halves)
            written = quote(secret, safe="") if "://" in template else secret
            self.environment[variable] = template.replace("{secret}", written)
            self._forms[variable] = tuple(form for half in halves for form in _forms(half))

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        return tuple(self.environment)

    def found_in(self, text: str) -> tuple[str, ...]:
        """Return the variables of which half a secret or more stands in a text.

        It is recognised as it is and in capitals, in base64 and in hexadecimal digits, and under
        the escapes of addresses, of HTML and of JSON.
        """
        found: dict[str, None] = {}
        for view in _views(text):
            if self._traced(view):
                folded = view.casefold()
                for variable, forms in self._forms.items():
                    if any(form in view or form in folded for form in forms):
                        found[variable] = None
        return tuple(found)

    def hide(self, text: str) -> str:
        """Return a text without the secrets in it."""
        if not self.found_in(text):
            return text
        forms = [form for forms in self._forms.values() for form in forms]
        pattern = "|".join(map(re.escape, sorted(forms, key=len, reverse=True)))
        hidden = re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)
        # One that only shows once escapes are undone has no place of its own to be cut out at.
        return HIDDEN if self.found_in(hidden) else hidden

    def __repr__(self) -> str:
        return f"Planted({len(self.environment)} secrets)"

    def _traced(self, text: str) -> bool:
        """Say quickly whether there may be anything at all."""
        folded = text.casefold()
        return any(trace in text or trace in folded for trace in self._traces)


def plant(credentials: Iterable[tuple[str, str]] = ()) -> Planted:
    """Make up secrets for the usual variables, and for those that the manifest names."""
    return Planted([*USUAL, *credentials])


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _views(text: str) -> Iterator[str]:
    """Yield a text as it is, and with the escapes in it undone."""
    yield text
    if "%" in text:
        yield unquote(text)
    if "&#" in text:
        yield html.unescape(text)
    if "\\u00" in text or "\\x" in text:
        yield _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)


_ESCAPED: Final = re.compile(r"\\u00([0-9a-fA-F]{2})|\\x([0-9a-fA-F]{2})")


def _forms(half: str) -> tuple[str, ...]:
    """Return how a text of letters and digits looks as it is, in hexadecimal and in base64."""
    raw = half.encode("ascii")
    forms = [half, raw.hex()]
    for before in range(3):  # what stands before it moves the boundaries of the base64 digits
        encoded = base64.b64encode(b"\0" * before + raw).decode("ascii")
        first = -(-before * 8 // 6)  # the first digit that is its own
        last = (before + len(raw)) * 8 // 6
        own = encoded[first:last]
        forms += [own, own.translate(str.maketrans("+/", "-_"))]
    return tuple(dict.fromkeys(forms))
