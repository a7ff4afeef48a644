"""Looks around where it runs and prints what it saw as one line of JSON.

This one file is sent whole, as `python -c`, to a subject's interpreter: on this machine or inside a
container. So it needs only the standard library and Python 3.8, and imports nothing of `verify`.

It is given one request, a JSON object in its first argument; each key asks for one kind of fact:
    root         folder the subject's files stand in; becomes the working directory
    deadline     seconds for everything; what is not done by then is reported as not done
    env          variables added to those of the children it starts
    compile      folders whose every Python file is compiled, in memory
    read         files whose text is returned, null where there is no such file
    modules      names of modules, each imported in an interpreter of its own
    without      [[blocked, module], ...]: imported where another module cannot be found
    constants    [[module, name], ...]: read after import
    guards       [[path, module], ...]: started as `python FILE`, `python -m` and `import`
    processes    true: every process with its command line and user
    witness      the text of witness.py, which runs in every child before the subject's code
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, Iterable, Iterator

Fact = Dict[str, Any]

MARK = "verify-agent:"
"""Stands before the answer, because the interpreter's start-up may print something too."""

LARGEST = 1000000
"""Characters of a file that are returned."""

TAIL = 4000
"""Characters of a child's output that are kept: its end, where an error stands."""

IMPORT = """
import json, os, sys, time
module, blocked, names = sys.argv[1], sys.argv[2], sys.argv[3:]
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == blocked:
            raise ModuleNotFoundError("No module named %r" % name, name=name)
if blocked:
    sys.meta_path.insert(0, Blocker())
started = time.perf_counter()
__import__(module)
seconds = time.perf_counter() - started
found = {name: repr(getattr(sys.modules[module], name, None)) for name in names}
out = os.open(os.environ["VERIFY_ANSWER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
os.write(out, json.dumps([seconds, found, getattr(sys.modules[module], "__file__", None)]).encode())
"""


class Children:
    """Starts children that are watched, bounded in time, and killed with all they started."""

    def __init__(
        self, scratch: str, root: str, env: dict[str, str], ends: float, witness: str
    ) -> None:
        self.scratch, self.root, self.ends = scratch, root, ends
        self.running: set[int] = set()
        signal.signal(signal.SIGTERM, self.stop)
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
        effects, answer = (
            os.path.join(self.scratch, name + end) for end in (".effects", ".answer")
        )
        env = dict(self.env, VERIFY_EFFECTS=effects, VERIFY_ANSWER=answer)
        started = time.monotonic()
        child = subprocess.Popen(
            [sys.executable, *args],
            cwd=self.root,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.running.add(child.pid)
        late = False
        try:
            out, err = child.communicate(timeout=max(0.01, self.ends - started))
        except subprocess.TimeoutExpired:
            late = True
            kill_group(child.pid)
            out, err = child.communicate()
        kill_group(child.pid)  # a daemon it may have left behind
        self.running.discard(child.pid)
        return {
            "exit": None if late else child.returncode,
            "seconds": time.monotonic() - started,
            "out": out.decode("utf-8", "replace")[-TAIL:],
            "err": err.decode("utf-8", "replace")[-TAIL:],
            "effects": [effect for _, effect in read_effects(effects)],
            "answer": read_json(answer),
        }

    def stop(self, _signal: int, _frame: object) -> None:
        """End with everything started; the caller gave up on the answer."""
        for pid in list(self.running):
            kill_group(pid)
        shutil.rmtree(self.scratch, ignore_errors=True)
        os._exit(143)


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
                if name.endswith(".py"):
                    yield os.path.join(here, name)


def compiled(path: str) -> Fact:
    """Compile one file in memory; return its fact."""
    fact: Fact = {"path": path, "ok": False, "line": None, "column": None, "reason": ""}
    try:
        with open(path, "rb") as file:
            source = file.read()
        compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        fact.update(line=error.lineno, column=error.offset, reason=error.msg)
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        fact["reason"] = f"{type(error).__name__}: {error}"
    else:
        fact["ok"] = True
    return fact


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
    seconds, found, origin = ran["answer"] or (None, {}, None)
    return {
        "module": module,
        "blocked": blocked,
        "ok": ran["exit"] == 0 and seconds is not None,
        "exit": ran["exit"],
        "seconds": seconds,
        "constants": found,
        "origin": origin,
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


def processes() -> list[Fact]:
    """Return every process that /proc tells of."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                args = file.read().decode("utf-8", "replace").split("\0")
            uid = os.stat("/proc/" + name).st_uid
        except OSError:  # it ended while we looked
            continue
        if any(args):
            found.append({"pid": int(name), "args": [arg for arg in args if arg], "uid": uid})
    return sorted(found, key=lambda process: process["pid"])


def look(request: Fact, scratch: str) -> Fact:
    """Gather all facts that the request asks for."""
    root, ends = request.get("root") or os.getcwd(), time.monotonic() + request["deadline"]
    facts: Fact = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "uid": os.getuid(),
    }
    os.chdir(root)
    if request.get("processes"):
        facts["processes"] = processes()
    facts["compile"] = [compiled(path) for path in python_files(request.get("compile", []))]
    facts["read"] = {path: text(path) for path in request.get("read", [])}
    names: dict[str, list[str]] = {}
    for module, name in request.get("constants", []):
        names.setdefault(module, []).append(name)
    children = Children(scratch, root, request.get("env", {}), ends, request["witness"])
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
        facts["imports"] = [future.result() for future in imports]
        facts["without"] = [future.result() for future in without]
        facts["guards"] = [fact for future in guards for fact in future.result()]
    return facts


def main() -> None:
    """Answer the request in the first argument."""
    scratch = tempfile.mkdtemp(prefix="verify-")
    try:
        facts = look(json.loads(sys.argv[1]), scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(MARK + json.dumps(facts))


if __name__ == "__main__":
    main()
