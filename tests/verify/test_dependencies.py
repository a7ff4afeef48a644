"""What is installed in an image, held against its lock: small images, each with one thing wrong."""

import base64
import hashlib
import io
import json
import subprocess
import tarfile
import uuid
from dataclasses import replace
from types import SimpleNamespace

import pytest

from verify import manifest as manifests
from verify.gates.dependencies import gate_image
from verify.inventory import File, Inventory
from verify.judge import judge
from verify.model import Outcome
from verify.probes import engine as engines
from verify.probes.images import memory as stored
from verify.probes.inside.at_rest import at_rest
from verify.probes.packages import recompiled
from verify.probes.packages.environment import Environment
from verify.probes.packages.inherited import Inherited, inherited
from verify.probes.packages.recompiled import Compiled, State
from verify.probes.source import Source
from verify.surroundings import Distribution, Inside, Interpreter, Recorded

CODE = "def answer():\n    return 41\n"
TOML = """
[dashboard]
entry = "page.py"
marker = "M"
tabs = ["One"]
[image]
dockerfile = "Dockerfile"
tag = "verify-test-none:x"
memory = "512m"
lock = "lock.txt"
installed = "/opt/venv/installed.json"
"""


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def distribution(name, version, files, *requires):
    """Return the files of an installed distribution, below its site folder."""
    folder = f"{name}-{version}.dist-info"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    head += "".join(f"Requires-Dist: {one}\n" for one in requires)
    found = {**files, f"{folder}/METADATA": head + "\nText.\n", f"{folder}/INSTALLER": "pip\n"}
    rows = [f"{folder}/RECORD,,"]
    for path, text in found.items():
        digest = base64.urlsafe_b64encode(bytes.fromhex(sha(text))).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text.encode())}")
    return {**found, f"{folder}/RECORD": "\n".join(rows) + "\n"}


PACKAGES = {
    **distribution(
        "alpha",
        "1.0",
        {
            "alpha/__init__.py": CODE,
            "alpha/more.py": CODE,
            **{f"alpha/{name}.txt": "text\n" for name in ("grown", "gone", "link", "undigested")},
        },
        "beta>=2; python_version >= '3'",
        "gamma; extra == 'more'",
        "windows; sys_platform == 'win32'",
    ),
    **distribution("beta", "2.1", {"beta.py": CODE, "beta-hook.pth": "# nothing\n"}),
}
LOCK = f"alpha==1.0 --hash=sha256:{sha('a')} --hash=sha256:{sha('b')}\nbeta==2.1 \\\n"
LOCK += f"  --hash=sha256:{sha('c')}\nwindows==1 ; sys_platform == 'win32'\n"
INSTALLED = {
    "schema": "verify.installed/v1",
    "installed": [
        {"name": "alpha", "version": "1.0", "sha256": sha("b")},
        {"name": "beta", "version": "2.1", "sha256": sha("c")},
    ],
}
DOCKERFILE = """
ARG BASE
FROM $BASE
COPY installed.json /opt/venv/
COPY site /tmp/site
RUN python3 -m venv --without-pip /opt/venv \\
    && cp -r /tmp/site/. /opt/venv/lib/python3.*/site-packages/ && rm -r /tmp/site \\
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib
ENV PATH=/opt/venv/bin:$PATH
"""
FORGE = (
    "import importlib.util as u, marshal, pathlib, sys; p = pathlib.Path(sys.argv[1]); "
    "c = pathlib.Path(u.cache_from_source(str(p))); "
    "new = compile(p.read_text().replace('41', '42'), str(p), 'exec'); "
    "c.write_bytes(c.read_bytes()[:16] + marshal.dumps(new))"
)


def project(folder, lock=LOCK, toml=TOML):
    """Write what the gate reads of a tree; return manifest and source."""
    folder.mkdir(exist_ok=True)
    (folder / "page.py").write_text("")
    (folder / "Dockerfile").write_text("")
    (folder / "lock.txt").write_text(lock)
    (folder / "verify.toml").write_text(toml)
    return manifests.load(folder), Source(folder)


@pytest.fixture(scope="module")
def base_image():
    from pathlib import Path

    script = Path(__file__).parents[2] / "scripts/base-image.sh"
    found = subprocess.run([script, "--local"], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("no container engine answers, or no base image is here")
    return found.stdout.strip()


@pytest.fixture(scope="module")
def engine(base_image):
    connected = engines.connect(uuid.uuid4().hex[:12])
    yield connected
    connected.close()


def build(text, tag, files, *args):
    """Build an image from a Dockerfile and files, without any network."""
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for path, content in {"Dockerfile": text, **files}.items():
            info = tarfile.TarInfo(path)
            info.size, info.mtime = len(content.encode()), 1700000000
            tar.addfile(info, io.BytesIO(content.encode()))
    command = ["docker", "build", "--network=none", "--force-rm", "-q", "-t", tag, *args, "-"]
    done = subprocess.run(command, input=context.getvalue(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def clean_image(base_image):
    """A base, an environment of its own in it, and two distributions in that."""
    tag = f"verify-test-{uuid.uuid4().hex[:10]}:dependencies"
    files = {f"site/{path}": text for path, text in PACKAGES.items()}
    files["installed.json"] = json.dumps(INSTALLED)
    build(DOCKERFILE, tag, files, "--build-arg", f"BASE={base_image}")
    yield tag
    subprocess.run(["docker", "rmi", "-f", tag], capture_output=True, check=False)


@pytest.fixture(scope="module")
def memory(tmp_path_factory):
    """A memory of its own, so that the base's bytecode is compiled once for all these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def look(engine, clean_image, base_image, memory, tmp_path):
    """Judge the clean image with one thing done to it; return outcome, reason and findings."""
    tags = []

    def judged(*lines, lock=LOCK, toml=TOML, base=base_image):
        tag = clean_image
        if lines:
            tag = f"verify-test-{uuid.uuid4().hex[:10]}:dependencies"
            tags.append(tag)
            run = "".join(f"RUN cd /opt/venv/lib/python3.*/site-packages && {ln}\n" for ln in lines)
            build(f"FROM {clean_image}\n{run}", tag, {})
        image = engine.here(tag)
        manifest, source = project(tmp_path / "tree", lock, toml)
        spec = manifest.image
        inside = at_rest(
            engine,
            image.ref.id,
            spec.python,
            read=[spec.installed] if spec.installed else [],
            memory=spec.memory,
            deadline=120,
        )
        bytecode = recompiled.look(
            engine, image.ref.id, spec, inside.part("files"), inside.part("interpreter")
        )
        environment = Environment(
            inside.interpreter, inside.files, inside.distributions, (spec.installed,)
        )
        same = inherited(engine, image, f"FROM {base}", environment.path)
        return concluded(gate_image(environment, bytecode, same, inside, source, manifest))

    yield judged
    for tag in tags:
        subprocess.run(["docker", "rmi", "-f", tag], capture_output=True, check=False)


def concluded(observations):
    seen, error = [], None
    try:
        for observation in observations:
            seen += [observation]
    except Exception as raised:  # noqa: BLE001 - judged like any other
        error = raised
    outcome, reason, _ = judge(seen, error)
    return SimpleNamespace(
        outcome=outcome,
        reason=reason,
        seen=seen,
        findings=[(one.subject, str(one.got)) for one in seen if not one.ok],
    )


@pytest.mark.docker
def test_a_sound_image_passes_and_says_how_much_was_seen(look):
    cell = look()
    assert (cell.outcome, cell.findings) == (Outcome.PASS, [])
    said = {one.subject: one.message for one in cell.seen}
    assert said["the files of alpha"] == "9 files"
    assert said["what alpha 1.0 requires"] == "3 requirements"
    assert "no image can prove" in said["the archive of beta 2.1"]
    assert said["beta-hook.pth, which runs at each start"] == "of beta"
    places = [one.path for one in cell.seen if one.subject.startswith("bytecode below")]
    assert any(place.startswith("/opt/venv/") for place in places)
    assert any(place.startswith("/usr/lib/python3") for place in places)


PLANTED = {
    "its files": [
        ("sed -i s/41/43/ alpha/__init__.py", "the files of alpha", "..5...... "),
        ("true", "bytecode", "differs from its source: a constant of answer; Python ignores it"),
        ("echo more >> alpha/grown.txt", "the files of alpha", "S.5...... "),
        ("rm alpha/gone.txt", "the files of alpha", "missing "),
        ("ln -sf /etc/passwd alpha/link.txt", "the files of alpha", "...D..... "),
        (
            "sed -i 's/^\\(alpha.undigested.txt\\),.*/\\1,,/' alpha-1.0.dist-info/RECORD",
            "the files of alpha",
            "RECORD has no SHA-256 of /opt/venv/",
        ),
        ("touch alpha/other.py", "a file of no distribution", "/alpha/other.py"),
        (
            "cp /bin/true /opt/venv/bin/helper",
            "a file of no distribution",
            "/opt/venv/bin/helper",
        ),
        (
            "cp /bin/true /opt/venv/bin/python3.99",
            "a file of no distribution",
            "/opt/venv/bin/python3.99",
        ),
    ],
    "what runs at each start": [
        (
            "echo 'import alpha' > more.pth",
            "more.pth, which runs at each start",
            "more.pth is of neither",
        ),
        (
            "touch sitecustomize.py",
            "sitecustomize.py, which runs at each start",
            "/opt/venv/lib/",
        ),
        (
            "mkdir usercustomize && touch usercustomize/__init__.py",
            "__init__.py, which runs at each start",
            "is of neither",
        ),
        (
            "echo 'X = 1' >> $(readlink -f /usr/lib/python3.*/sitecustomize.py)",
            "sitecustomize.py, which runs at each start",
            "/usr/lib/python3",
        ),
    ],
    "the Python of its base": [
        (
            "echo 'X = 1' >> $(echo /usr/lib/python3.*/wave.py)",
            "the Python of the base image",
            "S.5...... ",
        ),
        (
            "touch $(dirname /usr/lib/python3.*/wave.py)/more.py",
            "the Python of the base image",
            "/more.py",
        ),
        (
            "touch $(python3 -c 'import sys; print(sys.path[1])')",
            "the Python of the base image",
            ".zip",
        ),
        (
            "mkdir /usr/lib/$(basename /usr/lib/python3.*)/extra",
            "the Python of the base image",
            "/extra",
        ),
        ("rm $(echo /usr/lib/python3.*/this.py)", "bytecode", "this.py; no import finds it"),
    ],
    "its distributions": [
        (
            "sed -i 's/^Version: 2.1/Version: 2.2/' beta-2.1.dist-info/METADATA",
            "beta in the image",
            "2.2",
        ),
        ("true", "the archive of beta 2.2", "the build installed beta 2.1"),
        ("rm beta-2.1.dist-info/RECORD", "the files of beta", "no RECORD"),
        (
            "mkdir x-1.dist-info && printf 'Name: x\\nVersion: 1\\n' > x-1.dist-info/METADATA",
            "installed beside the lock",
            "x 1 in ",
        ),
        (
            "cp -r alpha-1.0.dist-info alpha-1.0.post.dist-info",
            "alpha in the image",
            "2 times: ",
        ),
    ],
    "a distribution less": [
        ("rm -r beta*", "beta in the image", "not installed"),
        ("true", "what alpha 1.0 requires", "not installed"),
        ("true", "what the build says it installed", "beta 2.1, which is not installed"),
    ],
    "its bytecode": [
        ("cp __pycache__/beta.*.pyc ghost.pyc", "bytecode", "ghost.py; and an import runs it"),
        ("rm alpha/more.py", "bytecode", "more.py; no import finds it"),
        (
            f'/opt/venv/bin/python -c "{FORGE}" beta.py',
            "bytecode",
            "differs from its source: a constant of answer; Python runs it all the same",
        ),
        (
            f'/usr/bin/python3 -c "{FORGE}" $(ls /usr/lib/python3.*/fractions.py)',
            "bytecode",
            "/usr/lib/python3",
        ),
        (
            "printf '\\000\\001\\r\\n000000000000' > alpha/__pycache__/__init__.cpython-30.pyc",
            "bytecode",
            "is of another Python (magic number 256)",
        ),
        (
            "printf x > alpha/__pycache__/__init__.cpython-29.pyc",
            "bytecode",
            "its header alone takes 16",
        ),
    ],
    "an archive that the lock does not know": [
        (
            f"sed -i s/{sha('c')}/{sha('x')}/ /opt/venv/installed.json",
            "the archive of beta 2.1",
            f"sha256 {sha('x')}",
        ),
        (
            "sed -i s/alpha/zeta/ /opt/venv/installed.json",
            "the archive of alpha 1.0",
            "says nothing of it",
        ),
    ],
    "no word of the build": [
        (
            "rm /opt/venv/installed.json",
            "what the build says it installed",
            "no such file",
        ),
    ],
    "a word of the build that is none": [
        (
            "echo x > /opt/venv/installed.json",
            "what the build says it installed",
            "cannot be read: ",
        ),
    ],
}


@pytest.mark.docker
@pytest.mark.parametrize("what", PLANTED)
def test_each_defect_is_told_in_words(look, what):
    cell = look(" && ".join(line for line, _, _ in PLANTED[what]))
    assert cell.outcome is Outcome.FAIL
    for line, subject, says in PLANTED[what]:
        found = [got for seen, got in cell.findings if seen == subject]
        assert any(says in got for got in found), (line, cell.findings)


@pytest.mark.docker
def test_where_the_base_is_not_known_nothing_of_it_is_taken_for_sound(look):
    cell = look(base="verify-test-none:gone")
    assert cell.outcome is Outcome.FAIL
    ((subject, got),) = cell.findings
    assert subject == "sitecustomize.py, which runs at each start"
    assert got.startswith("/usr/lib/python3")
    (said,) = [one.message for one in cell.seen if one.subject == "the Python of the base image"]
    assert said == "what the base image has is not known: it is not here"


@pytest.mark.docker
def test_an_image_whose_layers_are_others_is_not_taken_for_the_base(
    engine, clean_image, base_image, memory
):
    image = engine.here(base_image)
    other = inherited(engine, image, f"FROM {clean_image}", ["/usr/lib"])
    assert other.unknown.endswith(f"the layers of {clean_image} are not its first ones")
    assert not other.files
    own = inherited(engine, image, f"ARG A={base_image}\nFROM $A\n", ["/usr/lib/ssl", "/none"])
    assert (own.base, own.unknown) == (base_image, "")
    assert own.files
    assert inherited(engine, image, f"FROM {base_image}", ["/usr/lib/ssl", "/none"]) == own


@pytest.mark.docker
def test_what_was_compared_once_is_not_compared_again(engine, clean_image, memory):
    from verify.tables import Image

    spec = Image(dockerfile="", tag="", memory="512m")
    image_id = engine.here(clean_image).ref.id
    inside = at_rest(engine, image_id, "python", memory="512m", deadline=120)
    first = recompiled.look(engine, image_id, spec, inside.files, inside.interpreter)
    assert recompiled.is_known(inside.files, inside.interpreter)
    again = recompiled.look(None, image_id, spec, inside.files, inside.interpreter)
    assert again == first
    assert len(first) > 1000
    assert {one.state for one in first} == {State.SAME}

    (kept,) = stored.folder().glob("bytecode-*")
    whole = kept.read_bytes()
    for damaged in (whole[:-10], whole[:10], b"", b"\xff" * 90):
        kept.write_bytes(damaged)
        assert not recompiled.is_known(inside.files, inside.interpreter)
    kept.write_bytes(whole)
    other = replace(inside.interpreter, version="3.11.99")
    assert not recompiled.is_known(inside.files, other)


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


def inventory(*files, **facts):
    rows = [file if isinstance(file, File) else File(file, size=0, digest="0") for file in files]
    return Inventory("the image", ("/",), {file.path: file for file in rows}, **facts)


def environment(*files, found=(), python=PYTHON, **facts):
    return Environment(python, inventory("/opt/venv/pyvenv.cfg", *files, **facts), tuple(found))


@pytest.fixture
def judged(tmp_path):
    """Judge an environment that was written down, and not looked at."""

    def judge_it(*files, found=(), lock="", toml=None, bytecode=(), answer=None, **facts):
        none = facts.pop("base", Inherited("", unknown="nobody looked"))
        dockerfile = facts.pop("dockerfile", "")
        toml = toml or TOML.replace('installed = "/opt/venv/installed.json"\n', "")
        manifest, source = project(tmp_path / "tree", lock, toml)
        (tmp_path / "tree/Dockerfile").write_text(dockerfile)
        held = environment(*files, found=found, **facts)
        inside = Inside("the image", answer=answer or {})
        return concluded(gate_image(held, bytecode, none, inside, source, manifest))

    return judge_it


def test_an_undeclared_lock_is_told_and_the_rest_is_judged(judged):
    bare = TOML.replace('lock = "lock.txt"\n', "")
    cell = judged(found=[installed("one", requires=["two"])], toml=bare)
    assert cell.findings == [("what one 1 requires", "not installed")]
    messages = " ".join(one.message for one in cell.seen)
    assert "names no [image].lock" in messages
    declared = judged(found=[installed("one")], lock="one==1\n")
    assert "names no [image].installed" in " ".join(one.message for one in declared.seen)
    assert declared.outcome is Outcome.PASS


def test_modules_beside_all_that_was_reviewed_or_installed_are_told(judged, tmp_path):
    python = replace(PYTHON, path=("/srv/lib", *PYTHON.path))
    files = ("/srv/lib/ahead.py", "/srv/lib/copied.py", "/srv/lib/made.py", "/srv/lib/notes.txt")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/copied.py").write_text("")
    given = {
        "python": python,
        "found": [installed("one")],
        "base": Inherited("base"),
        "dockerfile": "FROM x\nCOPY copied.py /srv/lib/\n",
        "toml": TOML + '[contents]\ngenerated = ["/srv/lib/made.py"]\n',
    }
    subject = "modules in other folders on Python's path"
    seen = judged(*files, **given).findings
    assert [got for told, got in seen if told == subject] == ["/srv/lib/ahead.py"]
    unknown = judged(*files, **{**given, "base": Inherited("", unknown="nobody looked")})
    assert subject not in {told for told, _ in unknown.findings}


def test_a_lock_that_cannot_be_read_is_an_error_unless_something_else_is_wrong(judged, tmp_path):
    toml = TOML.replace("lock.txt", "uv.lock")
    project(tmp_path / "tree")
    (tmp_path / "tree/uv.lock").write_text("version = 1\n")
    sound = judged(found=[installed("one")], toml=toml)
    assert (sound.outcome, sound.findings) == (Outcome.ERROR, [])
    assert "no requirements file" in sound.reason
    assert judged(found=[installed("one", requires=["two"])], toml=toml).outcome is Outcome.FAIL


def test_lines_that_hold_nothing_and_lines_for_elsewhere_are_told(judged):
    lock = "one\ntwo==2 ; sys_platform == 'win32'\n"
    cell = judged(found=[installed("one"), installed("two", "2")], lock=lock)
    assert cell.findings == [
        ("a line of the lock", "one"),
        ("installed beside the lock", f"one 1 in {VENV}/one.dist-info"),
        (
            "installed beside the lock",
            f'two 2 in {VENV}/two.dist-info; its line is for sys_platform == "win32" only',
        ),
    ]


def test_the_project_itself_may_be_installed(judged, tmp_path):
    project(tmp_path / "tree")
    found = [installed("my-own"), installed("one")]
    (tmp_path / "tree/pyproject.toml").write_text('[project]\nname = "My.own"\n')
    assert judged(found=found, lock="one==1\n").outcome is Outcome.PASS
    (tmp_path / "tree/pyproject.toml").write_text("[project\n")
    assert judged(found=found, lock="one==1\n").outcome is Outcome.FAIL


def test_a_lock_without_hashes_cannot_say_which_archive_is_right(judged):
    answer = {"read": {"/opt/venv/installed.json": json.dumps(INSTALLED)}}
    found = [installed("alpha", "1.0"), installed("beta", "2.1")]
    lock = f"alpha==1.0\nbeta==2.1 --hash=sha256:{sha('c')}\n"
    cell = judged(found=found, lock=lock, toml=TOML, answer=answer)
    assert cell.findings == [("the archive of alpha 1.0", f"sha256 {sha('b')}")]


@pytest.mark.parametrize(
    "facts",
    [
        {"incomplete": "its time was over"},
        {"unread": {f"{VENV}/secret": "permission denied"}},
        {"unread": {"/opt": "permission denied"}},
        {
            "bytecode": [
                Compiled(f"{VENV}/a.pyc", f"{VENV}/a.py", State.UNREAD, "input/output error")
            ]
        },
    ],
)
def test_what_was_not_seen_whole_never_passes(judged, facts):
    cell = judged(found=[installed("one")], lock="one==1\n", **facts)
    assert cell.outcome is Outcome.ERROR
    assert "not every file" in cell.reason


def test_a_file_that_could_not_be_read_is_neither_right_nor_wrong(judged):
    path = f"{VENV}/a.py"
    record = (Recorded(path, "0", 0),)
    facts = {"found": [installed("one", record=record)], "lock": "one==1\n"}
    unread = File(path, size=0, fault="input/output error")
    cell = judged(unread, **facts, unread={path: unread.fault})
    assert (cell.outcome, cell.findings) == (Outcome.ERROR, [])
    assert "input/output error" in cell.reason
    folder = judged(**facts, unread={VENV: "permission denied"})
    assert (folder.outcome, folder.findings) == (Outcome.ERROR, [])
    assert judged(**facts).outcome is Outcome.FAIL


def test_a_folder_elsewhere_that_could_not_be_read_is_nothing_to_this_gate(judged):
    facts = {"unread": {"/etc/hosts": "the engine puts its own there"}}
    assert judged(found=[installed("one")], lock="one==1\n", **facts).outcome is Outcome.PASS


def test_bytecode_of_an_unknown_optimisation_is_told(judged):
    pair = recompiled._Pair("/__pycache__/a.x.opt-7.pyc", "/a.py", None, File("/a.py"), "")
    seen = recompiled._judged(pair, [State.SAME, "", 0, 0, 0], {})
    cell = judged(bytecode=[seen], found=[installed("one")], lock="one==1\n")
    assert cell.findings == [
        ("bytecode", "/__pycache__/a.x.opt-7.pyc: no Python makes bytecode of this optimisation")
    ]
