"""The gate drift: what changed in a running container, by its files and by the engine's record."""

import gc
import subprocess
import uuid
from dataclasses import replace
from types import SimpleNamespace

import pytest

from verify.difference import Change
from verify.errors import CouldNotCheck, NotDeclared
from verify.gates import drift
from verify.inventory import File, Inventory, Kind
from verify.judge import judge
from verify.model import Outcome
from verify.probes import engine as engines
from verify.probes import inside
from verify.probes.changes import Changes, changes
from verify.probes.inside.at_rest import at_rest
from verify.probes.inside.decode import decode
from verify.probes.reviewed import Reviewed
from verify.surroundings import Inside, Mount
from verify.tables import Contents, Image

IMAGE = Image(dockerfile="Dockerfile", tag="t:t")


def file(path: str, digest: str = "a", **more) -> File:
    known = {"size": 1, "mode": 0o644, "uid": 0, "gid": 0, "capabilities": "", **more}
    return File(path, digest=digest * 64, **known)


def folder(path: str) -> File:
    return File(path, Kind.FOLDER, mode=0o755, uid=0, gid=0, capabilities="")


IN_IMAGE = {
    one.path: one
    for one in (
        folder("/app"),
        folder("/app/in"),
        folder("/etc"),
        folder("/opt"),
        file("/app/a.py"),
        file("/app/in/b.py"),
        file("/etc/passwd"),
    )
}
STOOD = Inside("the image", files=Inventory("the image", ("/",), IN_IMAGE))
REVIEWED = Reviewed(
    where="commit c",
    files={path: file(path) for path in ("/app/a.py", "/app/in/b.py")},
    sources={"/app/a.py": "a.py", "/app/in/b.py": "in/b.py"},
    dockerfile="Dockerfile",
)


def runs(*changed: File, without: str = "", mounts=(), **settings) -> Inside:
    files = {p: f for p, f in IN_IMAGE.items() if p.startswith("/app") and p != without}
    files |= {one.path: one for one in changed}
    got = Inventory("container 1", ("/app",), files, **settings)
    return Inside("container 1", files=got, mounts=tuple(mounts))


def look(seen, rows=None, *, image=STOOD, reviewed=REVIEWED, record=None, data=()):
    """Return what came of the gate, judged as in every run."""
    if record is None and rows is not None:
        record = Changes(rows=rows)
    manifest = SimpleNamespace(image=IMAGE, contents=Contents(data=data))
    observed, error = [], None
    try:
        for one in drift.gate_container(seen, image, record, reviewed, manifest):
            observed.append(one)  # noqa: PERF402 - what came before an error counts
    except (CouldNotCheck, NotDeclared) as caught:
        error = caught
    outcome, reason, _ = judge(observed, error)
    found = [one for one in observed if not one.ok]
    return SimpleNamespace(
        outcome=outcome,
        reason=reason,
        observed=observed,
        found=found,
        got=[str(one.got) for one in found],
    )


ADDED, GONE, CHANGED = Change.EXTRA, Change.MISSING, Change.CHANGED


def test_a_container_that_is_its_image_passes():
    seen = look(runs(), {})
    assert seen.outcome is Outcome.PASS
    assert [one.subject for one in seen.observed] == ["/app", "/"]


@pytest.mark.parametrize(
    ("container", "line"),
    [
        (runs(file("/app/a.py", "b", size=2)), "S.5......    /app/a.py: content: 1 bytes -> 2"),
        (runs(file("/app/a.py", mode=0o600)), ".M.......    /app/a.py: mode 0644 -> 0600"),
        (runs(file("/app/a.py", uid=7)), ".....U...    /app/a.py: owner 0 -> 7"),
        (runs(file("/app/a.py", capabilities="01")), "........P    /app/a.py: capabilities none"),
        (runs(without="/app/a.py"), "missing      /app/a.py: it is not there"),
        (runs(file("/app/z.py")), "extra        /app/z.py: a file of 1 bytes"),
    ],
)
def test_what_changed_at_run_has_its_letters(container, line):
    for rows in (None, {}):
        seen = look(container, rows)
        assert seen.outcome is Outcome.FAIL
        (got,) = seen.got
        assert got.startswith(line)
        assert drift.AT_RUN in seen.found[0].message


def test_a_change_is_told_once_whoever_saw_it():
    changed = runs(file("/app/in/b.py", "b"), file("/app/in/c.py"))
    rows = {"/app": CHANGED, "/app/in": CHANGED, "/app/in/b.py": CHANGED, "/app/in/c.py": ADDED}
    seen = look(changed, rows)
    assert [one.subject for one in seen.found] == ["/app/in/b.py", "/app/in/c.py"]
    assert seen.found[0].path == "in/b.py"


def test_the_engine_knows_of_changes_where_nobody_looked():
    rows = {"/etc": CHANGED, "/etc/passwd": CHANGED, "/etc/evil": ADDED, "/opt": CHANGED}
    seen = look(runs(), {**rows, "/opt/old": GONE})
    assert seen.got == [
        "changed      /etc/passwd: the engine says so; nobody looked at its content",
        "missing      /opt/old: it is not there",
        "extra        /etc/evil: the engine says that it was added",
    ]


def test_a_name_that_is_not_utf_8_is_told_once():
    odd, told = "/app/\udcff", "/app/\ufffd"
    assert look(runs(file(odd)), {told: ADDED}).got == [
        "extra        /app/\udcff: a file of 1 bytes"
    ]
    files = {**IN_IMAGE, odd: file(odd)}
    image = Inside("the image", files=Inventory("the image", ("/",), files))
    assert look(runs(file(odd)), {told: CHANGED}, image=image).outcome is Outcome.PASS
    unread = replace(file(odd, size=None, fault="permission denied"), digest=None)
    assert look(runs(unread), {}, image=image).outcome is Outcome.PASS
    assert look(runs(unread), {told: CHANGED}, image=image).outcome is Outcome.ERROR


def test_an_added_folder_is_one_finding():
    rows = {"/opt": CHANGED, "/opt/kit": ADDED} | {f"/opt/kit/{n}": ADDED for n in range(50)}
    for image in (STOOD, None):
        (got,) = look(runs(), rows, image=image).got
        assert got == "extra        /opt/kit: 50 extra paths in it, the first /opt/kit/0"


def test_a_file_that_was_written_again_as_it_was_has_not_changed():
    assert look(runs(), {"/app": CHANGED, "/app/a.py": CHANGED}).outcome is Outcome.PASS


def test_a_folder_whose_own_mode_changed_is_told():
    seen = look(runs(replace(IN_IMAGE["/app/in"], mode=0o777)), {"/app/in": CHANGED})
    assert seen.got == [".M.......    /app/in: mode 0755 -> 0777"]


def test_data_may_change_and_is_told_to_be_data():
    rows = {"/data": CHANGED, "/data/x": ADDED, "/var/v/x": ADDED, "/app/log": ADDED}
    tmpfs = Mount("/scratch", "tmpfs", "tmpfs", read_only=False)
    seen = look(
        runs(file("/app/log"), mounts=[tmpfs]),
        record=Changes({**rows, "/scratch": ADDED}, volumes=("/var/v",)),
        data=("/data", "log"),
    )
    assert seen.outcome is Outcome.PASS
    assert {one.subject: one.message for one in seen.observed[:-2]} == {
        "/data": "data: [contents].data",
        "log": "data: [contents].data",
        "/var/v": "data: a VOLUME of the image",
        "/scratch": "data: a file system in memory",
    }


def test_what_a_mount_hides_is_told_with_the_mount():
    mounts = [
        Mount("/", "overlay", "overlay", read_only=False),
        Mount("/app/in", "ext4", "/dev/sda1", read_only=True),
    ]
    other = runs(file("/app/in/b.py", "b"), mounts=mounts)
    (finding,) = look(other, {}).found
    assert "the mount at /app/in (ext4 of /dev/sda1) hides" in finding.message
    record = Changes({}, mounts={"/app/in": "bind /home/someone"})
    (finding,) = look(other, record=record).found
    assert "the mount at /app/in (bind /home/someone) hides" in finding.message


def test_a_file_system_in_memory_that_hides_the_image_is_no_data():
    memory = Mount("/app/in", "tmpfs", "tmpfs", read_only=False)
    seen = look(runs(file("/app/in/b.py", "b"), mounts=[memory]), {})
    assert seen.outcome is Outcome.FAIL


def test_the_build_is_told_from_the_run():
    built = {
        **IN_IMAGE,
        "/app/a.py": file("/app/a.py", "b"),
        "/app/in/b.py": file("/app/in/b.py", "b"),
    }
    image = Inside("the image", files=Inventory("the image", ("/",), built))
    seen = look(runs(file("/app/a.py", "b"), file("/app/in/b.py", "c")), {}, image=image)
    (finding,) = seen.found
    assert finding.subject == "/app/in/b.py"
    assert finding.message.startswith("changed at run, after it was changed at build: ..5......")
    (only,) = [one for one in seen.observed if one.subject == "/app/a.py"]
    assert only.ok
    assert only.message.startswith("changed at build: ..5......    /app/a.py: content: ")
    (finding,) = look(runs(file("/app/a.py", "b")), {}).found
    assert finding.message == "changed at run; the image has it as it was reviewed"


UNREAD = file("/app/a.py", size=None, fault="permission denied")
UNREAD = replace(UNREAD, digest=None)


def test_what_could_not_be_read_is_neither_the_same_nor_a_finding():
    seen = look(runs(UNREAD))
    assert seen.outcome is Outcome.ERROR
    assert "permission denied" in seen.reason
    judged = look(runs(UNREAD, file("/app/in/b.py", "b")))
    assert judged.outcome is Outcome.FAIL
    assert "permission denied" in judged.got[-1]
    assert look(runs(incomplete="it took too long", without="/app/a.py")).outcome is Outcome.ERROR
    assert look(runs(incomplete="it took too long")).outcome is Outcome.ERROR
    assert look(runs(unread={"/app/closed": "permission denied"})).outcome is Outcome.ERROR
    half = replace(STOOD, files=replace(STOOD.files, incomplete="it took too long"))
    assert look(runs(), {}, image=half).outcome is Outcome.ERROR


def test_the_engine_vouches_for_what_the_container_may_not_read():
    assert look(runs(UNREAD), {}).outcome is Outcome.PASS
    assert look(runs(UNREAD), {"/app/a.py": CHANGED}).outcome is Outcome.ERROR
    mounted = Changes({}, mounts={"/app": "bind /home/someone"})
    assert look(runs(UNREAD), record=mounted).outcome is Outcome.ERROR
    closed = runs(unread={"/app/closed": "permission denied"}, incomplete="it took too long")
    assert look(closed, {}).outcome is Outcome.PASS
    assert look(closed, {"/app/closed/x": ADDED}).outcome is Outcome.FAIL
    assert look(closed, {"/app/closed": ADDED}).outcome is Outcome.FAIL
    within = Changes({}, mounts={"/app/closed/v": "volume v"})
    assert look(closed, record=within).outcome is Outcome.ERROR


def test_with_nothing_to_hold_it_against_nothing_is_said():
    seen = look(runs(), image=None)
    assert seen.outcome is Outcome.SKIP


def test_the_image_alone_or_the_engine_alone_are_enough():
    assert look(runs()).outcome is Outcome.PASS
    assert look(runs(), {}, image=None, reviewed=None).outcome is Outcome.PASS
    assert look(runs(), {"/app/x": ADDED}, image=None, reviewed=None).outcome is Outcome.FAIL


@pytest.mark.docker
def test_a_container_that_is_gone_has_no_record(engine):
    with engine.created(engine.here(BASE).ref.id, command=["true"]) as raw:
        assert changes(raw) == Changes({})
    with pytest.raises(CouldNotCheck):
        changes(raw)


BASE = "aicmo-python-base:bookworm"
CHANGING = """
set -e
printf y | dd of=/etc/debian_version bs=1 count=1 conv=notrunc 2>/dev/null
chmod 0666 /etc/issue
rm /etc/issue.net
mkdir -p /etc/evil && echo x > /etc/evil/a && echo y > /etc/evil/b
touch /etc/shells
echo x > /scratch/x
echo x > /volume/x
echo x > /root/left
"""


@pytest.fixture
def engine():
    connected = engines.connect(uuid.uuid4().hex[:12])
    yield connected
    connected.close()
    gc.collect()  # what the SDK left


@pytest.mark.docker
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)
def test_a_real_container_that_was_changed(engine, tmp_path):
    hiding = tmp_path / "hiding"
    hiding.mkdir(mode=0o755)
    (hiding / "odd").write_text("x")
    image_id = engine.here(BASE).ref.id
    container = engine.start(
        image_id,
        ports=(),
        memory="512m",
        entrypoint=["sleep"],
        command=["1000"],
        restrictions={
            "network_mode": "none",
            "volumes": {str(hiding): {"bind": "/etc/opt", "mode": "ro"}},
            "tmpfs": {"/scratch": ""},
        },
    )
    docker = ["docker", "exec", container.id, "sh", "-c"]
    subprocess.run([*docker, "mkdir /volume && " + CHANGING], check=True)
    image = at_rest(engine, image_id, "python3", memory="512m", deadline=120)
    request = {"files": {"roots": ["/etc"]}, "mounts": True}
    facts = inside.look(f"docker://{container.id}", "python3", request, deadline=120)
    record = changes(container.raw)
    seen = look(
        decode(facts, "the container"),
        image=image,
        reviewed=None,
        record=record,
        data=("/volume", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/etc/mtab"),
    )
    lines = {one.subject: (str(one.got)[:9], one.message) for one in seen.found}
    assert {path: letters for path, (letters, _) in lines.items()} == {
        "/etc/debian_version": "..5......",
        "/etc/issue": ".M.......",
        "/etc/issue.net": "missing  ",
        "/etc/evil": "extra    ",
        "/etc/opt/odd": "extra    ",
        "/root/left": "extra    ",
    }
    assert f"the mount at /etc/opt (bind {hiding}) hides" in lines["/etc/opt/odd"][1]
    assert record.rows["/etc/shells"] is CHANGED, "written again, as it was"
