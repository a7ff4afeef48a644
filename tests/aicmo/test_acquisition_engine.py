import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicmo.acquisition_engine import (
    FUNNEL,
    MAX_ROWS,
    band,
    funnel,
    next_statuses,
    parse_leads,
    score,
)
from aicmo.dashboard_models import LeadStatus

HEADER = "name,email,company,title,source,status\n"


@pytest.mark.parametrize(
    ("title", "points"),
    [
        ("Chief Executive", 35),
        ("CEO", 35),
        ("Co-Founder", 35),
        ("President", 35),
        ("Vice President Sales", 25),
        ("Head of Operations", 25),
        ("Practice manager", 15),
        ("Assistant", 0),
        ("Leading", 0),
        ("", 0),
    ],
)
def test_rank_adds_points(title, points):
    assert score("someone@gmail.com", "", title, "").points == points


def test_points_add_up_and_say_why_the_most_important_first():
    found = score("ada@clinic.example", "Clinic", "CEO", "Referral")
    assert found.points == 100
    assert found.reasons == (
        "decides alone",
        "company address",
        "came by referral",
        "company known",
    )
    assert found.band == "Hot"


@pytest.mark.parametrize(
    ("points", "name"), [(70, "Hot"), (69, "Warm"), (40, "Warm"), (39, "Cold")]
)
def test_bands_begin_at_their_limits(points, name):
    assert band(points) == name


@given(st.text(), st.text(), st.text(), st.text())
def test_any_lead_has_between_0_and_100_points(email, company, title, source):
    assert 0 <= score(email, company, title, source).points <= 100


def test_the_funnel_counts_who_came_at_least_so_far():
    stages = funnel(
        {LeadStatus.NEW: 4, LeadStatus.REPLIED: 3, LeadStatus.CONVERTED: 1, LeadStatus.LOST: 9}
    )
    assert [stage.status for stage in stages] == list(FUNNEL)
    assert [stage.here for stage in stages] == [4, 0, 3, 0, 1]
    assert [stage.reached for stage in stages] == [8, 4, 4, 1, 1]
    assert [stage.rate for stage in stages] == [None, 0.5, 1.0, 0.25, 1.0]


def test_an_empty_funnel_has_no_rates():
    assert {stage.rate for stage in funnel({})} == {None}


def test_a_customer_stays_one_and_a_lost_lead_may_begin_again():
    assert next_statuses(LeadStatus.CONVERTED) == ()
    assert next_statuses(LeadStatus.LOST) == (LeadStatus.NEW,)
    assert all(status not in next_statuses(status) for status in LeadStatus)


def test_a_good_file_is_read_whole():
    found = parse_leads(HEADER + "Ada B,ADA@Clinic.example,Clinic,CEO,referral,contacted\n")
    assert found.errors == ()
    [lead] = found.leads
    assert (lead.line, lead.name, lead.email) == (2, "Ada B", "ada@clinic.example")
    assert (lead.company, lead.job_title, lead.source) == ("Clinic", "CEO", "referral")
    assert lead.status is LeadStatus.CONTACTED


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfName;E-Mail\r\nJos\xc3\xa9;jose@x.example\r\n",
        b"full name\temail address\tignored\nJos\xc3\xa9\tjose@x.example\tyes\n",
        '"name","email"\n"José","jose@x.example"\n',
        "\n\nname,email\n\n José , jose@x.example \n\n",
        "email,name\njose@x.example,José",
    ],
)
def test_the_dialects_of_spreadsheets_are_understood(content):
    found = parse_leads(content)
    assert found.errors == ()
    assert [(lead.name, lead.email) for lead in found.leads] == [("José", "jose@x.example")]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",a@x.example,,,,", "name is missing"),
        ("Ada,,,,,", "address is missing"),
        ("Ada,ada,,,,", "not an e-mail"),
        ("Ada,a b@x.example,,,,", "not an e-mail"),
        (f"Ada,{'a' * 250}@x.example,,,,", "not an e-mail"),
        (f"{'A' * 121},a@x.example,,,,", "longer than 120"),
        ("Ada,a@x.example,,,,engaged", "'engaged' is not a status"),
        ("Ada,a@x.example,,,,,,", "8 cells"),
        (",,,,,nonsense", "Name is missing"),
    ],
)
def test_a_faulty_row_is_named_by_its_line_and_the_others_are_read(row, problem):
    found = parse_leads(f"{HEADER}Good,good@x.example,,,,\n{row}\nFine,fine@x.example,,,,\n")
    assert [lead.line for lead in found.leads] == [2, 4]
    [error] = found.errors
    assert error.line == 3
    assert problem.lower() in error.problem.lower()


def test_every_fault_of_a_row_is_told_at_once():
    [error] = parse_leads(HEADER + ",nothing,,,,engaged\n").errors
    assert error.problem.count(";") == 2


def test_an_address_given_twice_is_taken_once():
    found = parse_leads("name,email\nAda,a@x.example\nAda,A@X.example\n")
    assert [lead.line for lead in found.leads] == [2]
    assert [(error.line, "line 2" in error.problem) for error in found.errors] == [(3, True)]


def test_lines_are_counted_as_an_editor_does_even_after_a_cell_of_several_lines():
    found = parse_leads('name,email\n"Ada\nB",a@x.example\nBad,bad\n')
    assert [lead.line for lead in found.leads] == [2]
    assert [error.line for error in found.errors] == [4]


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"", 1, "empty"),
        (b"\n\n", 1, "empty"),
        (b";", 1, "empty"),
        (b"name,email\n", 1, "no row"),
        (b"first,last\nA,B\n", 1, "does not name the column name and email"),
        (b"name,email,email\nA,a@x.example,b@x.example\n", 1, "twice"),
        (b"name,email\nAda,a@x.example\nJos\xe9,j@x.example\n", 3, "not UTF-8"),
        (b"name,email\nAda\0,a@x.example\n", 2, "null byte"),
        (b'name,email\nAda,a@x.example\n"Bob,b@x.example\n', 3, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(content, line, problem):
    error = parse_leads(content).errors[-1]
    assert error.line == line
    assert problem in error.problem


def test_a_file_with_too_many_rows_is_read_up_to_the_limit():
    rows = "".join(f"N{number},n{number}@x.example\n" for number in range(MAX_ROWS + 5))
    found = parse_leads("name,email\n" + rows)
    assert len(found.leads) == MAX_ROWS
    assert [error.line for error in found.errors] == [MAX_ROWS + 2]


@given(st.one_of(st.binary(), st.text()))
def test_no_content_makes_it_fail(content):
    parse_leads(content)


@given(st.text(alphabet=st.sampled_from('ab@.,;"\n\r\t')))
def test_no_rows_make_it_fail(rows):
    found = parse_leads("name,email\n" + rows)
    assert len({lead.email for lead in found.leads}) == len(found.leads)
