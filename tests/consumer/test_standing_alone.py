"""The consumer package needs msgspec and the standard library, wherever it is put."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from stampbook import consumer
from tests.consumer.vectors import VECTORS

PACKAGE = Path(consumer.__file__).parent
LOADED = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
OF_OURS = "import sys; print(*(name for name in sys.modules if name.startswith('stampbook')))"
VERIFY = """
import json, sys
from {package} import CryptographyMissingError, verify
vector = json.load(sys.stdin)
try:
    print(verify(vector["body"].encode(), vector["headers"], vector["secrets"], now=vector["now"]))
except CryptographyMissingError as missing:
    print(missing)
"""


def run(*scripts: str, given: str = "", folder: Path | None = None) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(scripts)],
        capture_output=True,
        text=True,
        input=given,
        cwd=folder,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def vector_text(name: str) -> str:
    vector = VECTORS[name]
    assert vector.body is not None
    fields = {
        "body": vector.body,
        "headers": vector.headers,
        "secrets": vector.secrets,
        "now": vector.now,
    }
    return json.dumps(fields)


def test_a_fresh_interpreter_loads_msgspec_and_the_standard_library() -> None:
    by_msgspec = set(run("import msgspec.json", LOADED).split())
    by_consumer = set(run("import stampbook.consumer", LOADED).split())
    assert by_consumer - by_msgspec - set(sys.stdlib_module_names) == {"stampbook"}


def test_of_stampbook_only_the_package_itself_is_loaded() -> None:
    loaded = set(run("import stampbook.consumer", OF_OURS).split())
    parts = {f"stampbook.consumer.{path.stem}" for path in PACKAGE.glob("[!_]*.py")}
    assert loaded <= {"stampbook", "stampbook.consumer", *parts}


def test_a_copy_of_the_folder_works_under_another_name(tmp_path: Path) -> None:
    copytree(PACKAGE, tmp_path / "hooks")
    script = VERIFY.format(package="hooks")
    said = run(script, OF_OURS, given=vector_text("unicode"), folder=tmp_path)
    assert "Signed(id='019df2a1c0de4a0000000090'" in said
    assert "stampbook" not in said


def test_a_shared_secret_does_not_load_cryptography() -> None:
    script = VERIFY.format(package="stampbook.consumer")
    assert "cryptography" not in run(script, LOADED, given=vector_text("plain")).split()
    assert "cryptography" in run(script, LOADED, given=vector_text("public key, plain")).split()


def test_a_public_key_without_cryptography_says_what_to_install() -> None:
    script = VERIFY.format(package="stampbook.consumer")
    absent = "import sys; sys.modules['cryptography'] = None"
    assert "pip install cryptography" in run(absent, script, given=vector_text("public key, plain"))
    assert "Signed(" in run(absent, script, given=vector_text("plain"))


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_the_parts_name_each_other_relatively_and_read_no_clock(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 0
    }
    roots = {name.partition(".")[0] for name in named}
    assert roots <= set(sys.stdlib_module_names) - {"time", "random"} | {"msgspec", "cryptography"}
