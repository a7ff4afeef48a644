"""The gate `hardening`: each judgement on values, and each look on a real engine."""

import subprocess
import textwrap
import uuid
from dataclasses import replace
from types import SimpleNamespace

import pytest

from verify.errors import CouldNotCheck, Unavailable
from verify.gates import hardening as gate
from verify.inventory import File, Inventory, Kind
from verify.probes import hardened, secrets, standing, trials
from verify.probes.hardened import Hardened, Restrictions
from verify.probes.images import layers as layered
from verify.probes.images import ours
from verify.probes.images.base import Base, Step
from verify.probes.images.layers import Layer, Layers
from verify.probes.images.save import Contents
from verify.probes.protocol.elements import Element
from verify.probes.protocol.page import Page, Tab
from verify.probes.source import Source
from verify.probes.standing import Granted, Health, Standing
from verify.probes.trials import OK, REFUSED, SILENT, Trial, Tried, User
from verify.surroundings import (
    Distribution,
    Inside,
    Interpreter,
    Limits,
    Listener,
    Mount,
    Process,
    Recorded,
)
from verify.tables import Hardening, Image

SPEC = Image(dockerfile="Dockerfile", tag="x:y", lock="lock.txt")
USER = User("10001:10001", known=True, uid=10001, gids=(10001,))
LOCK = "demo==1.0 --hash=sha256:" + "0" * 64 + "\n"
DOCKERFILE = textwrap.dedent("""\
    FROM python
    ENV NAME=x \\
        DB_PASSWORD=y
    USER 10001:10001
    EXPOSE 8501
    HEALTHCHECK CMD ["check"]
    """)

GOOD = (
    Trial(OK, 0, ended=True, seconds=0.1, asked=("GET /_stcore/health",), said="ok"),
    Trial("a page", 1, ended=True, seconds=0.1, asked=("GET /_stcore/health",), said="no"),
    Trial(REFUSED, 1, ended=True, seconds=0.5, asked=(), said="refused"),
    Trial(SILENT, 1, ended=True, seconds=5.3, asked=("GET /_stcore/health",), said="late"),
)


def put(path, **more):
    kind = more.pop("kind", Kind.FILE)
    mode = 0o755 if kind is Kind.FOLDER else 0o644
    known = {"size": 3, "mode": mode, "uid": 0, "gid": 0, **more}
    return File(path, kind, **known)


def layer(*files, of_base=False, removed=(), emptied=(), findings=None, by="RUN x"):
    contents = Contents(
        uuid.uuid4().hex, 1, {f.path: f for f in files}, removed, emptied, findings or {}
    )
    return Layer("sha256:0", contents, of_base, by, remembered=False)


def layers(*several, known=True, history=()):
    below = sum(bool(one.of_base) for one in several) if known else None
    under = Base("base", here=known, first=known or None, layers=below)
    steps = tuple(one if isinstance(one, Step) else Step(one, None) for one in history)
    return Layers("sha256:1", several, steps, under, {}, remembered=False)


def judged(*several, tmp_path, config=None, tried=None, known=True, history=(), **more):
    """Return the findings of the image's cell, as (subject, got, line)."""
    tmp_path.joinpath("Dockerfile").write_text(DOCKERFILE)
    tmp_path.joinpath("lock.txt").write_text(LOCK)
    allowed = more.pop("setuid", ())
    manifest = SimpleNamespace(image=SPEC, hardening=Hardening(setuid=allowed))
    image = SimpleNamespace(config={"ExposedPorts": {"8501/tcp": {}}, **(config or {})})
    application = layer(put("/app", kind=Kind.FOLDER), put("/app/page.py"), of_base=False)
    observed = gate.gate_image(
        image,
        more.pop("inside", Inside("the image")),
        layers(*several, application, known=known, history=history),
        tried or Tried(USER, ("check",), 5.0, GOOD),
        Source(tmp_path),
        manifest,
    )
    assert not more
    return [(one.subject, one.got, one.line) for one in observed if not one.ok]


@pytest.fixture
def look(tmp_path):
    return lambda *several, **more: judged(*several, tmp_path=tmp_path, **more)


def test_a_sound_image_has_no_finding(look):
    assert look(layer(put("/bin/su", mode=0o4755), of_base=True), layer(put("/srv/a"))) == []


def test_packages_that_the_images_own_user_may_write_are_told(look):
    python = Interpreter("3.11.2", "/v/bin/python", "/v", ("/app", "/v/lib", "", "/"), {}, "")
    inside = Inside("the image", interpreter=python)
    changed = layer(put("/v/lib/one.py", uid=USER.uid), put("/v/other", uid=USER.uid))
    subject = f"what the user {USER.uid} may write where Python finds modules"
    assert [row[:2] for row in look(changed, inside=inside)] == [(subject, "/v/lib/one.py")]
    root = replace(USER, uid=0)
    tried = Tried(root, ("check",), 5.0, GOOD)
    assert subject not in {row[0] for row in look(changed, inside=inside, tried=tried)}
    assert look(layer(put("/v/lib/one.py")), inside=inside) == []


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (put("/srv/a", mode=0o4755), "is setuid"),
        (put("/srv/a", mode=0o2755), "is setgid"),
        (put("/srv/a", mode=0o6755), "is setuid and is setgid"),
        (put("/srv/a", capabilities="0100"), "has capabilities"),
        (put("/srv/a", mode=0o666), "may be written by everybody"),
        (put("/srv/a", mode=0o777, kind=Kind.FOLDER), "may be written by everybody"),
    ],
)
def test_rights_of_our_files_are_findings_and_those_of_the_base_are_told(look, file, words):
    assert look(layer(file)) == [("/srv/a", words, None)]
    assert look(layer(file, of_base=True)) == []


@pytest.mark.parametrize(
    "file",
    [
        put("/srv/a", mode=0o1777, kind=Kind.FOLDER),
        put("/srv/a", mode=0o2775, kind=Kind.FOLDER),
        put("/srv/a", mode=0o777, kind=Kind.LINK),
        put("/srv/a", mode=0o755),
    ],
)
def test_sticky_folders_folders_of_a_group_and_links_are_none(look, file):
    assert look(layer(file)) == []


def test_a_setuid_file_may_be_allowed_by_its_path_and_still_not_be_written_by_everybody(look):
    assert look(layer(put("/srv/a", mode=0o4755)), setuid=("/srv/a",)) == []
    assert look(layer(put("/srv/a", mode=0o4757)), setuid=("/srv/a",)) == [
        ("/srv/a", "may be written by everybody", None)
    ]


def test_a_folder_of_the_base_is_not_ours_because_something_in_it_changed(look):
    folder = put("/srv", mode=0o777, kind=Kind.FOLDER)
    assert look(layer(folder, of_base=True), layer(folder, put("/srv/x"))) == []


def test_what_a_later_layer_takes_away_gives_no_rights(look):
    bad = put("/srv/a/b", mode=0o4755)
    folder = put("/srv/a", kind=Kind.FOLDER)
    assert look(layer(folder, bad), layer(removed=("/srv/a",))) == []
    assert look(layer(folder, bad), layer(folder, emptied=("/srv/a",))) == []
    assert look(layer(folder, bad), layer(put("/srv/a"))) == []
    assert look(layer(folder, bad), layer(removed=("/srv/ab",))) != []


@pytest.mark.parametrize(
    ("file", "may"),
    [
        (put("/app/x", uid=10001, mode=0o444), True),
        (put("/app/x", gid=10001, mode=0o664), True),
        (put("/app/x", gid=10001, mode=0o644), False),
        (put("/app/x", uid=5, gid=5, mode=0o770), False),
        (put("/app/x", uid=10001, kind=Kind.LINK), False),
    ],
)
def test_the_application_is_written_by_its_owner_and_his_group(look, file, may):
    expected = [("what the user 10001 may write in /app", "/app/x", None)] if may else []
    assert look(layer(file)) == expected


@pytest.mark.parametrize(
    ("user", "got"),
    [
        (User("", known=True, uid=0), "root (no user is named)"),
        (User("toor", known=True, uid=0), "root (toor)"),
        (User("0:0", known=True, uid=None), "root (0:0)"),
        (User("gone", known=False, uid=None), "'gone', who has no account in the image"),
    ],
)
def test_root_and_users_who_are_not_there_are_findings(look, user, got):
    tried = Tried(user, ("check",), 5.0, GOOD if user.known else ())
    assert look(tried=tried) == [("the user the image runs as", got, 4)]


def test_secrets_in_variables_labels_and_history_are_told_with_their_line(look):
    config = {"Env": ["NAME=x", "DB_PASSWORD=y"], "Labels": {"team": "postgres://a:hunter2@db"}}
    history = ("/bin/sh -c #(nop) ARG T", "|1 PIP_TOKEN=hunter2 /bin/sh -c pip install x")
    found = look(config=config, history=history)
    assert found == [
        ("variable DB_PASSWORD", "a value under the name of a secret", 2),
        ("label team", "a password in an address", None),
        ("step 2 of the history, RUN", "PIP_TOKEN: a value under the name of a secret", None),
    ]
    assert "hunter2" not in repr(found)


def test_a_build_argument_is_told_once_though_each_later_step_repeats_it(look):
    history = ("ARG T_TOKEN=hunter2", "|1 T_TOKEN=hunter2 /bin/sh -c a", "/bin/sh -c a://b:c2@d")
    assert look(history=history) == [
        ("step 1 of the history, ARG", "T_TOKEN: a value under the name of a secret", None),
        ("step 3 of the history, RUN", "its text: a password in an address", None),
    ]


def test_steps_and_layers_are_told_with_the_lines_that_made_them(look):
    steps = [
        Step("/bin/sh -c make the base", 0),
        Step("ENV NAME=x DB_PASSWORD=y", None),
        Step("/bin/sh -c #(nop)  USER 10001:10001", None),
        Step("EXPOSE map[8501/tcp:{}]", None),
        Step('HEALTHCHECK &{["CMD" "check"]}', None),
        Step("LABEL added.by=the builder", None),
    ]
    assert look(history=steps) == [
        ("step 2 of the history, ENV", "DB_PASSWORD: a value under the name of a secret", 2)
    ]
    # Of another Dockerfile nothing is known.
    other = [
        Step("RUN x", None) if step.created_by.startswith("EXPOSE") else step for step in steps
    ]
    assert [line for *_, line in look(history=other)] == [None]


def test_a_secret_counts_in_each_layer_of_ours_though_a_later_one_deletes_it(look):
    with_key = {"findings": {"/k.pem": ("a private key, line 1",)}}
    assert look(layer(put("/k.pem"), **with_key), layer(removed=("/k.pem",))) == [
        ("secrets in layer 1 of 3, RUN", "/k.pem: a private key, line 1", None)
    ]
    assert look(layer(put("/k.pem"), of_base=True, **with_key)) == []


def site(digest="d1", locked="1.0", record="d1", name="demo"):
    path = "/v/site-packages/demo/doc.py"
    recorded = (Recorded(path, record, 3),)
    found = Distribution(name, locked, "/v/site-packages/demo-1.0.dist-info", (), recorded)
    inventory = Inventory("the image", ("/",), {path: put(path, digest=digest)})
    return path, Inside("the image", files=inventory, distributions=(found,))


def test_what_a_locked_distribution_brought_unchanged_is_no_secret_of_ours(look):
    findings = {"findings": {site()[0]: ("a password in an address, line 3",)}}
    held = layer(put(site()[0]), **findings)
    assert look(held, inside=site()[1]) == []
    # A layer may repeat it, as chown does.
    assert look(held, layer(put(site()[0]), **findings), inside=site()[1]) == []


def test_bytecode_of_what_a_distribution_brought_is_none_either(look):
    _, inside = site()
    cached = "/v/site-packages/demo/__pycache__/doc.cpython-311.opt-1.pyc"
    other = "/v/site-packages/demo/__pycache__/own.cpython-311.pyc"
    inside.files.files.update({cached: put(cached), other: put(other)})
    findings = {cached: ("a password in an address",), other: ("a password in an address",)}
    assert [
        got for _, got, _ in look(layer(put(cached), put(other), findings=findings), inside=inside)
    ] == [f"{other}: a password in an address"]


@pytest.mark.parametrize(
    "changed", [{"digest": "d2"}, {"locked": "2.0"}, {"record": None}, {"name": "own"}]
)
def test_what_was_changed_or_is_of_no_lock_is_one(look, changed):
    path, inside = site(**changed)
    held = layer(put(path), findings={path: ("a password in an address, line 3",)})
    assert [subject for subject, *_ in look(held, inside=inside)] == [
        "secrets in layer 1 of 2, RUN"
    ]


def test_another_text_in_an_earlier_layer_is_one_though_the_last_is_published(look):
    path, inside = site()
    earlier = layer(put(path, size=9), findings={path: ("a private key, line 1",)})
    later = layer(put(path), findings={path: ("a password in an address, line 3",)})
    assert [got for _, got, _ in look(earlier, later, inside=inside)] == [
        f"{path}: a private key, line 1"
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/var/lib/apt/lists/example.org_main_Packages.lz4", "apt"),
        ("/var/cache/apt/archives/x_1.deb", "apt"),
        ("/var/cache/apt/pkgcache.bin", "apt"),
        ("/var/cache/apk/APKINDEX.1.tar.gz", "apk"),
        ("/var/cache/dnf/x.solv", "dnf and yum"),
        ("/root/.cache/pip/http/a", "pip"),
        ("/home/me/.cache/uv/a", "uv"),
        ("/root/.cache/pypoetry/a", "Poetry"),
        ("/root/.npm/_cacache/a", "npm and Yarn"),
        ("/opt/conda/pkgs/x.conda", "conda"),
        ("/root/miniconda3/pkgs/x.conda", "conda"),
    ],
)
def test_caches_of_package_managers_are_found_in_each_layer_of_ours(look, path, name):
    expected = [("package manager caches in our layers", f"of {name}: 1 file, 0.0 MB", None)]
    assert look(layer(put(path)), layer(removed=(path,))) == expected
    assert look(layer(put(path), of_base=True)) == []
    assert look(layer(put(path, size=0))) == []


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/apt/extended_states",
        "/opt/venv/lib/pkgs/x",
        "/app/.cache/own",
        "/var/cache/ldconfig/x",
    ],
)
def test_other_files_are_no_caches(path):
    assert ours.cached({path: put(path)}) == {}


@pytest.mark.parametrize("ports", [None, {}, {"8502/tcp": {}}, {"8501/tcp": {}, "22/tcp": {}}])
def test_only_the_declared_port_is_exposed(look, ports):
    got = ", ".join(sorted(ports or ())) or "no port"
    assert look(config={"ExposedPorts": ports}) == [("EXPOSE", got, 5)]


def trying(**changed):
    return Tried(
        USER,
        ("check",),
        5.0,
        tuple(
            Trial(**({key: getattr(one, key) for key in Trial.__slots__} | changed[one.name]))
            if one.name in changed
            else one
            for one in GOOD
        ),
    )


@pytest.mark.parametrize(
    ("changed", "says", "got"),
    [
        ({OK: {"exit": 1}}, "ends with", "exit code 1"),
        ({OK: {"exit": None}}, "ends with", "cannot be started"),
        ({OK: {"asked": ()}}, "asks port 8501 for", "nothing"),
        ({OK: {"asked": ("GET /health?key=hunter2",)}}, "asks port 8501 for", "GET /health"),
        ({"a page": {"exit": 0}}, "given a page", "exit code 0"),
        ({REFUSED: {"exit": None}}, "given nothing that listens", "cannot be started"),
        (
            {SILENT: {"exit": None, "ended": False, "seconds": 15.0}},
            "never answers",
            "still running after 15 s",
        ),
        ({SILENT: {"seconds": 9.0}}, "never answers: waits", 8.5),
    ],
)
def test_a_health_check_that_is_wrong_in_one_way_is_told_in_that(look, changed, says, got):
    ((subject, seen, line),) = look(tried=trying(**changed))
    assert says in subject
    assert (seen, line) == (got, 6)


def test_no_health_check_is_a_finding(look):
    assert look(tried=Tried(USER, (), 30.0, ())) == [("HEALTHCHECK", "none", 6)]


def test_what_could_not_be_seen_is_no_pass_and_a_finding_weighs_more(look):
    with pytest.raises(CouldNotCheck, match="which layers are those of base"):
        look(layer(put("/srv/a", mode=0o4755), of_base=None), known=False)
    assert look(known=False, config={"ExposedPorts": {}}) == [("EXPOSE", "no port", 5)]
    hindered = Tried(User("5", known=True, uid=None), ("check",), 5.0, (), "no python")
    with pytest.raises(Unavailable, match="no python"):
        look(tried=hindered)
    assert look(tried=hindered, config={"ExposedPorts": {}}) == [("EXPOSE", "no port", 5)]


def test_an_image_without_its_application_is_no_pass(tmp_path):
    manifest = SimpleNamespace(
        image=Image(dockerfile="Dockerfile", tag="x", app_dir="/gone"), hardening=Hardening()
    )
    tmp_path.joinpath("Dockerfile").write_text(DOCKERFILE)
    image = SimpleNamespace(config={"ExposedPorts": {"8501/tcp": {}}})
    tried = Tried(USER, ("check",), 5.0, GOOD)
    observed = list(
        gate.gate_image(
            image,
            Inside("the image"),
            layers(layer(put("/app"))),
            tried,
            Source(tmp_path),
            manifest,
        )
    )
    assert [one.subject for one in observed if not one.ok] == ["files and folders in /gone"]


# The container.

FIRST = Process(1, 0, ("/opt/venv/bin/python", "-m", "x"), 10001, 0, no_new_privileges=True)
MOUNTS = (
    Mount("/", "overlay", "overlay", read_only=True),
    Mount("/tmp", "tmpfs", "tmpfs", read_only=False),
    Mount("/data", "ext4", "/dev/vda", read_only=False),
    Mount("/proc", "proc", "proc", read_only=False),
    Mount("/etc/hosts", "ext4", "/dev/vda", read_only=False),
)
ASKED = Restrictions("64m", 256, ("/tmp",), ("/data",))
LIMITS = Limits(64 << 20, 256, 1024)
RIGHTS = Granted(
    privileged=False, shared=(), capabilities=(), unconfined=(), devices=(), sockets=()
)
PAGE = Page(
    "http://x", "/app/page.py", "1", "3", ("x",), ("",),
    tabs=(Tab("One", (Element("text", "one", ()),)),),
    main=(Element("text", "a", ()),), sidebar=(), exceptions=(), complete=True, how="success",
    runs=1, bytes=1, connect_seconds=0.0, first_message_seconds=0.0, complete_seconds=0.0,
)  # fmt: skip


def running(**changed):
    known = {
        "processes": (FIRST,),
        "listeners": (Listener("0.0.0.0", 8501, 10001),),
        "mounts": MOUNTS,
    }
    return Inside("the container", **{**known, **changed})


def works(**changed):
    inner = changed.pop("inside", {})
    inside = (
        inner
        if inner is None
        else Inside(
            "the hardened one",
            **{"processes": (FIRST,), "mounts": MOUNTS, "limits": LIMITS, **inner},
        )
    )
    known = {"page": PAGE, "ended": "", "causes": {}, "inside": inside}
    return Hardened(ASKED, **{**known, **changed})


def watched(inside=None, stands=None, hard=None):
    dashboard = SimpleNamespace(tabs=("One",), sentinel="", fault_text="Error id")
    manifest = SimpleNamespace(image=SPEC, dashboard=dashboard)
    observed = gate.gate_container(
        inside or running(),
        stands or Standing(Health("healthy"), RIGHTS),
        hard or works(),
        manifest,
    )
    return [(one.subject, one.got) for one in observed if not one.ok]


def test_a_sound_container_has_no_finding():
    assert watched() == []


def test_it_can_be_looked_at_without_an_engine():
    manifest = SimpleNamespace(image=SPEC, dashboard=None)
    assert all(one.ok for one in gate.gate_container(running(), None, None, manifest))


@pytest.mark.parametrize(
    ("process", "got"),
    [
        (Process(7, 1, ("/bin/sh",), 0, 0), "root"),
        (Process(7, 1, ("/bin/sh",), 5, 0x400), "an ordinary user, with capabilities 0x400"),
        (Process(7, 1, ("/bin/sh",), 5, None), "an ordinary user, and nobody can tell its"),
    ],
)
def test_each_process_is_an_ordinary_users_without_capabilities(process, got):
    ((subject, seen),) = watched(running(processes=(FIRST, process)))
    assert subject == "process 7 (sh) runs as"
    assert seen.startswith(got)


def test_it_listens_on_the_declared_port_and_no_other():
    declared = Listener("::", 8501, 10001)
    assert watched(running(listeners=(declared, Listener("127.0.0.11", 40000, 0)))) == []
    assert watched(running(listeners=(declared, Listener("127.0.0.1", 9000, 1)))) == [
        ("listens on 127.0.0.1, user 1: port", 9000)
    ]
    assert watched(running(listeners=())) == [("listens on the declared port", "not listening")]


def test_an_engines_socket_inside_is_a_finding():
    mounts = (*MOUNTS, Mount("/var/run/docker.sock", "tmpfs", "tmpfs", read_only=True))
    assert watched(running(mounts=mounts)) == [
        ("engines that can be spoken to inside", "/var/run/docker.sock")
    ]


def test_what_nobody_looked_at_is_no_pass_and_a_finding_weighs_more():
    with pytest.raises(Unavailable, match="nobody looked"):
        watched(running(listeners=None))
    assert watched(running(listeners=None), Standing(Health("unhealthy", 3), RIGHTS)) == [
        ("the engine calls the container", "unhealthy")
    ]


def test_each_restriction_that_breaks_the_page_is_named_with_the_line_of_the_log():
    log = (
        "x\nOSError: [Errno 30] Read-only file system: '/app/x'\n"
        "RuntimeError: can't start new thread"
    )
    broken = works(page=None, ended="exited with exit code 1", causes=hardened.causes(log))
    assert watched(hard=broken) == [
        ("the image under restrictions", "exited with exit code 1"),
        (
            "what a read-only root file system breaks",
            "OSError: [Errno 30] Read-only file system: '/app/x'",
        ),
        ("what the limit of processes breaks", "RuntimeError: can't start new thread"),
    ]
    # One that does well without what it was refused has nothing broken.
    assert watched(hard=works(causes=hardened.causes(log))) == []


def test_a_limit_that_stops_whoever_looks_inside_hides_no_finding_and_is_no_pass():
    stopped = CouldNotCheck("can't start new thread")
    with pytest.raises(CouldNotCheck, match="new thread"):
        watched(hard=works(inside=None, hindered=stopped))
    log = "RuntimeError: can't start new thread"
    fewer = Page(**{name: getattr(PAGE, name) for name in Page.__slots__} | {"tabs": ()})
    seen = works(page=fewer, causes=hardened.causes(log), inside=None, hindered=stopped)
    assert watched(hard=seen) == [
        ("under restrictions, the tabs", ()),
        ("what the limit of processes breaks", log),
    ]


def test_a_page_that_shows_a_fault_under_restrictions_is_a_finding():
    tab = Tab("One", (Element("text", "Error id 5", ()),))
    shown = {name: getattr(PAGE, name) for name in Page.__slots__} | {"tabs": (tab,)}
    assert watched(hard=works(page=Page(**shown))) == [
        ("under restrictions, faults shown", "Error id 5")
    ]
    fewer = shown | {"tabs": ()}
    assert watched(hard=works(page=Page(**fewer))) == [("under restrictions, the tabs", ())]


def test_a_tab_that_was_not_seen_under_restrictions_is_no_pass_and_hides_no_finding():
    tab = Tab("One", (), opened=False)
    shown = {name: getattr(PAGE, name) for name in Page.__slots__} | {"tabs": (tab,)}
    with pytest.raises(CouldNotCheck, match="did not come to tab One"):
        watched(hard=works(page=Page(**shown)))
    two = Page(**shown | {"tabs": (tab, tab)})
    causes = {hardened.READ_ONLY: "Read-only file system"}
    assert watched(hard=works(page=two, causes=causes)) == [
        ("under restrictions, the tabs", ("One", "One")),
        ("what a read-only root file system breaks", "Read-only file system"),
    ]


@pytest.mark.parametrize(
    "inside",
    [
        {"mounts": (Mount("/", "overlay", "overlay", read_only=False), *MOUNTS[1:])},
        {"mounts": MOUNTS[:1] + MOUNTS[2:]},
        {"mounts": (*MOUNTS, Mount("/srv", "ext4", "x", read_only=False))},
        {"processes": ()},
        {"processes": (Process(1, 0, ("x",), 5, 1, no_new_privileges=True),)},
        {"processes": (Process(1, 0, ("x",), 5, 0, no_new_privileges=None),)},
        {"limits": Limits(None, 256, 5)},
        {"limits": Limits(64 << 20, None, 5)},
        {"limits": Limits(128 << 20, 256, 5)},
    ],
)
def test_a_restriction_that_was_not_in_force_proves_nothing(inside):
    with pytest.raises(CouldNotCheck, match="did not put every restriction in force"):
        watched(hard=works(inside=inside))


@pytest.mark.parametrize(
    ("attrs", "name", "got"),
    [
        ({"HostConfig": {"Privileged": True}}, "privileged", True),
        ({"HostConfig": {"PidMode": "host"}}, "shared", ("processes",)),
        ({"HostConfig": {"NetworkMode": "host", "IpcMode": "host"}}, "shared",
         ("network", "shared memory")),
        ({"HostConfig": {"CapAdd": ["SYS_ADMIN"]}}, "capabilities", ("SYS_ADMIN",)),
        ({"HostConfig": {"SecurityOpt": ["seccomp=unconfined", "no-new-privileges:true"]}},
         "unconfined", ("seccomp=unconfined",)),
        ({"HostConfig": {"SecurityOpt": ["label=disable"]}}, "unconfined", ("label=disable",)),
        ({"HostConfig": {"Devices": [{"PathOnHost": "/dev/kvm"}]}}, "devices", ("/dev/kvm",)),
        ({"Mounts": [{"Source": "/var/run/docker.sock"}]}, "sockets", ("/var/run/docker.sock",)),
        ({"Mounts": [{"Source": "/srv/run"}]}, "sockets", ()),
        ({"Mounts": [{"Source": ""}]}, "sockets", ()),
        ({}, "shared", ()),
    ],
)  # fmt: skip
def test_what_an_engine_grants_is_read_off_its_own_record(attrs, name, got):
    assert getattr(standing.granted(attrs), name) == got


def test_a_mounted_folder_that_holds_the_engines_socket_counts():
    assert standing.granted({"Mounts": [{"Source": "/"}]}).sockets == standing.SOCKETS
    found = standing.granted({"Mounts": [{"Source": "/var/run/"}]}).sockets
    assert "/var/run/docker.sock" in found


@pytest.mark.parametrize(
    ("text", "number"), [("1g", 1 << 30), ("256m", 256 << 20), ("64mb", 64 << 20), ("1024", 1024)]
)
def test_the_memory_is_reckoned_as_the_engine_does(text, number):
    assert Restrictions(text, 1, ()).bytes == number


# A real engine.


@pytest.fixture
def built(engine, tmp_path):
    """Build a small image on this machine's base; `built("USER x", ...)`."""
    tags = []

    def build(*lines, python="python3", memory="128m"):
        tags.append(f"verify-test-{uuid.uuid4().hex[:10]}:x")
        spec = Image(
            dockerfile="Dockerfile",
            tag=tags[-1],
            base_arg="PYTHON_IMAGE",
            fallback_base="aicmo-python-base:bookworm",
            memory=memory,
            python=python,
            app_dir="/tmp",
            ready_seconds=60.0,
        )
        first = ["ARG PYTHON_IMAGE=python:3.12-slim-bookworm", "FROM ${PYTHON_IMAGE}"]
        (tmp_path / "Dockerfile").write_text("\n".join([*first, *lines, ""]))
        return spec, engine.build(tmp_path, spec, args={}, step=lambda _: None)

    yield build
    for tag in tags:
        subprocess.run(["docker", "rmi", "-f", tag], capture_output=True, check=False)


def command(code):
    return f'CMD ["python3", "-c", "{code}"]'


WAITS = "import signal; signal.pause()"


CAPABLE = (
    "import os, shutil; shutil.copy('/bin/true', '/srv/able'); "
    "os.setxattr('/srv/able', 'security.capability', "
    "bytes.fromhex('0100000200040000000000000000000000000000'))"
)


@pytest.mark.docker
def test_rights_secrets_and_caches_are_seen_in_the_layers_of_a_real_image(engine, built):
    _, image = built(
        f'RUN python3 -c "{CAPABLE}"',
        "RUN install --mode=4755 /bin/true /srv/raise && install -d --mode=0777 /srv/drop",
        "RUN install -D --mode=0600 /dev/null /root/.cache/pip/x && echo x > /root/.cache/pip/x",
        "RUN echo machine x login y password hunter2 > /root/.netrc",
        "RUN rm -r /root/.netrc /root/.cache",
    )
    scanner = layered.Scanner(secrets.version(), secrets.told)
    seen = layered.look(engine, image.inspected, base=image.ref.base, scanner=scanner)
    there = ours.finished(seen.layers)
    own = ours.ours(there, seen)
    assert {
        path: list(ours.rights(file)) for path, file in own.items() if any(ours.rights(file))
    } == {
        "/srv/able": ["has capabilities"],
        "/srv/raise": ["is setuid"],
        "/srv/drop": ["may be written by everybody"],
    }
    assert not {"/root/.netrc", "/root/.cache/pip/x"} & set(there)
    of_ours = [one.contents for one in seen.layers if not one.of_base]
    assert [one.findings for one in of_ours if one.findings] == [
        {"/root/.netrc": ("a password in .netrc, line 1",)}
    ]
    assert [list(ours.cached(one.files)) for one in of_ours if ours.cached(one.files)] == [["pip"]]


@pytest.mark.docker
def test_a_user_without_an_account_is_told_and_nothing_is_started(engine, built):
    spec, image = built("USER nobody-here", 'HEALTHCHECK CMD ["true"]')
    tried = trials.try_health_check(engine, image, spec, deadline=60)
    assert tried == Tried(User("nobody-here", known=False, uid=None), ("true",), 30.0, ())


@pytest.mark.docker
def test_a_user_by_name_is_who_he_is_in_the_image(engine, built):
    spec, image = built(
        "RUN echo toor:x:0:0::/root:/bin/sh >> /etc/passwd", "USER toor", "HEALTHCHECK NONE"
    )
    tried = trials.try_health_check(engine, image, spec, deadline=60)
    assert (tried.user.known, tried.user.uid, tried.command) == (True, 0, ())
    assert tried.trials == ()


@pytest.mark.docker
def test_an_image_without_its_interpreter_says_why_nothing_was_tried(engine, built):
    spec, image = built('HEALTHCHECK CMD ["true"]', python="python-that-is-not-there")
    tried = trials.try_health_check(engine, image, spec, deadline=60)
    assert tried.hindered == "the image has no python-that-is-not-there, with which to try it"


@pytest.mark.docker
def test_the_shell_form_is_tried_as_the_images_user_in_its_working_directory(engine, built):
    spec, image = built(
        "USER 4321:8765",
        "WORKDIR /opt",
        "HEALTHCHECK --timeout=1s CMD echo $(id -u) $(pwd) $HERE; exit 1",
        "ENV HERE=there",
    )
    tried = trials.try_health_check(engine, image, spec, deadline=60)
    assert (tried.user.uid, tried.user.gids, tried.seconds) == (4321, (8765,), 1.0)
    assert {(trial.exit, trial.said) for trial in tried.trials} == {(1, "4321 /opt there")}


@pytest.mark.docker
@pytest.mark.parametrize(
    ("check", "status", "said"),
    [
        ("HEALTHCHECK --interval=1s --retries=1 CMD exit 0", "healthy", ""),
        ("HEALTHCHECK --interval=1s --retries=1 CMD echo no; exit 1", "unhealthy", "no"),
        ("HEALTHCHECK NONE", standing.UNCHECKED, ""),
    ],
)
def test_the_engines_opinion_is_waited_for(engine, built, check, status, said):
    spec, image = built(check, command(WAITS))
    started = engine.start(image.ref.id, ports=(spec.port,), memory=spec.memory)
    started.hold()
    try:
        seen = standing.ask(started, image.config)
    finally:
        engine.remove(started)
    assert (seen.health.status, seen.health.said) == (status, said)
    assert seen.granted == RIGHTS


@pytest.mark.docker
def test_a_check_that_fails_while_it_may_still_start_is_not_waited_for_in_vain(engine, built):
    spec, image = built(
        "HEALTHCHECK --interval=1s --timeout=1s --start-period=600s --retries=1 CMD exit 1",
        command(WAITS),
    )
    started = engine.start(image.ref.id, ports=(spec.port,), memory=spec.memory)
    started.hold()
    try:
        seen = standing.ask(started, image.config)
    finally:
        engine.remove(started)
    assert (seen.health.status, seen.health.failed) == ("starting", 2)


@pytest.mark.docker
def test_a_container_that_goes_while_its_health_is_waited_for_is_an_error(engine, built):
    spec, image = built("HEALTHCHECK --interval=600s CMD exit 0", command(WAITS))
    started = engine.start(image.ref.id, ports=(spec.port,), memory=spec.memory)
    started.hold()
    engine.remove(started)
    with pytest.raises(CouldNotCheck):
        standing.ask(started, image.config)


BREAKS = {
    hardened.READ_ONLY: "open('/var/own', 'w')",
    hardened.RIGHTS: "import os; os.chown('/tmp', 5, 5)",
    hardened.PROCESSES: "import threading, time; "
    "[threading.Thread(target=time.sleep, args=(60,), daemon=True).start() for n in range(99)]",
    hardened.MEMORY: "x = [bytearray(1 << 20) for n in range(999)]",
    hardened.TEMPORARY: "file = open('/dev/shm/x', 'wb'); "
    "[file.write(bytes(1 << 20)) for n in range(80)]",
}


@pytest.mark.docker
@pytest.mark.parametrize("restriction", BREAKS)
def test_a_program_that_stands_one_restriction_not_is_told_by_that(engine, built, restriction):
    spec, image = built(command(BREAKS[restriction]))
    asked = Restrictions(spec.memory, 32, ("/tmp",))
    seen = hardened.start_hardened(engine, image.ref.id, spec, asked, tab_seconds=5, deadline=60)
    assert (seen.page, seen.inside) == (None, None)
    assert seen.ended.startswith("exited with exit code ")
    assert list(seen.causes) == [restriction]


@pytest.mark.docker
def test_an_image_that_cannot_even_be_started_under_restrictions_is_told(engine, built):
    spec, image = built('CMD ["/nowhere"]')
    asked = Restrictions(spec.memory, 32, ("/tmp",))
    seen = hardened.start_hardened(engine, image.ref.id, spec, asked, tab_seconds=5, deadline=60)
    assert "does not start" in seen.ended
