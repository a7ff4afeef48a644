"""Planted secrets: each its own, found in any spelling, and never told."""

import base64
import html
import json
import pickle
from urllib.parse import quote, quote_plus

import pytest

from verify.probes.canaries import BETWEEN, HIDDEN, USUAL, Planted, plant


@pytest.fixture
def planted():
    return Planted([("TOKEN", "{secret}"), ("URL", "postgresql://u:{secret}@h:1/n"), ("B", "b")])


@pytest.fixture
def secret(planted):
    return planted.environment["TOKEN"]


SPELLINGS = {
    "as it is": str,
    "in a sentence": lambda s: f"cannot sign in with {s}, try again",
    "in capitals": str.upper,
    "quoted for an address": lambda s: quote(s, safe=""),
    "quoted for a form": quote_plus,
    "every letter quoted": lambda s: "".join(f"%{ord(c):02x}" for c in s),
    "escaped for HTML": html.escape,
    "every letter escaped for HTML": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "in JSON": lambda s: json.dumps({"key": s}),
    "every letter escaped for JSON": lambda s: "".join(f"\\u{ord(c):04x}" for c in s),
    "every byte escaped": lambda s: "".join(f"\\x{ord(c):02x}" for c in s),
    "as Python writes it": repr,
    "with signs escaped for Markdown": lambda s: s.replace("&", "\\&").replace("/", "\\/"),
    "its first half": lambda s: s.split(BETWEEN)[0],
    "its second half": lambda s: s.split(BETWEEN)[1],
    "in hexadecimal": lambda s: s.encode().hex(),
    "in capital hexadecimal": lambda s: s.encode().hex().upper(),
    "in base64": lambda s: base64.b64encode(s.encode()).decode(),
    "in base64 behind one letter": lambda s: base64.b64encode(f"u{s}".encode()).decode(),
    "in base64 behind a user": lambda s: base64.b64encode(f"me:{s}x".encode()).decode(),
    "in base64 for addresses": lambda s: base64.urlsafe_b64encode(f"{s}??".encode()).decode(),
    "in bytes of another format": lambda s: pickle.dumps({"k": s}).decode("latin-1"),
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_is_found_in_any_spelling_and_can_be_hidden(planted, secret, spelled):
    text = f"before\n{spelled(secret)}\nafter"
    assert planted.found_in(text) == ("TOKEN",)
    hidden = planted.hide(text)
    assert HIDDEN in hidden
    assert planted.found_in(hidden) == ()
    for half in secret.split(BETWEEN):
        assert half not in hidden


def test_what_stands_around_a_secret_stays_readable(planted, secret):
    first = secret.split(BETWEEN)[0]
    assert planted.hide(f"no route for {first} today") == f"no route for {HIDDEN} today"


def test_a_text_without_a_secret_stays_as_it_is(planted):
    text = "100 % of 3&nbsp;things \\u00e9 TOKEN postgresql://u:p@h:1/n " + "kd8fj2" * 50
    assert planted.found_in(text) == ()
    assert planted.hide(text) == text


def test_the_variable_whose_secret_it_is_is_named(planted):
    password = planted.environment["URL"].split(":")[2].split("@")[0]
    assert planted.found_in(f"password: {password}") == ("URL",)
    both = " ".join(planted.environment.values())
    assert planted.found_in(both) == ("TOKEN", "URL")


def test_in_an_address_the_secret_is_quoted(planted):
    assert planted.environment["URL"].count("@") == 1
    assert BETWEEN in planted.environment["TOKEN"]


def test_two_runs_share_no_secret(planted):
    other = Planted([("TOKEN", "{secret}")])
    assert planted.found_in(other.environment["TOKEN"]) == ()


def test_what_the_manifest_names_wins_over_what_is_usual():
    planted = plant([("DATABASE_URL", "sqlite:///{secret}"), ("OWN", "x{secret}")])
    assert planted.environment["DATABASE_URL"].startswith("sqlite:///")
    assert set(planted.variables) == {name for name, _ in USUAL} | {"OWN"}
    assert planted.found_in(planted.environment["OWN"]) == ("OWN",)


def test_the_object_itself_tells_no_secret(planted, secret):
    assert planted.found_in(repr(planted)) == ()
    assert planted.found_in(f"{planted}") == ()
