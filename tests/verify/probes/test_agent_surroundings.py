"""The agent's look at what is around the files: processes, sockets, limits, what is installed."""

import importlib.metadata
import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.utils import canonicalize_name

from verify.errors import CouldNotCheck, Unavailable
from verify.probes import agent, payload
from verify.probes.inside.decode import decode
from verify.probes.installed import distribution
from verify.surroundings import Limits


def test_a_process_is_told_with_its_parent_its_user_and_its_rights(looked):
    with subprocess.Popen(["cat", "-", "an argument"], stdin=subprocess.PIPE) as child:
        try:
            found = {process.pid: process for process in looked(processes=True).processes}
        finally:
            child.terminate()
            child.communicate()
    told = found[child.pid]
    assert told.args == ("cat", "-", "an argument")
    assert (told.parent, told.uid) == (os.getpid(), os.geteuid())
    status = Path("/proc/self/status").read_text()
    assert told.capabilities == int(status.partition("CapEff:")[2].split()[0], 16)
    assert told.no_new_privileges is (status.partition("NoNewPrivs:")[2].split()[0] == "1")


def test_a_process_that_blanked_its_arguments_is_told_by_its_name(looked):
    with subprocess.Popen([""], executable="/bin/cat", stdin=subprocess.PIPE) as child:
        try:
            found = {process.pid: process for process in looked(processes=True).processes}
        finally:
            child.terminate()
            child.communicate()
    assert found[child.pid].args == ("[cat]",)


@pytest.mark.parametrize(
    ("error", "told"), [(ProcessLookupError, True), (FileNotFoundError, True), (OSError, False)]
)
def test_a_process_that_ended_meanwhile_is_none_and_one_that_is_hidden_is_not_left_out(
    monkeypatch, error, told
):
    contents, hidden = agent.contents, str(os.getppid())

    def refused(path):
        if path == f"/proc/{hidden}/status":
            raise error(13, "Permission denied")
        return contents(path)

    monkeypatch.setattr(agent, "contents", refused)
    inside = decode(agent.look({"processes": True}, 1e12), "here")
    assert bool(inside.processes) is told
    assert ("Permission denied" in inside.unknown.get("processes", "")) is not told


def test_the_look_and_the_shell_that_started_it_are_none_of_what_runs():
    words = ["python3", "-I", "-S", *payload.packed("agent.py", {"deadline": 60, "processes": 1})]
    line = f"{shlex.join([sys.executable, *words[1:]])}; true"  # so that the shell stays
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
    facts = payload.answer(done.stdout, done.stderr, who="the agent")
    ours = [process["pid"] for process in facts["processes"] if process["ours"]]
    assert len(ours) == 2
    pids = {process.pid for process in decode(facts, "here").processes}
    assert os.getpid() in pids
    assert pids.isdisjoint(ours)


def test_a_listening_socket_is_told_with_its_address(looked):
    families = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0")]
    if Path("/proc/net/if_inet6").exists() and Path("/proc/net/if_inet6").read_text():
        families += [(socket.AF_INET6, "::1"), (socket.AF_INET6, "::")]
    sockets, wanted = [], set()
    for family, address in families:
        sockets.append(socket.socket(family))
        sockets[-1].bind((address, 0))
        wanted.add((address, sockets[-1].getsockname()[1]))
    quiet = socket.socket()
    quiet.bind(("127.0.0.1", 0))
    try:
        for one in sockets:
            one.listen()
        found = {(one.address, one.port): one.uid for one in looked(listeners=True).listeners}
        assert wanted <= set(found)
        assert {found[key] for key in wanted} == {os.geteuid()}
        assert quiet.getsockname() not in found
    finally:
        for one in (*sockets, quiet):
            one.close()


def test_an_address_is_read_in_the_byte_order_of_where_it_was_written():
    rows = [
        {"address": address, "port": 1, "uid": 0} for address in ("0100007F", "0" * 24 + "01000000")
    ]
    little = decode({"listeners": rows, "byteorder": "little"}, "there").listeners
    assert [one.address for one in little] == ["127.0.0.1", "::1"]
    rows = [
        {"address": address, "port": 1, "uid": 0} for address in ("7F000001", "0" * 24 + "00000001")
    ]
    big = decode({"listeners": rows, "byteorder": "big"}, "there").listeners
    assert [one.address for one in big] == ["127.0.0.1", "::1"]


def test_mounts_are_told_with_their_names_as_they_are(looked, monkeypatch):
    mounts = {mount.path: mount for mount in looked(mounts=True).mounts}
    assert mounts["/proc"].kind == "proc"
    lines = (
        "36 35 98:0 / /mnt/a\\040b\\134\\012c rw,noatime shared:1 - ext4 /dev/x\\040y ro,errors=x\n"
        "37 35 98:0 / /read ro - tmpfs  rw\n"
        "38 35 98:0 / /both rw - overlay overlay rw\n"
    )
    monkeypatch.setattr(agent, "contents", lambda _: lines.encode())
    told = decode({"mounts": agent.mounts()}, "there").mounts
    assert [(mount.path, mount.source, mount.read_only) for mount in told] == [
        ("/mnt/a b\\\nc", "/dev/x y", True),
        ("/read", "", True),
        ("/both", "overlay", False),
    ]


def test_limits_are_told(looked):
    import resource

    assert looked(limits=True).limits.files == resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@pytest.fixture
def groups(tmp_path):
    """Make a folder of control groups: the name of a file and what stands in it."""

    def make(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        return str(tmp_path)

    return make


NAMES = ("memory.limit_in_bytes", "memory.max")
UNLIMITED = "9223372036854771712\n"


@pytest.mark.parametrize(
    ("files", "root", "path", "least"),
    [
        ({"memory.max": "max\n"}, "/", "/", None),
        ({"memory.max": "512\n"}, "/", "/", 512),
        ({}, "/", "/", None),  # a machine's own top has none
        ({"a/memory.max": "512\n", "a/b/memory.max": "max\n"}, "/", "/a/b", 512),
        ({"a/memory.max": "512\n", "a/b/memory.max": "256\n"}, "/", "/a/b", 256),
        ({"memory.max": "512\n"}, "/docker/x", "/docker/x", 512),
        ({"b/memory.max": "512\n"}, "/docker/x", "/docker/x/b", 512),
        ({"memory.max": "512\n"}, "/docker/x", "/docker/xyz", 512),
        ({"memory.max": "512\n"}, "/", "/../outside", 512),
    ],
)
def test_the_lowest_limit_above_us_counts(groups, files, root, path, least):
    top = groups(files)
    mounted = [{"kind": "cgroup2", "path": top, "root": root, "options": ["rw"]}]
    assert agent.least({"": path}, mounted, "memory", NAMES) == least


def test_control_groups_of_version_1_have_a_folder_for_each_kind(groups):
    top = groups(
        {
            "memory/memory.limit_in_bytes": UNLIMITED,
            "memory/x/memory.limit_in_bytes": "1024\n",
            "pids/pids.max": "max\n",
        }
    )
    mounted = [
        {"kind": "cgroup2", "path": f"{top}/unified", "root": "/", "options": ["rw"]},
        {"kind": "cgroup", "path": f"{top}/pids", "root": "/", "options": ["rw", "pids"]},
        {"kind": "cgroup", "path": f"{top}/memory", "root": "/", "options": ["rw", "memory"]},
    ]
    said = {"memory": "/x", "pids": "/", "": "/"}
    assert agent.least(said, mounted, "memory", NAMES) == 1024
    assert agent.least({**said, "memory": "/"}, mounted, "memory", NAMES) is None
    assert agent.least(said, mounted, "pids", ("pids.max", "pids.max")) is None
    with pytest.raises(FileNotFoundError, match="not mounted"):
        agent.least(said, mounted[:2], "memory", NAMES)


def test_of_variables_only_the_names_are_told_and_values_only_where_they_may_be(monkeypatch):
    def raw(path):
        assert path == "/proc/1/environ"
        return b"TOKEN=secret\0PLACE=here=there\0ODD=\xff\0TOKEN=other\0nothing\0"

    monkeypatch.setattr(agent, "contents", raw)
    told = agent.environment(["PLACE", "ODD"])
    assert decode({"environment": told}, "there").environment == {
        "TOKEN": None,
        "PLACE": "here=there",
        "ODD": "\udcff",
    }
    assert told["first"]


def test_where_process_1_keeps_its_variables_to_itself_ours_are_told(monkeypatch):
    def refused(path):
        raise PermissionError(path)

    monkeypatch.setattr(agent, "contents", refused)
    monkeypatch.setenv("SOME_TOKEN", "secret")
    told = agent.environment(["PATH"])
    assert not told["first"]
    assert told["values"]["SOME_TOKEN"] is None
    assert told["values"]["PATH"] == os.environ["PATH"]


ORDINARY = """
import json, sys
from importlib.metadata import distributions
print(json.dumps([sys.path[1:], sys.prefix, sys.implementation.cache_tag, sys.version.split()[0]]))
"""


def environment_of(tmp_path: Path, *options: str) -> Path:
    command = [sys.executable, "-m", "venv", "--without-pip", *options, str(tmp_path / "made")]
    subprocess.run(command, check=True)
    return tmp_path / "made/bin/python"


@pytest.mark.parametrize("kind", ["base", "ours", "made", "made, sees below", "user's", "linked"])
def test_an_ordinary_start_is_described_without_one(looked, tmp_path, kind):
    env = {"PYTHONPATH": f"/some/where:{tmp_path}", "HOME": str(tmp_path / "home")}
    python = Path(sys.executable)
    if kind == "base":
        python = Path(sys.base_prefix, "bin", f"python3.{sys.version_info[1]}")
    elif kind.startswith("made"):
        python = environment_of(tmp_path, *(["--system-site-packages"] if "below" in kind else []))
    elif kind == "user's":
        python = environment_of(tmp_path, "--system-site-packages")
        version = f"python3.{sys.version_info[1]}"
        (tmp_path / "home/.local/lib" / version / "site-packages").mkdir(parents=True)
    elif kind == "linked":
        (tmp_path / "link").symlink_to(environment_of(tmp_path).parents[1])
        python = tmp_path / "link/bin/python"
    if kind.startswith("made"):
        (packages,) = (tmp_path / "made/lib").glob("python3*/site-packages")
        (packages / "more.pth").write_text(
            f"# a remark\n\n{tmp_path}\n/not/there\nimport this\n../\n"
        )
    done = subprocess.run(
        [python, "-c", ORDINARY], env=env, capture_output=True, text=True, check=True
    )
    path, prefix, tag, version = json.loads(done.stdout.splitlines()[-1])
    told = looked(python=python, env=env, interpreter=True).interpreter
    assert list(told.path) == path
    assert (told.prefix, told.tag, told.version) == (prefix, tag, version)
    assert told.executable == str(python)


def test_the_markers_are_those_that_installers_use(looked):
    told = looked(interpreter=True).interpreter
    assert dict(told.markers) == {**default_environment()}


def test_what_is_installed_is_told_with_its_record(looked):
    found = {one.name: one for one in looked(distributions=True).distributions}
    wanted = {canonicalize_name(one.name): one for one in importlib.metadata.distributions()}
    assert {name: one.version for name, one in found.items()} == {
        name: one.version for name, one in wanted.items()
    }
    for name, one in found.items():
        assert list(one.requires) == (wanted[name].requires or [])
        files = {os.path.normpath(file.locate()): file for file in wanted[name].files or ()}
        assert {line.path for line in one.record or ()} == set(files)
        for line in one.record or ():
            assert line.size == files[line.path].size
            assert (line.digest is None) == (files[line.path].hash is None)


def test_a_line_of_a_record_is_a_path_and_a_digest_in_hex(tmp_path):
    import base64
    import hashlib

    digest = hashlib.sha256(b"x").digest()
    text = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    record = (
        f'one.py,sha256={text},1\r\n"with, comma.py",sha256={text},22\r\n../../bin/tool,,\r\n'
        f"/opt/absolute,md5=abc,3\nfolder/./x,sha384=zz,x\n\n"
    )
    one = distribution(
        "/lib/site/Some.Thing_X-1.0.dist-info", "Name: Some.Thing_X\nVersion: 1.0", record
    )
    assert one.name == "some-thing-x"
    assert [(line.path, line.digest, line.size) for line in one.record] == [
        ("/lib/site/one.py", digest.hex(), 1),
        ("/lib/site/with, comma.py", digest.hex(), 22),
        ("/bin/tool", None, None),
        ("/opt/absolute", None, 3),
        ("/lib/site/folder/x", None, None),
    ]


def test_a_damaged_digest_is_one_that_no_file_has_and_a_damaged_line_the_end():
    record = "one,sha256=abc,1\ntwo,sha256=\u00e9,1\n" + "x" * 200000 + ",,\nthree,,\n"
    one = distribution("/x/y-1.dist-info", None, record)
    assert [(line.path, line.digest) for line in one.record] == [
        ("/x/one", "sha256=abc"),
        ("/x/two", "sha256=\u00e9"),
    ]


def test_metadata_may_be_folded_missing_or_in_one_file(looked, tmp_path):
    places = {
        "one-1.dist-info/METADATA": "Name: one\nVersion: 1\nRequires-Dist: a;\n  b\n"
        "Requires-Dist: c\n\nName: no\n",
        "two-2.egg-info": "Metadata-Version: 1\r\nName: Two\r\nVersion: 2\r\n\r\nName: no\r\n",
        "three-3.egg-info/PKG-INFO": "Name: three\nVersion: 3\n",
        "four-4.1.dist-info/RECORD": "four.py,,\n",
    }
    for name, text in places.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    inside = looked(distributions=True, env={"PYTHONPATH": str(tmp_path)})
    found = {one.name: one for one in inside.distributions}
    assert found["one"].requires == ("a; b", "c")
    versions = {name: found[name].version for name in ("one", "two", "three", "four")}
    assert versions == {"one": "1", "two": "2", "three": "3", "four": "4.1"}
    assert found["one"].record is None
    assert [line.path for line in found["four"].record] == [f"{tmp_path}/four.py"]


def test_a_part_that_cannot_be_had_says_why_and_spares_the_others(monkeypatch):
    def refused():
        raise PermissionError(13, "Permission denied", "/proc/net/tcp")

    monkeypatch.setattr(agent, "listeners", refused)
    facts = agent.look({"listeners": True, "processes": True}, 1e12)
    inside = decode(facts, "the container")
    assert inside.processes
    with pytest.raises(Unavailable, match=r"the container: PermissionError: .*Permission denied"):
        inside.part("listeners")
    with pytest.raises(Unavailable, match="it was not asked for"):
        inside.part("mounts")


def test_a_part_that_is_not_understood_says_so():
    inside = decode({"limits": {"memory": 1}, "listeners": [{"address": "xyz"}]}, "there")
    assert "not understood" in inside.unknown["limits"]
    assert "not understood" in inside.unknown["listeners"]


def test_files_without_their_rows_are_no_answer():
    with pytest.raises(CouldNotCheck, match="no rows"):
        decode({"files": {"roots": ["/"], "incomplete": ""}}, "there")


def test_what_a_module_prints_cannot_pass_for_the_answer(tmp_path):
    forged = f"\n{agent.ROWS}AAAA\n{agent.MARK}" + json.dumps({"imports": [], "forged": True})
    (tmp_path / "module.py").write_text(f"print({forged!r})\nprint({forged!r}, end='')")
    request = {
        "deadline": 60,
        "root": str(tmp_path),
        "modules": ["module"],
        "files": {"roots": [str(tmp_path)]},
    }
    command = [sys.executable, "-I", "-S", *payload.packed("agent.py", request)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    facts = payload.answer(done.stdout, done.stderr, who="the agent")
    assert "forged" not in facts
    assert facts["imports"][0]["ok"]
    assert len(decode(facts, "here").files.files) == 2


def test_a_pure_look_starts_nothing_and_needs_no_folder_to_write_in(tmp_path):
    asked = {"files": {"roots": [str(tmp_path)]}, "processes": True, "distributions": True}
    watch = (
        "import sys\n"
        "def hook(event, args):\n"
        "    if event == 'open' and isinstance(args[2], int) and args[2] & 0o1103:\n"
        "        sys.stderr.write(f'writes {args[0]}')\n"
        "    if event.startswith(('subprocess', 'os.fork', 'os.mkdir', 'os.posix_spawn')):\n"
        "        sys.stderr.write(event)\n"
        "sys.addaudithook(hook)\n"
    )
    option, boot, *rest = payload.packed("agent.py", {"deadline": 60, **asked})
    done = subprocess.run(
        [sys.executable, "-I", "-S", option, watch + boot, *rest],
        capture_output=True,
        text=True,
        env={"TMPDIR": "/not/there"},
        check=True,
    )
    assert done.stderr == ""
    assert decode(payload.answer(done.stdout, "", who="the agent"), "here").files.files


def test_the_witness_is_sent_only_where_it_is_needed():
    for request in ({}, {"files": {"roots": ["/"]}}, {"modules": []}):
        assert "witness" not in json.loads(payload.packed("agent.py", request)[-1])
    for script, request in (("agent.py", {"guards": [["a.py", "a"]]}), ("farm.py", {})):
        assert "witness" in json.loads(payload.packed(script, request)[-1])


def test_limits_are_values():
    told = {"limits": {"memory": 1, "processes": None, "files": 3}}
    assert decode(told, "there").limits == Limits(memory=1, processes=None, files=3)
