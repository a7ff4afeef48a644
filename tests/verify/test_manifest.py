from pathlib import Path

import pytest

from verify import manifest
from verify.errors import ManifestError
from verify.matrix import Declared

GOOD = '[dashboard]\nentry = "page.py"\nmarker = "M"\ntabs = ["One"]\n'


def problems_of(root: Path, text: str | bytes) -> list[str]:
    root.joinpath("page.py").write_text("")
    root.joinpath("old.py").write_text("")
    root.joinpath("verify.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ManifestError) as caught:
        manifest.load(root)
    return list(caught.value.problems)


def test_a_smallest_manifest_is_read_with_its_defaults(tmp_path):
    (tmp_path / "page.py").write_text("")
    (tmp_path / "verify.toml").write_text(GOOD)
    read = manifest.load(tmp_path)
    assert read.dashboard.tabs == ("One",)
    assert read.startup.budget_seconds == 5.0
    assert read.image is None
    assert len(read.sha256) == 64


def test_commands_are_read_as_words(tmp_path):
    (tmp_path / "page.py").write_text("")
    (tmp_path / "verify.toml").write_text(
        GOOD + "[subject]\ncommands = ['make run', \"sh -c 'a && b'\"]"
    )
    commands = manifest.load(tmp_path).subject.commands
    assert commands == (("make", "run"), ("sh", "-c", "a && b"))


def test_the_matrix_is_told_what_is_declared(tmp_path):
    for name in ("page.py", "old.py", "more.py", "bench.py", "Dockerfile"):
        (tmp_path / name).write_text("")
    (tmp_path / "verify.toml").write_text(
        GOOD + 'pages = ["more.py"]\nothers = ["bench.py"]\n'
        '[image]\ndockerfile = "Dockerfile"\ntag = "x"\n'
        '[[retired]]\npath = "old.py"\ntext = "x"\n'
    )
    assert manifest.load(tmp_path).declared() == Declared(
        entry="page.py",
        retired=("old.py",),
        pages=("more.py",),
        others=("bench.py",),
        contexts=(("Dockerfile", "."),),
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "[dashboard]: this table is missing"),
        ("dashboard = 3", "dashboard: must be a table, [dashboard], not a number"),
        (GOOD + 'markr = "x"', "dashboard.markr: unknown key; did you mean dashboard.marker?"),
        (GOOD + "[imagge]\n", "imagge: unknown key; did you mean image?"),
        (GOOD.replace('"M"', "3"), "dashboard.marker: must be a text, not a number"),
        (GOOD.replace('"M"', '" "'), "dashboard.marker: must not be empty"),
        (GOOD.replace('marker = "M"\n', ""), "dashboard.marker: this key is missing"),
        (GOOD.replace("page.py", "gone.py"), "dashboard.entry: there is no file 'gone.py'"),
        (GOOD.replace("page.py", "../x.py"), "dashboard.entry: '../x.py' is outside the project"),
        (GOOD.replace('["One"]', '["One", "One"]'), "dashboard.tabs: item 2: 'One' stands twice"),
        (GOOD.replace('["One"]', "[]"), "dashboard.tabs: must name at least one tab"),
        (GOOD.replace('["One"]', '"One"'), "dashboard.tabs: must be a list of texts, not a text"),
        (GOOD.replace('["One"]', '["One", 2]'), "dashboard.tabs: item 2: must be a text"),
        (GOOD + "[startup]\nbudget_seconds = 0", "startup.budget_seconds: must be above 0"),
        (GOOD + "[startup]\nbudget_seconds = nan", "startup.budget_seconds: must be above 0"),
        (GOOD + "[startup]\nbudget_seconds = true", "startup.budget_seconds: must be a number"),
        (GOOD + '[imports]\nrequired = ["a-b"]', "imports.required: item 1: 'a-b' is not a module"),
        (GOOD + '[sessions]\nfunction = "a.b"', "sessions.function: 'a.b' is not of the form"),
        (GOOD + 'pages = ["gone.py"]', "dashboard.pages: item 1: there is no file 'gone.py'"),
        (GOOD + 'pages = ["page.py"]', "dashboard.pages: item 1: 'page.py' is the canonical entry"),
        (GOOD + 'others = ["page.py"]', "dashboard.others: item 1: 'page.py' is the canonical"),
        (
            GOOD + 'pages = ["old.py"]\nothers = ["old.py"]',
            "dashboard.others: item 1: 'old.py' is a page",
        ),
        (
            GOOD + 'others = ["old.py"]\n[[retired]]\npath="old.py"\ntext="x"',
            "dashboard.others: item 1: 'old.py' is retired",
        ),
        (GOOD + '[subject]\ncommands = "make run"', "subject.commands: must be a list of texts"),
        (GOOD + '[subject]\ncommands = [" "]', "subject.commands: item 1: must not be empty"),
        (GOOD + "[subject]\ncommands = ['a \"b']", "item 1: 'a \"b' is no command: no closing"),
        (
            GOOD + '[subject]\ncommands = ["a && b"]',
            "subject.commands: item 1: 'a && b' needs a shell, and none reads it; write: sh -c '",
        ),
        (GOOD + '[subject]\ncommands = ["PORT=1 a"]', "'PORT=1 a' needs a shell, and none reads"),
        (GOOD + '[subject]\ncommands = ["a b", "a b"]', "commands: item 2: 'a b' stands twice"),
        (
            GOOD + '[[retired]]\npath="old.py"\ntext="x"\nway="hide"',
            "retired[0].way: must be one of raise",
        ),
        (
            GOOD + '[[retired]]\npath="page.py"\ntext="x"',
            "retired[0].path: 'page.py' is the canonical entry",
        ),
        (
            GOOD + '[[retired]]\npath="old.py"\ntext="x"\n' * 2,
            "retired[1].path: 'old.py' stands twice",
        ),
        (GOOD + "retired = 3", "dashboard.retired: unknown key"),
        ("retired = 3\n" + GOOD, "retired: must be tables, [[retired]]"),
        (GOOD + '[image]\ndockerfile="page.py"\ntag="t"\nport=70000', "image.port: must be a port"),
        (GOOD + "[subject]\nenv = {A = 1}", "subject.env: must be a table of texts"),
        (GOOD + '[diagnostics]\ntab = "Two"', "diagnostics.tab: 'Two' is not among dashboard.tabs"),
        (
            GOOD + '[diagnostics]\ntab = "One"\nservice = "Service"',
            "diagnostics.service: 'Service' must hold {} once",
        ),
        (
            GOOD + '[diagnostics]\ntab = "One"\ncredentials = { URL = "sqlite://" }',
            "diagnostics.credentials: URL: must hold {secret}",
        ),
        (
            GOOD + '[campaign_ops]\nmodule = "a"\ntab = "Two"\ntext = "x"',
            "campaign_ops.tab: 'Two' is not among dashboard.tabs",
        ),
        (GOOD + "[live]\nsessions = 501", "live.sessions: must be above 0 and at most 500"),
        (GOOD + "[live]\nsessions = 1.5", "live.sessions: must be a whole number"),
        (GOOD + "[live]\ngrowth_mb = nan", "live.growth_mb: must be above 0"),
        (GOOD + "[live]\nwidths = []", "live.widths: must be a list of whole numbers"),
        (GOOD + "[live]\nwidths = [true]", "live.widths: must be a number, not a true/false"),
        ("[dashboard\n", "is not TOML"),
        (b"# \xff\n", "line 1: byte 0xff is not UTF-8"),
    ],
)
def test_a_fault_is_named_by_its_key(tmp_path, text, named):
    assert any(named in problem for problem in problems_of(tmp_path, text)), problems_of(
        tmp_path, text
    )


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    text = '[dashboard]\nentry = "gone.py"\nmarker = 3\ntabs = ["A", "A"]\nx = 1\n'
    text += '[startup]\nbudget_seconds = "a"\n'
    assert len(problems_of(tmp_path, text)) == 5


def test_a_missing_manifest_says_where_it_was_looked_for(tmp_path):
    with pytest.raises(ManifestError, match="not found in"):
        manifest.find_root(tmp_path)


def test_the_root_is_found_from_a_folder_below(tmp_path):
    (tmp_path / "verify.toml").write_text(GOOD)
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    assert manifest.find_root(below) == tmp_path


def test_the_command_line_tells_all_faults_and_ends_with_2(tiny):
    tiny.edit("verify.toml", 'marker = "M1"', "marker = 1")
    tiny.edit("verify.toml", 'entry = "page.py"', 'entry = "nothere.py"')
    ran = tiny.verify("run")
    assert ran.exit == 2
    assert "dashboard.entry: there is no file 'nothere.py'" in ran.err
    assert "dashboard.marker: must be a text" in ran.err
    assert "Traceback" not in ran.err
