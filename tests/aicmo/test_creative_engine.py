from dataclasses import replace

import pytest

from aicmo.creative_engine import LENGTHS, Severity, blockers, check
from aicmo.dashboard_models import Channel


def texts(draft, channel=Channel.EMAIL, severity=None):
    return [f.text for f in check(draft, channel) if severity in {None, f.severity}]


@pytest.mark.parametrize("channel", Channel)
def test_a_good_draft_has_no_finding(draft, channel):
    assert check(draft, channel) == []


@pytest.mark.parametrize("channel", Channel)
def test_each_channel_takes_texts_up_to_its_limit_and_no_longer(draft, channel):
    limits = LENGTHS[channel]
    fitting = replace(draft, headline="a" * limits.headline, body="b" * limits.body)
    assert blockers(fitting, channel) == []
    longer = replace(draft, headline="a" * (limits.headline + 1), body="b" * (limits.body + 1))
    assert len(blockers(longer, channel)) == 2


@pytest.mark.parametrize("part", ["headline", "body"])
def test_an_empty_part_blocks(draft, part):
    assert len(blockers(replace(draft, **{part: " \n"}), Channel.EMAIL)) == 1


@pytest.mark.parametrize(
    "body",
    ["Dear {{first_name}}", "Hello [name]", "Lorem ipsum dolor", "TODO: price", "x [Your city]"],
)
def test_a_placeholder_left_in_blocks(draft, body):
    assert "placeholder" in blockers(replace(draft, body=body), Channel.EMAIL)[0].text


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "example.com",
        "javascript:alert(1)",
        "https://",
        "https://a b",
        "https://[",
    ],
)
def test_a_landing_page_that_is_not_a_secure_address_blocks(draft, url):
    assert len(blockers(replace(draft, landing_url=url), Channel.EMAIL)) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"landing_url": ""}, "No landing page"),
        ({"call_to_action": " "}, "No call to action"),
        ({"headline": "BUY THE PLANNER"}, "capitals"),
        ({"body": "Now! Really!"}, "exclamation"),
        ({"body": "Guaranteed results"}, "proof: Guaranteed"),
        ({"headline": "The #1 planner"}, "proof"),
    ],
)
def test_what_is_questionable_is_worth_a_look_and_does_not_block(draft, change, words):
    changed = replace(draft, **change)
    assert blockers(changed, Channel.EMAIL) == []
    assert any(words in text for text in texts(changed, severity=Severity.WARNING))


def test_short_names_in_capitals_do_not_shout(draft):
    assert check(replace(draft, headline="AICMO"), Channel.EMAIL) == []


def test_blockers_come_first(draft):
    found = check(replace(draft, landing_url="", body="{{x}}"), Channel.EMAIL)
    assert [f.severity for f in found] == [Severity.BLOCKER, Severity.WARNING]
