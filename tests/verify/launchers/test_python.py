"""What Python programs start, seen without running any."""

from collections.abc import Callable

import pytest

from tests.verify.launchers.conftest import PAGE
from verify.matrix import Launcher, Matrix


def table(text: str) -> list[tuple[str, str]]:
    """Return the rows of a table of programs: what follows `## `, and the program below it."""
    rows = (part.partition("\n") for part in f"\n{text}".split("\n## ")[1:])
    return [(head, program) for head, _, program in rows]


def names(text: str) -> list[str]:
    return [head.partition(" -> ")[0] for head, _ in table(text)]


FILES = {"app.py": PAGE, "ui/app.py": PAGE, "admin.py": PAGE}

# What each starts, and on which port.
STARTS = r"""
## run, list -> app.py 8501
import subprocess
subprocess.run(['streamlit', 'run', 'app.py'])

## run, args= -> app.py 8501
import subprocess as s
s.run(args=['streamlit', 'run', 'app.py'])

## star import -> app.py 8501
from subprocess import *
import os
os.system('streamlit run app.py')

## call, text and shell -> app.py 81
from subprocess import call
call('streamlit run app.py --server.port 81', shell=True)

## words appended -> app.py 8007
import subprocess
cmd = ['streamlit', 'run']
cmd.append('app.py')
cmd += ['--server.port', str(8000 + 7)]
cmd.extend(['--', 'x'])
subprocess.Popen(cmd)

## text split -> app.py 8501
import shlex, subprocess
subprocess.run(shlex.split('streamlit run "app.py"'))

## percent and format -> app.py 82
import os
os.system('%s run %s' % ('streamlit', 'app.py') + ' --server.port {}'.format(82))

## pathlib -> ui/app.py 8501
import subprocess
from pathlib import Path
HERE = Path(__file__).resolve().parents[0]
subprocess.run(['streamlit', 'run', str(HERE.joinpath('ui') / 'app.py')])

## path in a shell's text -> ui/app.py 8501
import os
from pathlib import Path
os.system(f'cd "{Path(__file__).parent}" && streamlit run "ui/app.py"')

## chdir -> ui/app.py 8501
import os
os.chdir('ui')
os.execvp('streamlit', ['streamlit', 'run', 'app.py'])
os.system('streamlit run gone.py')

## spawn -> app.py 8501
import os, sys
os.spawnlp(os.P_WAIT, 'streamlit', 'streamlit', 'run', 'app.py')

## environment of the call -> app.py 83
import os, subprocess
env = os.environ.copy()
env['STREAMLIT_SERVER_PORT'] = '83'
subprocess.run(['streamlit', 'run', 'app.py'], env=env)

## environment, spread -> app.py 84
import os, subprocess
subprocess.run(['streamlit', 'run', 'app.py'],
    env={**os.environ, 'STREAMLIT_SERVER_PORT': '84'})

## environment of the process -> app.py 85
import os
os.environ['STREAMLIT_SERVER_PORT'] = '85'
os.system('streamlit run app.py')

## asyncio -> app.py 8501
import asyncio, sys
async def main():
    await asyncio.create_subprocess_exec(sys.executable, '-m', 'streamlit', 'run', 'app.py')
asyncio.run(main())

## pexpect -> app.py 8501
import pexpect
pexpect.spawn('streamlit run app.py')

## sh -> app.py 8501
import sh
sh.streamlit('run', 'app.py', _bg=True)

## argv and main -> app.py 86
import sys
from streamlit.web import cli as stcli
def main():
    sys.argv = ['streamlit', 'run', 'app.py', '--server.port=86']
    sys.exit(stcli.main())
if __name__ == '__main__':
    main()

## old and new place of main -> app.py 8501
import sys
try:
    from streamlit.web import cli
except ImportError:
    from streamlit import cli
sys.argv[1:] = ['run', 'app.py']
cli.main()

## main_run, words -> app.py 87
from streamlit.web.cli import main_run
main_run(['app.py', '--server.port', '87'])

## main_run's function -> app.py 88
import streamlit.web.cli as c
c.main_run.callback('app.py', server_port=88)

## _main_run -> app.py 89
import streamlit.web.cli as c
c._main_run('app.py', [], flag_options={'server.port': 89})

## bootstrap of old -> app.py 8501
from streamlit import bootstrap
bootstrap.run('app.py', '', [], {})

## bootstrap with loaded options -> app.py 90
from streamlit.web import bootstrap
bootstrap.load_config_options(flag_options={'server_port': 90})
bootstrap.run('app.py', False, [], {'server_port': 90})

## runpy of another launcher -> app.py 8501
import runpy
runpy.run_path('tools/inner.py', run_name='__main__')

## App -> ui/app.py 91
from streamlit.starlette import App
App('ui/app.py').run(config={'server.port': 91})

## thread -> app.py 8501
import os, threading
def serve(page):
    os.system('streamlit run ' + page)
threading.Thread(target=serve, args=('app.py',), daemon=True).start()

## class -> app.py 92
import subprocess
class Launcher:
    def __init__(self, page, port=8501):
        self.page, self.port = page, port
    def command(self):
        return ['streamlit', 'run', self.page, '--server.port', str(self.port)]
    def start(self):
        self.process = subprocess.Popen(self.command())
Launcher('app.py', port=92).start()

## module of the repository -> ui/app.py 8501
from tools.settings import PAGE
import subprocess
subprocess.run(['streamlit', 'run', PAGE])

## function of the repository -> app.py 8501
# streamlit
import subprocess
from tools.settings import serve
serve('app.py')

## click -> app.py 93
import click, subprocess
@click.command()
@click.option('--port', '-p', default=93)
def main(port):
    subprocess.run(['streamlit', 'run', 'app.py', '--server.port', str(port)])
if __name__ == '__main__':
    main()

## typer -> app.py 8501
import os, typer
app = typer.Typer()
@app.command()
def serve(page: str = typer.Option('app.py')):
    os.system(f'streamlit run {page}')
if __name__ == '__main__':
    app()

## argparse -> app.py 94
import argparse, subprocess
def parse():
    p = argparse.ArgumentParser()
    p.add_argument('--port', type=int, default=94)
    return p.parse_args()
args = parse()
subprocess.run(['streamlit', 'run', 'app.py', f'--server.port={args.port}'])

## unknown option before the page -> app.py None
import subprocess, sys
subprocess.run(
    ['streamlit', 'run', f'--server.port={sys.argv[1]}', 'app.py'])

## unknown port in a shell's text -> app.py None
import os
os.system(f'streamlit run app.py --server.port {input()}')

## in try -> app.py 8501
import subprocess, sys
try:
    subprocess.run(['streamlit', 'run', 'app.py'], check=True)
except FileNotFoundError:
    subprocess.run([sys.executable, '-m', 'streamlit', 'run', 'app.py'])

## in try, with Python alone as the last resort -> app.py 8501
import subprocess, sys
try:
    subprocess.run(['streamlit', 'run', 'app.py'], check=True)
except FileNotFoundError:
    subprocess.run([sys.executable, 'app.py'])

## first that is there -> app.py 8501
import os
for page in ('gone.py', 'app.py'):
    if os.path.exists(page):
        break
os.system(f'streamlit run {page}')

## frozen program's folder -> app.py 8501
import os, sys
base = sys._MEIPASS if getattr(sys, 'frozen', False) else os.path.dirname(__file__)
os.system('streamlit run ' + os.path.join(base, 'app.py'))

## raised end -> app.py 8501
import os
def main():
    os.system('streamlit run app.py')
raise SystemExit(main())

## App under uvicorn -> ui/app.py 8000
import uvicorn, streamlit as st
app = st.App('ui/app.py')
uvicorn.run(app)

## option of config -> app.py 88
from streamlit import config
from streamlit.web import bootstrap
config.set_option('server.port', 88)
bootstrap.run('app.py', False, [], {})

## first that a function finds -> ui/app.py 8501
import os
from pathlib import Path
def find():
    for page in (Path('gone.py'), Path('ui') / 'app.py'):
        if page.exists():
            return page
    raise FileNotFoundError
os.system(f'streamlit run {find()}')

## console program beside Python -> app.py 8501
import os, subprocess, sys
subprocess.run([os.path.join(os.path.dirname(sys.executable), 'streamlit'), 'run', 'app.py'])

## script of a virtual environment -> app.py 8501
import subprocess
subprocess.run(['/opt/x/bin/python', '/opt/x/bin/streamlit', 'run', 'app.py'])

## Python of Windows -> app.py 8501
import subprocess
subprocess.run([r'C:\tools\python.exe', '-m', 'streamlit', 'run', 'app.py'])

## console program found -> app.py 8501
import shutil, subprocess
subprocess.run([shutil.which('streamlit'), 'run', 'app.py'])
"""
INNER = {
    "tools/inner.py": "import os\nif __name__ == '__main__':\n"
    "    os.system('streamlit run app.py')\n",
    "tools/settings.py": "import subprocess\nPAGE = 'ui/app.py'\ndef serve(page):\n"
    "    subprocess.run(['streamlit', 'run', page])\n",
}


@pytest.mark.parametrize(("head", "program"), table(STARTS), ids=names(STARTS))
def test_program_starts(row_of: Callable[..., Launcher], head: str, program: str) -> None:
    entry, port = head.partition(" -> ")[2].split()
    row = row_of("go.py", {**FILES, **INNER, "go.py": program})
    got = (row.status, row.entry, str(row.port), row.kind)
    assert got == ("ok", entry, port, "python"), row


# Status | the files it may start | a part of why.
OTHERS = r"""
## two arms -> dynamic | admin.py app.py | chosen at run time
import os, subprocess
if os.environ.get('MODE') == 'admin':
    page = 'admin.py'
else:
    page = 'app.py'
subprocess.run(['streamlit', 'run', page])

## early end -> dynamic | admin.py app.py | chosen at run time
import os, sys
if os.environ.get('DEV'):
    os.system('streamlit run admin.py')
    sys.exit()
os.system('streamlit run app.py')

## dict of pages -> dynamic | admin.py app.py |
import os, sys
PAGES = {'a': 'admin.py', 'b': 'app.py'}
os.system('streamlit run ' + PAGES[sys.argv[1]])

## choices -> dynamic | admin.py app.py |
import argparse, os
p = argparse.ArgumentParser()
p.add_argument('page', choices=['admin', 'app'])
args = p.parse_args()
os.system(f'streamlit run {args.page}.py')

## asked -> unknown |  |
import os
os.system('streamlit run ' + input())

## first argument -> unknown |  |
import os, sys
os.system(f'streamlit run {sys.argv[1]}')

## beside Python -> unknown |  | beside the Python
import os, sys
os.system('streamlit run ' + os.path.dirname(sys.executable) + '/app.py')

## folder of one machine -> unknown |  | working directory
import os
os.chdir(r'D:\work\pages')
os.system('streamlit run app.py')

## gone -> missing |  | gone.py
import os
os.system('streamlit run gone.py')

## gone, and checked -> missing |  | gone.py
import os, sys
if not os.path.exists('gone.py'):
    print('no')
    sys.exit(1)
os.system('streamlit run gone.py')

## text without a shell -> broken |  | shell=True
import subprocess
subprocess.run('streamlit run app.py')

## list with a shell -> broken |  | first word
import subprocess
subprocess.run(['streamlit', 'run', 'app.py'], shell=True)

## text for main_run -> broken |  | letter by letter
from streamlit.web import cli
cli.main_run('app.py')

## no shell for $PORT -> broken |  | no shell
import subprocess
subprocess.run(['streamlit', 'run', 'app.py', '--server.port', '$PORT'])

## hello -> not_streamlit |  | demo
import os
os.system('streamlit hello')
"""


@pytest.mark.parametrize(("head", "program"), table(OTHERS), ids=names(OTHERS))
def test_program_that_starts_no_one_page(
    row_of: Callable[..., Launcher], head: str, program: str
) -> None:
    status, candidates, why = (part.strip() for part in f"{head} ".partition(" -> ")[2].split("|"))
    row = row_of("go.py", {**FILES, "go.py": program})
    assert (row.status, row.candidates) == (status, tuple(candidates.split())), row
    assert why in row.why


ASSUMED = {
    "environment": ("os.environ.get('PAGE', 'app.py')", "unless PAGE is set"),
    "getenv or": ("(os.getenv('PAGE') or 'app.py')", "unless PAGE is set"),
    "argument": (
        "(sys.argv[1] if len(sys.argv) > 1 else 'app.py')",
        "unless it is given arguments",
    ),
}


@pytest.mark.parametrize(("page", "why"), ASSUMED.values(), ids=ASSUMED)
def test_assumption_is_told(row_of: Callable[..., Launcher], page: str, why: str) -> None:
    program = f"import os, sys\nos.system('streamlit run ' + {page})"
    row = row_of("go.py", {**FILES, "go.py": program})
    assert (row.status, row.entry) == ("ok", "app.py")
    assert why in row.why


DEAD = r"""
## comment
import os
# os.system('streamlit run app.py')

## text
import os
HINT = "os.system('streamlit run app.py')"
print('streamlit run app.py')

## docstring
'''streamlit run app.py'''
import subprocess

## if False
import os
if False:
    os.system('streamlit run app.py')

## after raise
import os
raise RuntimeError('old')
os.system('streamlit run app.py')

## after exit
import os, sys
sys.exit(1)
os.system('streamlit run app.py')

## function nobody calls
import os
def old():
    os.system('streamlit run app.py')
if __name__ == '__main__':
    print(1)

## pkill
import os
os.system('pkill -f "streamlit run app.py"')

## other program
import subprocess
subprocess.run(['grep', 'streamlit', 'run', 'app.py'])

## other run
class S:
    def run(self, *a): ...
subprocess = S()
subprocess.run(['streamlit', 'run', 'app.py'])

## other command
import subprocess
subprocess.run(['streamlit', 'version'])
"""


@pytest.mark.parametrize(("_head", "program"), table(DEAD), ids=names(DEAD))
def test_program_that_starts_nothing_is_no_row(
    matrix_of: Callable[..., Matrix], _head: str, program: str
) -> None:
    found = matrix_of({**FILES, "go.py": program})
    assert [row for row in found.launchers if row.path == "go.py"] == []


def test_two_servers_are_two_rows(matrix_of: Callable[..., Matrix]) -> None:
    program = (
        "import subprocess\nprocesses = []\n"
        "for page, port in {'app.py': 1, 'admin.py': 2}.items():\n"
        "    processes.append(subprocess.Popen(\n"
        "        ['streamlit', 'run', page, '--server.port', str(port)]))\n"
    )
    found = matrix_of({**FILES, "go.py": program})
    rows = {(row.entry, row.port, row.line) for row in found.launchers}
    assert rows == {("app.py", 1, 4), ("admin.py", 2, 4)}


def test_button_of_each_page_is_a_row(matrix_of: Callable[..., Matrix]) -> None:
    program = (
        "import subprocess, tkinter\n"
        "class Window:\n    def __init__(self):\n        for page in ['app.py', 'admin.py']:\n"
        "            tkinter.Button(self.root, command=lambda p=page: self.start(p))\n"
        "    def start(self, page):\n        subprocess.Popen(['streamlit', 'run', page])\n"
        "Window()\n"
    )
    found = matrix_of({**FILES, "go.py": program})
    assert {(row.entry, row.line) for row in found.launchers} == {("app.py", 7), ("admin.py", 7)}


def test_function_for_others_is_a_row_when_another_file_uses_it(
    matrix_of: Callable[..., Matrix],
) -> None:
    library = "import subprocess\ndef show():\n    subprocess.run(['streamlit', 'run', 'app.py'])\n"
    unused = matrix_of({**FILES, "shop.py": library})
    assert [row for row in unused.launchers if row.path == "shop.py"] == []
    used = matrix_of({**FILES, "shop.py": library, "main.py": "import shop\nshop.show()\n"})
    row = next(row for row in used.launchers if row.path == "shop.py")
    assert (row.status, row.entry, row.why) == ("ok", "app.py", "when something calls show()")


def test_launcher_that_is_not_python_is_unknown(row_of: Callable[..., Launcher]) -> None:
    row = row_of("go.py", {**FILES, "go.py": "import os\nos.system('streamlit run app.py'\n"})
    assert (row.status, row.line) == ("unknown", 2)
    assert "not Python" in row.why


@pytest.mark.parametrize(
    "text", ["import os\nos.system('x.sh'\n", "import streamlit as st\nst.title('é'\n"]
)
def test_what_is_not_python_and_names_no_launch_is_no_row(
    matrix_of: Callable[..., Matrix], text: str
) -> None:
    assert matrix_of({**FILES, "go.py": text}).launchers == ()


def test_forwarder_inside_the_program_is_no_launcher(matrix_of: Callable[..., Matrix]) -> None:
    found = matrix_of({**FILES, "go.py": "# streamlit\nimport runpy\nrunpy.run_path('app.py')\n"})
    assert [row for row in found.launchers if row.path == "go.py"] == []


def test_subcommand_is_chosen_by_the_arguments(matrix_of: Callable[..., Matrix]) -> None:
    program = (
        "import click, os\n@click.group()\ndef cli(): ...\n"
        "@cli.command()\ndef serve():\n    os.system('streamlit run app.py')\n"
        "@cli.command('admin-page')\ndef other():\n    os.system('streamlit run admin.py')\n"
        "if __name__ == '__main__':\n    cli()\n"
    )
    files = {**FILES, "go.py": program, "a.sh": "python go.py admin-page\n"}
    rows = matrix_of(files).launchers
    assert [row.entry for row in rows if row.path == "a.sh"] == ["admin.py"]
    assert {row.entry for row in rows if row.path == "go.py"} == {"app.py", "admin.py"}


def test_program_in_a_folder_is_started_from_there(row_of: Callable[..., Launcher]) -> None:
    row = row_of(
        "web/go.py",
        {"web/go.py": "import os\nos.system('streamlit run page.py')", "web/page.py": PAGE},
    )
    assert (row.status, row.entry) == ("ok", "web/page.py")
    assert "own folder" in row.why


def test_page_that_relaunches_itself(row_of: Callable[..., Launcher]) -> None:
    program = (
        "import sys\nimport streamlit as st\nfrom streamlit.web import cli as stcli\n"
        "def main():\n    st.title('x')\nif __name__ == '__main__':\n"
        "    if st.runtime.exists():\n        main()\n    else:\n"
        "        sys.argv = ['streamlit', 'run', sys.argv[0]]\n        sys.exit(stcli.main())\n"
    )
    row = row_of("page.py", {"page.py": program})
    assert (row.status, row.entry, row.line) == ("ok", "page.py", 11)


def test_dockerfile_gives_the_program_its_arguments(matrix_of: Callable[..., Matrix]) -> None:
    program = (
        "import argparse, subprocess\np = argparse.ArgumentParser()\np.add_argument('--page')\n"
        "subprocess.run(['streamlit', 'run', p.parse_args().page])\n"
    )
    docker = (
        'FROM python:3.11\nWORKDIR /srv\nCOPY . .\nCMD ["python", "go.py", "--page", "app.py"]\n'
    )
    found = matrix_of({**FILES, "go.py": program, "Dockerfile": docker})
    row = next(row for row in found.launchers if row.path == "Dockerfile")
    assert (row.status, row.entry) == ("ok", "app.py"), row


def test_module_of_a_package_is_followed(matrix_of: Callable[..., Matrix]) -> None:
    files = {
        **FILES,
        "src/dash/__init__.py": "",
        "src/dash/__main__.py": "from .serve import main\nmain()\n",
        "src/dash/serve.py": "import subprocess\ndef main():\n"
        "    subprocess.run(['streamlit', 'run', 'app.py'])\n",
        "go.sh": "cd src && python -m dash\n",
        "run.sh": "export PYTHONPATH=src\npython -m dash\n",
    }
    rows = {row.path: row for row in matrix_of(files).launchers}
    assert rows["run.sh"].entry == "app.py", rows
    assert rows["go.sh"].status == "missing"


HOSTILE = {
    "deep calls": "import os\nx = " + "f(" * 80 + "1" + ")" * 80 + "\nos.system('streamlit')",
    "deep sum": "import os\nx = " + "+".join(["'a'"] * 3000) + "\nos.system('streamlit')",
    "recursion": "import os\n# streamlit\ndef f(x):\n    return f(g(x))\n"
    "def g(x):\n    return f(x)\nf(1)",
    "doubling": "import os\n# streamlit\nx = 'a'\n" + "x = x + x\n" * 200 + "os.system(x)",
    "great power": "import os\n# streamlit\nx = 9\n" + "x = x * x\n" * 200 + "os.system(x)",
    "many branches": "import os\nx = 'streamlit'\n"
    + "".join(f"if a{n}:\n    x = x + '{n}'\n" for n in range(200))
    + "os.system(x)",
    "many elifs": "import os\nif a:\n    x = 'streamlit'\n"
    + "".join(f"elif b{n}:\n    x = '{n}'\n" for n in range(400))
    + "os.system(x)",
    "own class": "import os\n# streamlit\nclass A(A):\n    def f(self):\n"
    "        return self.f()\nA().f()",
    "loops": "import os\n# streamlit\nfor a in 'x' * 5000:\n"
    "    for b in range(10):\n        os.system(a)",
    "wrong calls": "import os, subprocess\n# streamlit\nos.system()\nsubprocess.run()\nos.execv()\n"
    "os.path.join()\n'{}'.format()\n'%s' % ()\n[][5]\n{}['x']\nint('x')\nos.environ[1] = 2\n"
    "'a'.split('')\nsubprocess.run(*x, **y)\nos.putenv()\nnext()\nlen()\nsum(a for a in b)",
    "braces": "import os\n# streamlit\nx = '{' * 500\ny = x.format(1)\nos.system(y)",
}


@pytest.mark.parametrize("program", HOSTILE.values(), ids=HOSTILE)
def test_no_program_makes_it_fail(matrix_of: Callable[..., Matrix], program: str) -> None:
    found = matrix_of({**FILES, "go.py": program})
    assert not [row for row in found.launchers if "cannot be followed: " in row.why]


def test_a_start_in_an_imported_module_stands_on_the_programs_own_line(row_of: Callable) -> None:
    files = {
        "run.py": "import runpy  # streamlit's\nfrom tools.start import go\n\n\ngo('app.py')\n",
        "tools/__init__.py": "",
        "tools/start.py": "import subprocess\n\n\n\n\n\ndef go(page):\n"
        "    subprocess.run(['streamlit', 'run', page])\n",
        "app.py": PAGE,
    }
    row = row_of("run.py", files)
    assert (row.line, row.raw, row.entry) == (5, "go('app.py')", "app.py")
    assert "by way of tools/start.py:8" in row.why
