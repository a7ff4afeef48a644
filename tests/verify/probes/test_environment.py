"""Python environments written down by hand: what counts, who owns what, what is required."""

from dataclasses import replace

import pytest

from verify.difference import Change
from verify.errors import CouldNotCheck, Unavailable
from verify.inventory import File, Inventory, Kind
from verify.probes.packages import recompiled
from verify.probes.packages.bytecode_files import followed, is_cached, resolved, source_of
from verify.probes.packages.environment import Environment
from verify.probes.packages.inherited import Inherited
from verify.probes.packages.recompiled import State
from verify.probes.packages.requirements import Unmet, unmet
from verify.surroundings import Distribution, Inside, Interpreter, Recorded
from verify.tables import Image

MARKERS = dict.fromkeys(
    (
        *("os_name", "sys_platform", "platform_machine", "platform_python_implementation"),
        *("platform_release", "platform_system", "platform_version", "python_version"),
        *("python_full_version", "implementation_name", "implementation_version"),
    ),
    "linux",
) | {"python_version": "3.11", "python_full_version": "3.11.2"}
VENV = "/opt/venv/lib/python3.11/site-packages"
PYTHON = Interpreter(
    version="3.11.2",
    executable="/opt/venv/bin/python",
    prefix="/opt/venv",
    path=("/app", "/usr/lib/python311.zip", "/usr/lib/python3.11", VENV),
    markers=MARKERS,
    tag="cpython-311",
)


def installed(name, version="1", requires=(), record=(), folder=VENV):
    return Distribution(name, version, f"{folder}/{name}.dist-info", tuple(requires), record)


def environment(*files, found=(), python=PYTHON):
    rows = [file if isinstance(file, File) else File(file, size=0, digest="0") for file in files]
    rows.append(File("/opt/venv/pyvenv.cfg"))
    held = Inventory("the image", ("/",), {file.path: file for file in rows})
    return Environment(python, held, tuple(found))


def test_an_image_without_python_is_judged_by_nobody():
    with pytest.raises(Unavailable, match="no Python"):
        Inside("the image", unknown={"interpreter": "no Python"}).part("interpreter")


def test_only_the_environments_own_distributions_count():
    system = "/usr/lib/python3/dist-packages"
    found = (installed("one"), installed("pip", folder=system))
    assert [one.name for one in environment(found=found).distributions] == ["one"]
    shared = replace(PYTHON, path=(*PYTHON.path, system))
    both = environment(found=found, python=shared)
    assert [one.name for one in both.distributions] == ["one", "pip"]
    assert both.roots == ("/opt/venv", system)
    alone = replace(PYTHON, prefix="/usr", path=("/usr/lib/python3.11", system))
    assert [one.name for one in environment(found=found, python=alone).distributions] == ["pip"]
    assert environment(python=alone).roots == (system,)


def test_what_an_environment_is_made_of_is_its_own():
    own = [
        *("/opt/venv/.gitignore", "/opt/venv/bin/activate", "/opt/venv/bin/activate.fish"),
        *("/opt/venv/bin/Activate.ps1", "/opt/venv/CACHEDIR.TAG"),
        File("/opt/venv/bin/python3", Kind.LINK, target="/usr/bin/python3"),
        File("/opt/venv/bin/python3.11", size=9, digest="copied"),
        File("/usr/bin/python3.11", size=9, digest="copied"),
        File("/opt/venv/lib64", Kind.LINK, target="lib"),
        File("/opt/venv/include", Kind.FOLDER),
    ]
    others = [
        "/opt/venv/bin/run",
        "/opt/venv/activate",
        "/opt/venv/share/x",
        f"{VENV}/bin/activate",
    ]
    odd = [
        File("/opt/venv/bin/python3.12", size=9, digest="another"),
        File("/opt/venv/bin/deactivate", Kind.LINK, target="/tmp/x"),
        File(f"{VENV}/pipe", Kind.OTHER),
    ]
    held = environment(*own, *others, *odd)
    assert set(held.unowned) == {*others, *(one.path for one in odd)}


def test_bytecode_is_owned_where_its_source_is_and_need_not_be_there():
    record = (Recorded(f"{VENV}/a.py", "0", 0), Recorded(f"{VENV}/__pycache__/b.c.pyc", None, None))
    files = [f"{VENV}/a.py", f"{VENV}/a.pyc", f"{VENV}/x.pyc"]
    files += [f"{VENV}/__pycache__/{name}.pyc" for name in ("a.x", "a.x.opt-2", "x.x")]
    held = environment(*files, found=[installed("one", record=record)])
    assert set(held.unowned) == {f"{VENV}/a.pyc", f"{VENV}/x.pyc", f"{VENV}/__pycache__/x.x.pyc"}
    assert held.changed(held.distributions[0]) == []


def test_requirements_are_held_against_what_is_installed_with_the_extras_that_are_asked_for():
    found = [
        installed("a", requires=["b[x]>=2", "c; extra == 'never'", "d~=1.0", "odd !!"]),
        installed("b", "2.0rc1", requires=["e; extra == 'x'", "f[y]; extra == 'X'"]),
        installed("d", "1.5.dev1"),
        installed("f", requires=["g; extra == 'y'", "h; extra == 'z'", "i; python_version < '3'"]),
    ]
    assert unmet(found, MARKERS, {}) == {
        "a": [Unmet("b[x]>=2", "b 2.0rc1"), Unmet("odd !!", "cannot be read")],
        "b": [Unmet("e; extra == 'x'", "not installed")],
        "d": [],
        "f": [Unmet("g; extra == 'y'", "not installed")],
    }
    assert unmet(found, MARKERS, {"F": ["z"]})["f"] == [
        Unmet("h; extra == 'z'", "not installed"),
        Unmet("g; extra == 'y'", "not installed"),
    ]
    with pytest.raises(CouldNotCheck, match="did not tell"):
        unmet([installed("a", requires=["b; os_name == 'x'"])], {}, {})


@pytest.mark.parametrize(
    ("path", "source", "level", "cached"),
    [
        ("/a/__pycache__/b.cpython-311.pyc", "/a/b.py", None, True),
        ("/a/__pycache__/b.cpython-311.opt-1.pyc", "/a/b.py", "1", True),
        ("/a/__pycache__/b.c.cpython-311.pyc", "/a/b.c.py", None, True),
        ("/a/__pycache__/b\nc.pypy39.pyc", "/a/b\nc.py", None, True),
        ("/a/b.pyc", "/a/b.py", None, False),
        ("/a/__pycache__/b.pyc", "/a/__pycache__/b.py", None, True),
    ],
)
def test_where_bytecode_comes_from_is_in_its_name(path, source, level, cached):
    assert source_of(path) == (source, level)
    assert is_cached(path) is cached


def test_links_are_followed_and_never_for_ever():
    rows = [
        File("/a", Kind.LINK, target="b"),
        File("/b", Kind.LINK, target="/c/./d/../e"),
        File("/c", Kind.LINK, target="real"),
        File("/real", Kind.FOLDER),
        File("/real/e", digest="1"),
        File("/loop", Kind.LINK, target="loop"),
        File("/out", Kind.LINK, target="../../x"),
    ]
    files = {file.path: file for file in rows}
    assert resolved("/a", files) == "/real/e"
    assert followed("/a", files) == files["/real/e"]
    assert resolved("/loop", files) is followed("/loop", files) is None
    assert (resolved("/out", files), followed("/out", files)) == ("/x", None)
    assert resolved("/", files) == "/"


HEADERS = [
    # source's time and size, the row of the comparison, what is said, and whether it is used
    ((7, 8), [State.SAME, "", 0, 7, 8], "", True),
    (
        (9, 8),
        [State.SAME, "", 0, 7, 8],
        "its header is of a source of 7, and the source is of 9",
        False,
    ),
    ((7, 9), [State.SAME, "", 0, 7, 8], "of 8 bytes, and the source has 9", False),
    ((-1, 8), [State.SAME, "", 0, 0xFFFFFFFF, 8], "", True),
    ((7, 8), [State.SAME, "", 3, 1, 0], "", True),
    ((7, 8), [State.SAME, "", 3, 0, 0], "the hash in its header is not that of the source", False),
    ((7, 8), [State.DIFFERS, "x", 1, 0, 0], "the hash in its header", True),
    ((7, 8), [State.SAME, "", 4, 7, 8], "the flags 0x4", False),
]


@pytest.mark.parametrize(("source", "row", "lie", "used"), HEADERS)
def test_a_header_is_held_against_the_source(source, row, lie, used):
    there = File("/a.py", mtime=source[0], size=source[1])
    pair = recompiled._Pair("/__pycache__/a.x.pyc", "/a.py", 0, there, "")
    seen = recompiled._judged(pair, row, {})
    assert lie in seen.lie
    assert bool(lie) is bool(seen.lie)
    assert seen.used is used


@pytest.mark.parametrize(
    "out",
    [
        "",
        "verify-agent:{}",
        'verify-agent:{"rows": []}',
        'verify-agent:{"rows": [["same", "", 0, 0, 0], ["same"]]}',
        'verify-agent:{"rows": [["same", "", 0, 0, 0], ["fine", "", 0, 0, 0]]}',
        'verify-agent:{"rows": [["same", "", 0, 0, 0], ["same", "", 0, 0, null]]}',
    ],
)
def test_half_an_answer_about_bytecode_is_none(tmp_path, monkeypatch, out):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    class Engine:
        def run_once(self, *_, **__):
            return out, "Killed"

    rows = [File(f"/{name}", size=1, digest=name, mtime=1) for name in ("a.py", "a.pyc", "b.pyc")]
    files = Inventory("the image", ("/",), {row.path: row for row in rows})
    with pytest.raises(CouldNotCheck, match="the look at the image's bytecode"):
        recompiled.look(Engine(), "id", Image(dockerfile="", tag=""), files, PYTHON)
    assert not recompiled.is_known(files, PYTHON)


def test_a_crash_is_not_remembered(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    said = iter(["crashed", "same"])

    class Engine:
        def run_once(self, *_, **__):
            return f'verify-agent:{{"rows": [["{next(said)}", "", 0, 1, 1]]}}', ""

    rows = [File(f"/{name}", size=1, digest=name, mtime=1) for name in ("a.py", "a.pyc")]
    files = Inventory("the image", ("/",), {row.path: row for row in rows})
    spec = Image(dockerfile="", tag="")
    seen = [recompiled.look(Engine(), "id", spec, files, PYTHON)[0].state for _ in range(3)]
    assert seen == [State.CRASHED, State.SAME, State.SAME]


def test_bytecode_is_no_orphan_where_nobody_can_tell_whether_its_source_is_there():
    pair = recompiled._Pair("/a/__pycache__/b.x.pyc", "/a/b.py", 0, None, "")
    row = [State.ORPHAN, "", 0, 0, 0]
    assert recompiled._judged(pair, row, {"/c": "gone"}).state is State.ORPHAN
    seen = recompiled._judged(pair, row, {"/a/b.py": "input/output error"})
    assert (seen.state, seen.detail) == (State.UNREAD, "input/output error")


PROGRAM, LIBRARY = "/usr/bin/python3.11", "/usr/lib/libpython3.11.so.1.0"


def interpreter(digest="0"):
    """Return what stands where an environment's interpreter is that of the system."""
    return (
        File("/opt/venv/bin/python", Kind.LINK, target=PROGRAM),
        File(PROGRAM, size=1, digest=digest),
        File(LIBRARY, size=1, digest="0"),
    )


def test_the_interpreter_is_the_program_that_its_links_lead_to_and_its_library():
    assert environment(*interpreter()).programs == (PROGRAM, LIBRARY)
    assert environment().programs == ("/opt/venv/bin/python",)


def test_an_interpreter_that_is_not_the_bases_is_told():
    base = Inherited("base", {file.path: file for file in interpreter()})
    assert list(base.touched(environment(*interpreter()), ())) == []
    (told,) = base.touched(environment(*interpreter("1")), ())
    assert (told.path, told.change) == (PROGRAM, Change.CHANGED)


def test_an_interpreter_that_the_base_does_not_have_may_have_been_installed():
    assert list(Inherited("base").touched(environment(*interpreter("1")), ())) == []


def test_modules_in_a_folder_that_nobody_fills_are_told():
    path = ("/srv/a", "/app", "/base", "/home/p/lib/python3.11", "/gone", *PYTHON.path)
    files = ("/srv/a/x.py", "/srv/a/b/y.so", "/srv/a/z.pyc", "/srv/a/read.me", "/app/page.py")
    more = ("/base/own.py", "/home/p/lib/python3.11/os.py", "/srv/a/of_one.py")
    record = (Recorded("/srv/a/of_one.py", "0", 0),)
    one = replace(installed("one", folder="/srv/a"), record=record)
    held = environment(*files, *more, found=(one,), python=replace(PYTHON, path=path))
    base = {"/base": File("/base", Kind.FOLDER), "/base/own.py": File("/base/own.py")}
    assert set(held.strays(base, ("/app",))) == {"/srv/a/x.py", "/srv/a/b/y.so"}
