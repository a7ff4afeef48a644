"""What is wrong with a creative, found before a person spends time on it."""

import enum
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from aicmo.dashboard_models import URL_LENGTH, Channel


class Severity(enum.Enum):
    """How much a finding matters."""

    BLOCKER = "Must be fixed"
    WARNING = "Worth a look"


@dataclass(frozen=True)
class Finding:
    """One thing a check found."""

    severity: Severity
    text: str


@dataclass(frozen=True)
class Draft:
    """The parts of a creative that are checked."""

    headline: str
    body: str
    call_to_action: str = ""
    landing_url: str = ""


@dataclass(frozen=True)
class Lengths:
    """Longest headline and body a channel accepts, in characters."""

    headline: int
    body: int


LENGTHS = {
    Channel.EMAIL: Lengths(headline=78, body=20_000),
    Channel.LINKEDIN: Lengths(headline=200, body=3_000),
    Channel.SEARCH: Lengths(headline=30, body=90),
    Channel.SOCIAL: Lengths(headline=255, body=2_200),
}
"""What each channel accepts. E-mail: RFC 5322 section 2.1.1 recommends lines, so subjects, of at
most 78; the body's limit is ours. LinkedIn: single-image ads take a headline of 200, posts 3,000.
Search: Google's responsive search ads take headlines of 30 and descriptions of 90. Social: Meta
takes headlines of 255, Instagram captions 2,200."""

SHOUTING = 0.6
"""Share of capitals in a headline above which it reads as shouting."""

_SHORTEST_SHOUT = 8
_PLACEHOLDER = re.compile(
    r"lorem ipsum|\{\{|\}\}|\[(?:name|company|first name|your [^\]]*)\]|\b(?:TODO|TBD|XXX)\b",
    re.IGNORECASE,
)
_CLAIM = re.compile(
    r"\b(?:guaranteed|risk[- ]free|miracle|no\.? ?1)\b|#1\b|\b100 ?%", re.IGNORECASE
)


def check(draft: Draft, channel: Channel) -> list[Finding]:
    """Return what stands against publishing a creative, blockers first; empty if nothing does."""
    found = [
        *_lengths(draft, channel),
        *_placeholders(draft),
        *_landing_page(draft),
        *_style(draft),
    ]
    return sorted(found, key=lambda finding: finding.severity is not Severity.BLOCKER)


def blockers(draft: Draft, channel: Channel) -> list[Finding]:
    """Return only what forbids publishing."""
    return [found for found in check(draft, channel) if found.severity is Severity.BLOCKER]


def _lengths(draft: Draft, channel: Channel) -> list[Finding]:
    limits = LENGTHS[channel]
    found = []
    for part, text, limit in (
        ("headline", draft.headline, limits.headline),
        ("text", draft.body, limits.body),
    ):
        length = len(text.strip())
        if not length:
            found.append(Finding(Severity.BLOCKER, f"The {part} is empty"))
        elif length > limit:
            found.append(
                Finding(
                    Severity.BLOCKER,
                    f"The {part} has {length:,} characters; {channel.value} takes {limit:,}",
                )
            )
    return found


def _placeholders(draft: Draft) -> list[Finding]:
    text = f"{draft.headline}\n{draft.body}\n{draft.call_to_action}"
    match = _PLACEHOLDER.search(text)
    if match is None:
        return []
    return [Finding(Severity.BLOCKER, f"A placeholder was left in: {match.group()}")]


def _landing_page(draft: Draft) -> list[Finding]:
    url = draft.landing_url.strip()
    if not url:
        return [Finding(Severity.WARNING, "No landing page is given")]
    if len(url) > URL_LENGTH or any(character.isspace() for character in url):
        return [Finding(Severity.BLOCKER, "The landing page is not a web address")]
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = None, None
    if parts is None or parts.scheme not in {"http", "https"} or not host:
        return [Finding(Severity.BLOCKER, "The landing page is not a web address")]
    if parts.scheme != "https":
        return [Finding(Severity.BLOCKER, "The landing page must use https")]
    return []


def _style(draft: Draft) -> list[Finding]:
    found = []
    letters = [character for character in draft.headline if character.isalpha()]
    capitals = sum(character.isupper() for character in letters)
    if len(letters) >= _SHORTEST_SHOUT and capitals / len(letters) > SHOUTING:
        found.append(Finding(Severity.WARNING, "The headline is mostly capitals"))
    if f"{draft.headline}{draft.body}".count("!") > 1:
        found.append(Finding(Severity.WARNING, "More than one exclamation mark"))
    if not draft.call_to_action.strip():
        found.append(Finding(Severity.WARNING, "No call to action is given"))
    claim = _CLAIM.search(f"{draft.headline}\n{draft.body}")
    if claim is not None:
        found.append(Finding(Severity.WARNING, f"A claim that needs proof: {claim.group()}"))
    return found
