"""Looks around where it runs and prints what it saw.

This one file is sent whole, as `python -c`, to a subject's interpreter: on this machine or inside a
container. So it needs only the standard library and Python 3.8, and imports nothing of `verify`.
What few requests need is imported where it is needed: most of a small look is its start.

It is given one request, a JSON object in its first argument; each key asks for one kind of fact:
    root           folder the subject's files stand in; becomes the working directory
    deadline       seconds for everything; what is not done by then is reported as not done
    env            variables added to those of the children it starts
    compile        folders whose every Python file is compiled, in memory
    read           files whose text is returned, null where there is no such file
    modules        names of modules, each imported in an interpreter of its own
    without        [[blocked, module], ...]: imported where another module cannot be found
    constants      [[module, name], ...]: read after import
    guards         [[path, module], ...]: started as `python FILE`, `python -m` and `import`
    witness        the text of witness.py, which runs in every child before the subject's code
    files          {"roots": [...], "blobs": [...], "format": ..., "skip": [...]}, see Walk
    processes      true: every process with its command line, user and capabilities
    listeners      true: every listening TCP socket
    mounts         true: every mounted file system
    limits         true: what the control group and the kernel allow
    environment    names of variables whose values may be told; of all others only the name is
    distributions  true: the metadata and the RECORD of every installed distribution
    interpreter    true: what runs this, and where an ordinary start of it looks for modules
    lifeline       true: standard input stays open as long as somebody waits for the answer

The answer is one line of JSON. Files and distributions, which may be many, come before it on a line
of their own, as rows (see Rows). Unless a module or guard is asked for, nothing is written anywhere
and no process is started.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import sys
import threading
import time

TYPE_CHECKING = False  # `typing` itself would be an import
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, Iterator

    Fact = Dict[str, Any]

MARK = "verify-agent:"
"""Stands before the answer, because the interpreter's start-up may print something too."""

ROWS = "verify-rows:"
"""Stands before the rows, which are JSON, one in a line, compressed, in base64."""

GRACE = 4.0
"""Seconds after the deadline in which the answer is given; then this process ends without one."""

LARGEST = 1000000
"""Characters of a file that are returned."""

RECORD_LARGEST = 32000000
"""Bytes of a RECORD that are returned; one line of it has about 100."""

TAIL = 4000
"""Characters of a child's output that are kept: its end, where an error stands."""

HEAD = 128
"""Bytes of a file's head; a kernel reads about as many of a script's first line."""

CHUNK = 1 << 20
"""Bytes of a file that are held at once; between two of them the deadline is kept."""

SMALL = 1 << 18
"""Bytes of a file that is read at once; a larger one is read by a thread of its own."""

READERS = 2
"""Threads that read large files."""

QUEUE = 16
"""Large files that are open at once, waiting to be read."""

BATCH = 1 << 16
"""Characters of rows that are compressed at once."""

LINKED = 10000
"""Files with other names that are remembered until all of these were seen."""

LATE = "not read before the deadline"
CHANGED = "changed while it was read"

NEVER_WALKED = ("/proc", "/sys", "/dev")

VIRTUAL = {
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "sysfs",
    "tracefs",
}
"""File systems that hold no files: what stands in them is made when it is read."""

ENDED = 143
"""The exit code of a look that gave no answer: that of SIGTERM, as a shell tells it."""

CHILDREN = ("modules", "without", "constants", "guards")
"""What needs a process of its own, and a folder to leave its answer in."""

IN_ROOT = ("compile", "read", *CHILDREN)
"""What may be named from the root."""

IMPORT = """
import json, os, sys, time
module, blocked, names = sys.argv[1], sys.argv[2], sys.argv[3:]
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == blocked:
            raise ModuleNotFoundError("No module named %r" % name, name=name)
if blocked:
    sys.meta_path.insert(0, Blocker())
from importlib.machinery import PathFinder
# A copy that stands on PYTHONPATH before this folder is hidden from an import that begins in it.
ahead = [os.path.realpath(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
here = os.path.realpath(os.getcwd())
ahead = ahead[: ahead.index(here)] if here in ahead else ahead
ahead = [p for p in ahead if not (p + os.sep).startswith(here + os.sep)]
other = PathFinder.find_spec(module.partition(".")[0], ahead)
started = time.perf_counter()
__import__(module)
seconds = time.perf_counter() - started
found = {name: repr(getattr(sys.modules[module], name, None)) for name in names}
out = os.open(os.environ["VERIFY_ANSWER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
origin = getattr(sys.modules[module], "__file__", None)
copy = other and (other.origin or str(list(other.submodule_search_locations)[0]))
os.write(out, json.dumps([seconds, found, origin, copy]).encode())
"""


RUNNING: set[int] = set()
"""Children that run now, each the leader of a group."""

STARTING = threading.Lock()
"""Held while a child is started, so that none is started that nobody knows to kill."""

SCRATCH: list[str] = []
"""The folder that is removed at the end, if there is one."""

GIVEN_UP: list[bool] = []
"""Holds something from when children are killed that had time left: what they tell is not true."""


class Children:
    """Starts children that are watched, bounded in time, and killed with all they started."""

    def __init__(
        self, scratch: str, root: str, env: dict[str, str], ends: float, witness: str
    ) -> None:
        self.scratch, self.root, self.ends = scratch, root, ends
        folder = os.path.join(scratch, "witness")
        os.mkdir(folder)
        with open(os.path.join(folder, "sitecustomize.py"), "w") as file:
            file.write(witness)
        self.env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1")
        self.env.update(env)
        path = [folder] + [p for p in [self.env.get("PYTHONPATH")] if p]
        self.env["PYTHONPATH"] = os.pathsep.join(path)

    def run(self, args: list[str], name: str) -> Fact:
        """Run the interpreter with `args`; return what came of it, as a dict."""
        import subprocess

        effects, answer = (
            os.path.join(self.scratch, name + end) for end in (".effects", ".answer")
        )
        env = dict(self.env, VERIFY_EFFECTS=effects, VERIFY_ANSWER=answer)
        started = time.monotonic()
        with STARTING:
            child = subprocess.Popen(
                [sys.executable, *args],
                cwd=self.root,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            RUNNING.add(child.pid)
        late = False
        try:
            out, err = child.communicate(timeout=max(0.01, self.ends - started))
        except subprocess.TimeoutExpired:
            late = True
            kill_group(child.pid)
            out, err = child.communicate()
        kill_group(child.pid)  # a daemon it may have left behind
        RUNNING.discard(child.pid)
        return {
            "exit": None if late else child.returncode,
            "seconds": time.monotonic() - started,
            "out": out.decode("utf-8", "replace")[-TAIL:],
            "err": err.decode("utf-8", "replace")[-TAIL:],
            "effects": [effect for _, effect in read_effects(effects)],
            "answer": read_json(answer),
        }


def kill_group(pid: int) -> None:
    """Kill a child's whole process group, if there is anything left of it."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


COLUMNS = 4
"""Of a line that a witness writes: process, verb, object, place."""


def read_effects(path: str) -> list[tuple[int, str]]:
    """Return what a witness noted, as (pid, sentence), or that none was at work."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            rows = [line.rstrip("\n").split("\t") for line in file]
    except FileNotFoundError:
        return [(0, "no witness was at work")]
    return [
        (int(row[0]), f"{row[1]} {row[2]}" + (f" at {row[3]}" if row[3] else ""))
        for row in rows
        if len(row) == COLUMNS
    ]


def read_json(path: str) -> Any:
    """Return the JSON a child left in this file, or None."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (FileNotFoundError, ValueError):
        return None


def python_files(folders: Iterable[str]) -> Iterator[str]:
    """Yield every Python file below these folders, links not followed."""
    for folder in folders:
        if os.path.isfile(folder):
            yield folder
        for here, names, files in os.walk(folder):
            names[:] = sorted(name for name in names if name != "__pycache__")
            for name in sorted(files):
                path = os.path.join(here, name)
                if name.endswith((".py", ".pyw")) or ("." not in name and is_script(path)):
                    yield path


def is_script(path: str) -> bool:
    """Say whether the first line of a file says that Python runs it."""
    try:
        # A pipe would wait for somebody who writes.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            first = file.read(HEAD).partition(b"\n")[0]
    except OSError:
        return False
    return first.startswith(b"#!") and b"python" in first


def compiled(path: str) -> Fact:
    """Compile one file in memory; return its fact."""
    fact: Fact = {"path": path, "ok": False, "line": None, "column": None, "reason": ""}
    try:
        with open(path, "rb") as file:
            source = file.read()
        compile(source, path, "exec", dont_inherit=True)
        if not source.isascii():
            decoded(source)
    except SyntaxError as error:
        fact.update(line=error.lineno, column=error.offset, reason=error.msg)
    except UnicodeDecodeError as error:
        byte, line = source[error.start], source.count(b"\n", 0, error.start) + 1
        fact.update(line=line, reason=f"byte 0x{byte:02x} is not {error.encoding}")
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        fact["reason"] = f"{type(error).__name__}: {error}"
    else:
        fact["ok"] = True
    return fact


def decoded(source: bytes) -> str:
    """Decode a file as Python does that is started by its path: comments too.

    The compiler itself does not look into the comments of what it is given as bytes.
    """
    encoding = "utf-8"
    if any(b"coding" in line for line in source.split(b"\n", 2)[:2]):
        import io
        import tokenize

        encoding = tokenize.detect_encoding(io.BytesIO(source).readline)[0]
    return source.decode(encoding)


def text(path: str) -> str | None:
    """Return a file's text, or None where there is none to read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST)
    except OSError:
        return None


def import_fact(children: Children, module: str, names: list[str], blocked: str = "") -> Fact:
    """Import one module in an interpreter of its own; return its fact."""
    ran = children.run(["-c", IMPORT, module, blocked, *list(names)], f"import-{module}-{blocked}")
    seconds, found, origin, copy = ran["answer"] or (None, {}, None, None)
    return {
        "module": module,
        "blocked": blocked,
        "ok": ran["exit"] == 0 and seconds is not None,
        "exit": ran["exit"],
        "seconds": seconds,
        "constants": found,
        "origin": origin,
        "copy": copy,
        "output": ran["out"],
        "error": ran["err"],
        "effects": ran["effects"],
    }


def guard_facts(children: Children, path: str, module: str) -> Iterator[Fact]:
    """Start one file in each way that needs no server; return a fact for each."""
    ways = {
        "python FILE": [path],
        "python -m": ["-m", module],
        "import": ["-c", "import " + module],
    }
    for way, args in ways.items():
        ran = children.run(args, "guard-{}-{}".format(module, way.replace(" ", "-")))
        yield {
            "path": path,
            "way": way,
            "exit": ran["exit"],
            "output": ran["out"] + ran["err"],
            "effects": ran["effects"],
        }


def contents(path: str) -> bytes:
    """Return a whole small file."""
    with open(path, "rb") as file:
        return file.read()


def processes() -> list[Fact]:
    """Return every process that /proc tells of; this one and what engines need are `ours`."""
    found: dict[int, Fact] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            args = contents(f"/proc/{name}/cmdline").decode("utf-8", "replace").split("\0")
            fields = dict(
                line.split(":", 1)
                for line in contents(f"/proc/{name}/status").decode("utf-8", "replace").splitlines()
                if ":" in line
            )
        except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
            continue
        # Only what has memory of its own is a program; some have blanked their arguments.
        if any(args) or "VmSize" in fields:
            found[int(name)] = {
                "pid": int(name),
                "parent": int(fields["PPid"]),
                "args": [arg for arg in args if arg] or ["[{}]".format(fields["Name"].strip())],
                "uid": int(fields["Uid"].split()[1]),
                "capabilities": int(fields["CapEff"], 16) if "CapEff" in fields else None,
                "no_new_privileges": fields["NoNewPrivs"].strip() == "1"
                if "NoNewPrivs" in fields
                else None,
            }
    # An engine enters by a program of its own, which then becomes the one that was asked for: a
    # health check begins, or somebody else looks. From inside only the first has parent 0.
    for one in found.values():
        one["ours"] = one["pid"] != 1 and one["parent"] == 0 and one["args"] == ["runc", "init"]
    # A shell that was asked to start this has our own text, see payload.py, in its arguments.
    pid = os.getpid()
    source = found[pid]["args"][-2] if pid in found else ""
    while pid in found and any(source in arg for arg in found[pid]["args"]):
        found[pid]["ours"] = True
        pid = found[pid]["parent"]
    return [found[pid] for pid in sorted(found)]


LISTENING = "0A"


def listeners() -> list[Fact]:
    """Return every listening TCP socket of this network; its address as the kernel writes it."""
    found = []
    for table in ("tcp", "tcp6"):
        try:
            lines = contents("/proc/net/" + table).decode("ascii").splitlines()[1:]
        except FileNotFoundError:
            if table == "tcp":
                raise
            continue  # this kernel speaks no IPv6
        for line in lines:
            _, local, _, state, _, _, _, uid = line.split()[:8]
            if state == LISTENING:
                address, _, port = local.partition(":")
                found.append({"address": address, "port": int(port, 16), "uid": int(uid)})
    return found


def unescaped(text: str) -> str:
    """Return a name in mountinfo as it is: blanks and the like stand there as octal numbers."""
    first, *rest = text.split("\\")
    return first + "".join(chr(int(part[:3], 8)) + part[3:] for part in rest)


def mounts() -> list[Fact]:
    """Return every mounted file system, see proc_pid_mountinfo(5)."""
    found = []
    text = contents("/proc/self/mountinfo").decode("utf-8", "surrogateescape")
    for line in text.split("\n"):
        if not line:
            continue
        before, _, after = line.partition(" - ")
        root, path, options = before.split(" ")[3:6]
        kind, source, more = (after + "  ").split(" ")[:3]
        found.append(
            {
                "path": unescaped(path),
                "kind": kind,
                "source": unescaped(source),
                "read_only": "ro" in options.split(",") or "ro" in more.split(","),
                "root": unescaped(root),
                "options": more.split(","),
            }
        )
    return found


UNLIMITED = 1 << 62
"""Control groups of version 1 write "no limit" as the largest number of pages."""


def limits() -> Fact:
    """Return the limits of our control group and those above it; null is none."""
    groups = {}
    for line in contents("/proc/self/cgroup").decode("utf-8", "surrogateescape").splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            groups[name] = path
    mounted = mounts()
    files = None
    for line in contents("/proc/self/limits").decode("ascii").splitlines():
        if line.startswith("Max open files"):
            files = number(line.split()[3])
    return {
        "memory": least(groups, mounted, "memory", ("memory.limit_in_bytes", "memory.max")),
        "processes": least(groups, mounted, "pids", ("pids.max", "pids.max")),
        "files": files,
    }


def least(
    groups: dict[str, str], mounted: list[Fact], controller: str, names: tuple[str, str]
) -> int | None:
    """Return the lowest limit between our control group and the top of what is mounted."""
    old = controller in groups
    if not old and "" not in groups:
        return None  # nothing here limits it
    for mount in mounted:
        if (
            (mount["kind"] == "cgroup" and controller in mount["options"])
            if old
            else (mount["kind"] == "cgroup2")
        ):
            break
    else:
        raise FileNotFoundError(f"the control group of {controller} is not mounted")
    top, path = mount["path"], groups[controller if old else ""]
    # A container often sees the group of the whole machine by name, and its own as the top.
    root = mount["root"].rstrip("/")
    within = path[len(root) :].strip("/") if path == root or path.startswith(root + "/") else ""
    folder, found = os.path.join(top, within).rstrip("/"), []
    if not os.path.isdir(folder):
        folder = top
    while folder.startswith(top):
        file = folder + "/" + names[not old]
        if os.path.exists(file):  # at the top of a machine it does not
            found.append(number(contents(file).decode("ascii")))
        folder = os.path.dirname(folder)
    return min((limit for limit in found if limit is not None), default=None)


def number(text: str) -> int | None:
    """Return a limit, None for none."""
    text = text.strip()
    return int(text) if text.isdigit() and int(text) < UNLIMITED else None


def environment(allowed: list[str]) -> Fact:
    """Return the variables of process 1, or ours if it keeps them to itself; most without value."""
    try:
        first, raw = True, contents("/proc/1/environ").split(b"\0")
    except OSError:
        first, raw = False, [name + b"=" + value for name, value in os.environb.items()]
    values: dict[str, str | None] = {}
    for one in raw:
        name, equals, value = one.decode("utf-8", "surrogateescape").partition("=")
        if equals:
            values.setdefault(name, value if name in allowed else None)
    return {"first": first, "values": values}


def venv() -> tuple[str, bool]:
    """Return our environment's folder, and whether it sees the packages of the one below.

    This runs with -S, so what site does at an ordinary start has to be found out.
    """
    here = os.path.dirname(os.path.abspath(sys.executable))
    for folder in (here, os.path.dirname(here)) if sys.executable else ():
        try:
            with open(os.path.join(folder, "pyvenv.cfg"), encoding="utf-8") as file:
                told = dict(line.split("=", 1) for line in file if "=" in line)
        except OSError:
            continue
        keys = {key.strip().lower(): value.strip().lower() for key, value in told.items()}
        seen = keys.get("include-system-site-packages", "true") == "true"
        return os.path.dirname(here), seen
    return sys.prefix, True


def search_path() -> list[str]:
    """Return sys.path of an ordinary start, no line of a .pth file executed."""
    import site

    given = os.environ.get("PYTHONPATH")
    found = [os.path.abspath(part) for part in given.split(os.pathsep)] if given else []
    found += sys.path
    (prefix, below), base = venv(), [sys.base_prefix, sys.base_exec_prefix]
    inside = prefix != sys.base_prefix
    sys.prefix = sys.exec_prefix = prefix  # as site has it; Debian's looks at it
    folders = site.getsitepackages([prefix]) if inside else []
    if below and not os.environ.get("PYTHONNOUSERSITE"):
        folders.append(site.getusersitepackages())
    if below:
        folders += site.getsitepackages(base)
    for folder in folders:
        if os.path.isdir(folder):
            found.append(folder)
            found += added(folder)
    return list(dict.fromkeys(found))


def added(folder: str) -> Iterator[str]:
    """Yield the folders that the .pth files of a site folder add."""
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".pth"):
            continue
        try:
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                lines = [line.strip() for line in file]
        except OSError:
            continue
        for line in lines:
            path = os.path.join(folder, line)
            if line and not line.startswith(("#", "import ", "import\t")) and os.path.exists(path):
                yield os.path.normpath(path)


def interpreter() -> Fact:
    """Return what runs this."""
    system, about = os.uname(), sys.implementation
    kind = {"cpython": "CPython", "pypy": "PyPy"}.get(about.name, about.name)
    version = ".".join(map(str, about.version[:3]))
    if about.version.releaselevel != "final":
        version += about.version.releaselevel[0] + str(about.version.serial)
    return {
        "version": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "prefix": venv()[0],
        "path": search_path(),
        "tag": about.cache_tag,
        "markers": {  # PEP 508
            "implementation_name": about.name,
            "implementation_version": version,
            "os_name": os.name,
            "platform_machine": system.machine,
            "platform_release": system.release,
            "platform_system": system.sysname,
            "platform_version": system.version,
            "platform_python_implementation": kind,
            "python_full_version": sys.version.split()[0],
            "python_version": ".".join(map(str, sys.version_info[:2])),
            "sys_platform": sys.platform,
        },
    }


def distributions(rows: Rows) -> int:
    """Give a row for each .dist-info and .egg-info on the path of an ordinary start.

    A row is "D", the folder, the head of its metadata and its RECORD; null where there is none.
    """
    count = 0
    for place in search_path():
        try:
            names = sorted(os.listdir(place))
        except (FileNotFoundError, NotADirectoryError):  # an archive, or nothing
            continue
        for name in names:
            if not name.endswith((".dist-info", ".egg-info")):
                continue
            folder = os.path.join(place, name)
            about = None
            for file in ("METADATA", "PKG-INFO", ""):
                about = whole(os.path.join(folder, file).rstrip("/"))
                if about is not None:
                    break
            head = None if about is None else about.replace("\r\n", "\n").partition("\n\n")[0]
            rows.add(["D", told(folder), head, whole(os.path.join(folder, "RECORD"))])
            count += 1
    return count


def whole(path: str) -> str | None:
    """Return a text as it is, or None where there is none."""
    try:
        with open(path, "rb") as file:
            raw = file.read(RECORD_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    if len(raw) > RECORD_LARGEST:
        raise OSError(f"{path} is larger than {RECORD_LARGEST} bytes")
    return raw.decode("utf-8", "surrogateescape")


class Rows:
    """Prints rows as they come: each a line of JSON, all of them compressed and in base64.

    The last row is ["end", how many], so that an answer that broke off is known for one.
    """

    def __init__(self) -> None:
        import binascii
        import zlib

        self.pack, self.written = zlib.compressobj(1), binascii.b2a_base64
        self.encode = json.JSONEncoder(separators=(",", ":")).encode
        self.lines: list[str] = []
        self.rest = b""
        self.held = self.count = 0
        self.lock = threading.Lock()
        self.closed = False
        self.out = sys.stdout.buffer
        self.out.write(ROWS.encode("ascii"))

    def add(self, row: list[Any]) -> None:
        """Print a row; one that comes after the end is dropped."""
        line = self.encode(row)
        with self.lock:
            if self.closed:
                return
            self.count += 1
            self.lines.append(line)
            self.held += len(line)
            if self.held >= BATCH:
                self.flush()

    def flush(self) -> None:
        """Print what is held back, but for the bytes that make no whole base64."""
        text = "".join(line + "\n" for line in self.lines)
        self.rest += self.pack.compress(text.encode("ascii"))
        self.lines.clear()
        self.held = 0
        full = len(self.rest) // 3 * 3
        self.out.write(self.written(self.rest[:full], newline=False))
        self.rest = self.rest[full:]

    def end(self) -> None:
        """Print the last row and end the line."""
        with self.lock:
            self.closed = True
            self.lines.append(self.encode(["end", self.count]))
            self.flush()
            self.out.write(self.written(self.rest + self.pack.flush()))
            self.out.flush()


UTF8 = sys.getfilesystemencoding().lower() in ("utf-8", "utf8")


def told(path: str) -> str:
    """Return a path as it is told: UTF-8, other bytes as surrogates, whatever the locale is."""
    return path if UTF8 else os.fsencode(path).decode("utf-8", "surrogateescape")


def native(path: str) -> str:
    """Return a path that was told as this interpreter has it."""
    return path if UTF8 else os.fsdecode(path.encode("utf-8", "surrogateescape"))


def placed(path: str) -> str:
    """Return a path of a request as it is here."""
    if path.startswith("{prefix}"):
        return os.path.abspath(venv()[0] + native(path[len("{prefix}") :]))
    return os.path.abspath(native(path))


def reason(error: OSError) -> str:
    """Return why something could not be had, without the path."""
    return (error.strerror or type(error).__name__).lower()


def capabilities(place: str | int) -> str | None:
    """Return a regular file's capabilities in hex; empty for none."""
    try:
        if isinstance(place, int):
            return os.getxattr(place, "security.capability").hex()
        return os.getxattr(place, "security.capability", follow_symlinks=False).hex()
    except OSError as error:
        return "" if error.errno in (errno.ENODATA, errno.ENOTSUP) else None


KIND, PATH, SIZE, MODE, UID, GID, MTIME, DIGEST, BLOB, TARGET, CAPABILITIES, FAULT = range(12)
"""The columns of a file's row. Kinds: f a file, d a folder, l a link, o something else."""

SAME = ("st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
"""What stays as it is while a file does not change; its ctime cannot be set back by anybody."""


class LateError(Exception):
    """The deadline passed while a file was read."""


class Large:
    """A large file that waits for a thread to read it, and the rows of its other names."""

    __slots__ = ("fd", "git", "path", "rows", "seen")

    def __init__(self, fd: int, path: str, seen: os.stat_result, row: list[Any]) -> None:
        self.fd, self.path, self.seen, self.rows = fd, path, seen, [row]
        self.git = False


class Walk:
    """Gives a row for each path below some folders, links never followed.

    The request's keys:
        roots   folders or files, absolute
        blobs   folders whose files get git's blob id, too
        format  of that id: sha1 or sha256
        skip    folders that are told themselves, but not walked; see also NEVER_WALKED, VIRTUAL

    Any of these may begin with {prefix}, the environment of this interpreter.
    """

    def __init__(self, asked: Fact, rows: Rows, ends: float) -> None:
        import hashlib

        self.rows, self.ends, self.late = rows, ends, ""
        self.sha256, self.new = hashlib.sha256, hashlib.new
        self.format = asked.get("format", "sha1")
        self.roots = list(dict.fromkeys(map(placed, asked["roots"])))
        self.asked = set(self.roots)
        self.blobs = tuple(placed(path).rstrip("/") + "/" for path in asked.get("blobs", ()))
        self.skip = set(map(placed, asked.get("skip", ())))
        self.skip.update(NEVER_WALKED)
        if os.path.exists("/proc/self/mountinfo"):
            self.skip.update(
                native(mount["path"]) for mount in mounts() if mount["kind"] in VIRTUAL
            )
        # Of a file with several names, while not all of them were seen: its row or its reading.
        self.linked: dict[tuple[Any, ...], list[Any]] = {}
        self.lock = threading.Lock()
        self.room, self.work = threading.Semaphore(QUEUE), threading.Semaphore(0)
        self.large: list[Large] = []
        self.over = False
        self.readers: list[threading.Thread] = []

    def run(self) -> Fact:
        """Walk; return what was walked, and why not all of it."""
        folders: list[str] = []
        for root in self.roots:
            if not self.covered(root):
                self.path(os.path.basename(root), None, root, folders)
            while folders and not self.late:
                self.folder(folders.pop(), folders)
        self.over = True
        for _ in self.readers:
            self.work.release()
        for reader in self.readers:
            reader.join(max(0.0, self.ends + GRACE / 2 - time.monotonic()))
            if reader.is_alive():
                self.late = self.late or "the deadline passed while a file was read"
        return {"roots": [told(root) for root in self.roots], "incomplete": self.late}

    def covered(self, root: str) -> bool:
        """Whether a root is met on the way from another one."""
        folder = os.path.dirname(root)
        while folder not in self.skip:
            if folder in self.asked and folder != root:
                return True
            if folder == os.path.dirname(folder):
                return False
            folder = os.path.dirname(folder)
        return False

    def folder(self, folder: str, folders: list[str]) -> None:
        """Give the rows of one folder's entries; add the folders among them."""
        start = folder.rstrip("/") + "/"
        try:
            here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:  # gone meanwhile
            return
        except OSError as error:
            self.rows.add(["!", told(folder), reason(error)])
            return
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    self.path(entry.name, here, start + entry.name, folders)
                    if self.late:
                        return
        except OSError as error:
            self.rows.add(["!", told(folder), reason(error)])
        finally:
            os.close(here)

    def path(self, name: str, here: int | None, path: str, folders: list[str]) -> None:
        """Give the row of one path; `name` is how it is called in the open folder `here`."""
        if time.monotonic() > self.ends:
            self.late = f"the deadline passed after {self.rows.count} paths"
            return
        if here is None:
            name = path
        try:
            seen = os.stat(name, dir_fd=here, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):  # gone meanwhile, or a root that is not
            return
        except OSError as error:
            self.rows.add(["!", told(path), reason(error)])
            return
        kind, mode = "o", seen.st_mode
        if stat.S_ISREG(mode):
            kind = "f"
        elif stat.S_ISDIR(mode):
            kind = "d"
        elif stat.S_ISLNK(mode):
            kind = "l"
        row: list[Any] = [
            kind,
            told(path),
            seen.st_size if kind == "f" else None,
            stat.S_IMODE(mode),
            seen.st_uid,
            seen.st_gid,
            seen.st_mtime_ns // 1000000000,
            None,
            None,
            None,
            "",
            "",
        ]
        if kind == "f":
            self.file(name, here, path, seen, row)
            return
        if kind == "l":
            try:
                row[TARGET] = told(os.readlink(name, dir_fd=here))
            except FileNotFoundError:
                return
            except OSError as error:
                row[FAULT] = reason(error)
        elif kind == "d" and path not in self.skip:
            folders.append(path)
        self.rows.add(row)

    def file(
        self, name: str, here: int | None, path: str, seen: os.stat_result, row: list[Any]
    ) -> None:
        """Give the row of a regular file, at once or when a thread has read it."""
        git = path.startswith(self.blobs) if self.blobs else False
        key = None
        if seen.st_nlink > 1:
            key = (git, *(getattr(seen, field) for field in SAME))
            if self.again(key, row):
                return
        try:
            fd = self.open(name, here, seen)
        except FileNotFoundError:
            return
        except OSError as error:
            row[CAPABILITIES], row[FAULT] = capabilities(path), reason(error)
            self.rows.add(row)
            return
        large = Large(fd, path, seen, row)
        large.git = git
        if key:
            with self.lock:
                if len(self.linked) < LINKED:
                    self.linked[key] = [seen.st_nlink - 1, large]
        if seen.st_size <= SMALL:
            self.read(large)
            return
        self.room.acquire()
        self.large.append(large)
        self.work.release()
        if len(self.readers) < READERS:
            self.readers.append(threading.Thread(target=self.reader, daemon=True))
            self.readers[-1].start()

    def again(self, key: tuple[Any, ...], row: list[Any]) -> bool:
        """Whether this file was met by another name; then its row is given with that one's."""
        with self.lock:
            met = self.linked.get(key)
            if met is None:
                return False
            met[0] -= 1
            if not met[0]:  # that was its last name
                del self.linked[key]
            first = met[1].rows[0]
            if met[1].fd >= 0:  # not read yet
                met[1].rows.append(row)
                return True
        row[DIGEST:] = first[DIGEST:]
        self.rows.add(row)
        return True

    def open(self, name: str, here: int | None, seen: os.stat_result) -> int:
        """Open a regular file for reading, leaving no trace where that is allowed."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        if seen.st_uid == EUID or not EUID:
            try:
                return os.open(name, flags | os.O_NOATIME, dir_fd=here)
            except PermissionError:
                pass
        return os.open(name, flags, dir_fd=here)

    def reader(self) -> None:
        """Read large files until there are no more."""
        while True:
            self.work.acquire()
            try:
                large = self.large.pop(0)
            except IndexError:
                return
            self.read(large)
            self.room.release()

    def read(self, large: Large) -> None:
        """Read a file and give its rows."""
        first, seen = large.rows[0], large.seen
        gone = False
        try:
            first[DIGEST], first[BLOB] = self.digests(large)
            first[CAPABILITIES] = capabilities(large.fd)
            after = os.fstat(large.fd)
            if any(getattr(seen, field) != getattr(after, field) for field in SAME):
                first[DIGEST] = first[BLOB] = None
                first[FAULT] = CHANGED
                gone = not after.st_nlink and not os.path.lexists(large.path)
        except OSError as error:
            first[FAULT] = reason(error)
        except LateError:
            first[FAULT] = LATE
        with self.lock:
            os.close(large.fd)
            large.fd = -1
        for row in large.rows:
            row[DIGEST:] = first[DIGEST:]
            if not gone:
                self.rows.add(row)

    def digests(self, large: Large) -> tuple[str | None, str | None]:
        """Return the SHA-256 of a file, and git's id of it where that is asked for."""
        size, done = large.seen.st_size, 0
        every = [self.sha256()]
        if large.git:
            every.append(self.new(self.format, b"blob %d\0" % size))
        while True:
            wanted = min(CHUNK, max(0, size - done) + 1)
            chunk = os.read(large.fd, wanted)
            done += len(chunk)
            for one in every:
                one.update(chunk)
            if not chunk or done > size or (done == size and len(chunk) < wanted):
                break
            if time.monotonic() > self.ends:
                self.late = "the deadline passed while a file was read"
                raise LateError
        return every[0].hexdigest(), every[-1].hexdigest() if large.git else None


EUID = os.geteuid()


def look(request: Fact, ends: float) -> Fact:
    """Gather all facts that the request asks for; `unknown` has the reasons of those missing."""
    began = time.monotonic()
    unknown: dict[str, str] = {}
    facts: Fact = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "uid": EUID,
        "byteorder": sys.byteorder,
        "unknown": unknown,
    }
    if request.get("root") and any(request.get(key) for key in IN_ROOT):
        os.chdir(request["root"])
    parts: dict[str, Callable[[], Any]] = {
        "processes": processes,
        "listeners": listeners,
        "mounts": mounts,
        "limits": limits,
        "environment": lambda: environment(request["environment"]),
        "interpreter": interpreter,
    }
    if request.get("files") or request.get("distributions"):
        rows = Rows()
        parts["files"] = lambda: Walk(request["files"], rows, ends).run()
        parts["distributions"] = lambda: distributions(rows)
    for name, part in parts.items():
        if name in request and request[name] is not False:
            try:
                facts[name] = part()
            except Exception as error:  # noqa: BLE001 - the other parts are none the worse for it
                unknown[name] = f"{type(error).__name__}: {error}"
    if "files" in parts:
        rows.end()
    facts["compile"] = [compiled(path) for path in python_files(request.get("compile", []))]
    facts["read"] = {path: text(path) for path in request.get("read", [])}
    facts.update(imports=[], without=[], guards=[])
    if any(request.get(key) for key in CHILDREN):
        facts.update(tried(request, ends))
    facts["seconds"] = time.monotonic() - began
    facts["memory_kb"] = peak()
    return facts


def peak() -> int | None:
    """Return the most memory this process had, in KiB; getrusage tells its parent's, too."""
    try:
        lines = contents("/proc/self/status").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(b"VmHWM:")), None)


def tried(request: Fact, ends: float) -> Fact:
    """Import modules and start guards, each in a process of its own."""
    import tempfile
    from concurrent.futures import ThreadPoolExecutor

    SCRATCH.append(tempfile.mkdtemp(prefix="verify-"))
    root, env = request.get("root") or os.getcwd(), request.get("env", {})
    children = Children(SCRATCH[0], root, env, ends, request["witness"])
    names: dict[str, list[str]] = {}
    for module, name in request.get("constants", []):
        names.setdefault(module, []).append(name)
    modules = list(dict.fromkeys(list(request.get("modules", [])) + list(names)))
    with ThreadPoolExecutor(max(2, min(4, os.cpu_count() or 2))) as pool:
        imports = [pool.submit(import_fact, children, m, names.get(m, [])) for m in modules]
        without = [
            pool.submit(import_fact, children, module, [], blocked)
            for blocked, module in request.get("without", [])
        ]
        guards = [
            pool.submit(lambda p, m: list(guard_facts(children, p, m)), path, module)
            for path, module in request.get("guards", [])
        ]
        return {
            "imports": [future.result() for future in imports],
            "without": [future.result() for future in without],
            "guards": [fact for future in guards for fact in future.result()],
        }


def clean() -> None:
    """Kill what still runs and remove what was made."""
    for pid in list(RUNNING):
        kill_group(pid)
    if SCRATCH:
        import shutil

        shutil.rmtree(SCRATCH[0], ignore_errors=True)


def stop(_signal: int = 0, _frame: object = None) -> None:
    """End at once with everything started; whoever asked gave up on the answer."""
    GIVEN_UP.append(True)
    STARTING.acquire(timeout=1.0)  # never released: no other child is started
    clean()
    os._exit(ENDED)


def bound(ends: float) -> None:
    """See to it that this process ends a little after the deadline, whatever it does then."""

    def wait() -> None:
        time.sleep(max(0.0, ends + GRACE - time.monotonic()))
        stop()

    threading.Thread(target=wait, daemon=True).start()
    # If no thread of ours ever runs again, the kernel does it.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(0.1, ends + 2 * GRACE - time.monotonic()))


def lifeline() -> None:
    """See to it that this process ends when its standard input does: nobody waits any more."""

    def wait() -> None:
        try:
            while os.read(0, CHUNK):
                pass
        except OSError:  # there is none; the deadline is left
            return
        stop()

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Answer the request in the first argument."""
    request = json.loads(sys.argv[1])
    ends = time.monotonic() + request["deadline"]
    signal.signal(signal.SIGTERM, stop)
    bound(ends)
    if request.get("lifeline"):
        lifeline()
    try:
        facts = look(request, ends)
    finally:
        clean()
    if GIVEN_UP:
        os._exit(ENDED)
    print(MARK + json.dumps(facts))


if __name__ == "__main__":
    main()
