from datetime import UTC, datetime, timedelta

import pytest

from streamlit_pages import text

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "shown"),
    [("plain", "`plain`"), ("", "`(empty)`"), ("a`b", "`` a`b ``"), ("two\nlines", "`two lines`")],
)
def test_a_value_is_one_code_span_whatever_it_holds(given, shown):
    assert text.code(given) == shown


def test_markup_is_shown_and_not_obeyed():
    assert text.escape("![a](b) *c* $d$ :e[f] ~~g~~") == r"!\[a\](b) \*c\* \$d\$ \:e\[f\] \~\~g\~\~"
    assert text.escape("_a_ `b` <i> &lt; :smile:") == r"\_a\_ \`b\` \<i> \&lt; \:smile:"
    assert [text.escape(t) for t in ("# x", "> x", "- x", "1. x")] == [
        r"\# x",
        r"\> x",
        r"\- x",
        r"1\. x",
    ]


def test_names_paths_and_addresses_stay_as_they_are():
    for plain in ("AICMO_MOCK_MODE is 1", "/srv/a-b/c_d.db", "127.0.0.1:5432", "Q&A #3 (a+b)! 50%"):
        assert text.escape(plain) == plain


@pytest.mark.parametrize(
    ("cents", "shown"), [(0, "0"), (123456, "1,234.56"), (100000, "1,000"), (-5, "-0.05")]
)
def test_money_has_cents_only_where_there_are_any(cents, shown):
    assert text.money(cents) == shown


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5, minutes=59), "5 hours ago"),
        (timedelta(days=2), "2 days ago"),
        (timedelta(hours=-3), "in 3 hours"),
    ],
)
def test_a_moment_is_told_in_its_largest_unit(before, shown):
    assert text.ago(NOW - before, NOW) == shown


def test_a_number_agrees_with_its_noun():
    assert [text.count(n, "lead") for n in (0, 1, 1234)] == ["0 leads", "1 lead", "1,234 leads"]
