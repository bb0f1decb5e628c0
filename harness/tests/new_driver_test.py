"""new-driver, and what the program says of itself for man and bash."""
import json
import re
import shutil
import subprocess

import pytest
from rig import BUILD, PROJECT, RELEASE, run

SKELETON = PROJECT / "harness/drivers/skeleton"
COMMANDS = re.findall(r"^  ([a-z-]+) +\S", run("--help").stdout.split("Every command")[0], re.M)


def options(command):
    return re.findall(r"^  (--?[\w-]+)", run(command, "--help").stdout.split("examples:")[0], re.M)


def test_the_files_are_those_of_the_tree_under_the_name(tmp_path):
    (tmp_path / "acme").mkdir()  # an empty one will do
    got = run("new-driver", f"{tmp_path}/acme/", "--name", "acme-10g")
    assert got.returncode == 0 and "acme/README.md" in got.stdout, got.stderr
    for source in SKELETON.iterdir():
        written = (tmp_path / "acme" / source.name).read_text()
        assert written == source.read_text().replace("skeleton", "acme-10g")
    assert len(list((tmp_path / "acme").iterdir())) == len(list(SKELETON.iterdir()))


def test_the_name_is_that_of_the_folder(tmp_path):
    assert run("new-driver", "mine", cwd=tmp_path).returncode == 0
    assert "chimneysweep_add_driver(mine SOURCES" in (tmp_path / "mine/CMakeLists.txt").read_text()


@pytest.mark.parametrize("make, argument, word", [
    (lambda folder: (folder / "full").mkdir() or (folder / "full/x").touch(), "full", "not empty"),
    (lambda folder: (folder / "file").touch(), "file", "is a file"),
    (lambda folder: None, "missing/below", "No such file"),
    (lambda folder: (folder / "file").touch(), "file/below", "Not a directory"),
    (lambda folder: None, "1st", "--name"),
    (lambda folder: None, "a b", "--name"),
])
def test_what_cannot_be_written_is_one_line_and_nothing_is(tmp_path, make, argument, word):
    make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    got = run("new-driver", argument, cwd=tmp_path)
    assert got.returncode == 2 and not got.stdout
    assert len(got.stderr.splitlines()) == 1 and word in got.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_the_skeleton_starts_and_halts_and_is_told_what_comes_next():
    driver = PROJECT / "build/release/lib/skeleton.so"
    got = run("check-driver", "--json", driver, program=RELEASE)
    report = json.loads(got.stdout)
    rules = {rule["id"]: rule["result"] for rule in report["rules"]}
    for held in ("REG-HND-1", "REG-HND-2", "REG-CAP-2", "LIFE-RET-1", "LIFE-LEAK-1", "FailedInitialize", "NullCheck",
                 "NdisOidComplete", "MiniportPause-Return", "CallbackAfterHalt", "INIT-ST-ALL-1"):
        assert rules[held] == "held", held
    assert got.returncode == 1 and not report["unnamed"] and report["next"] == "REG-CAP-1"
    named = {rule for source in SKELETON.iterdir() for rule in re.findall(r"\b[A-Z]+(?:-[A-Z0-9]+)+\b",
                                                                        source.read_text())
             if rule.split("-")[0] in {known.split("-")[0] for known in rules}}
    assert len(named) > 30 and named <= set(rules), named - set(rules)
    text = run("check-driver", driver, program=RELEASE).stdout.split("\nnext: ")[1]
    assert text.startswith("REG-CAP-1 (broken)") and "expected a neighbor taken" in text
    assert "  explain  chimneysweep explain REG-CAP-1" in text and "chimneysweep run --driver" in text


def test_a_driver_without_a_fault_has_no_next_step():
    core = BUILD / "lib/offload_core.so"
    assert json.loads(run("check-driver", "--json", core).stdout)["next"] is None
    assert "next:" not in run("check-driver", core).stdout


def test_the_manual_has_every_command_and_option():
    page = run("help", "--man").stdout
    for command in COMMANDS:
        section = page.split(f".SS {command}\n")[1].split(".SS ")[0]
        for option in options(command)[:-1]:
            assert ".B " + option.replace("-", "\\-") in section, (command, option)
    if shutil.which("groff"):
        got = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page, text=True, capture_output=True)
        assert got.returncode == 0 and not got.stderr, got.stderr[:500]


def complete(*words):
    script = run("help", "--bash").stdout + f"\nCOMP_WORDS=({' '.join(words)} '') COMP_CWORD={len(words)}\n" \
        "_chimneysweep; printf '%s\\n' \"${COMPREPLY[@]}\""
    if words[-1].startswith("-"):
        script = script.replace(f"{words[-1]} '') COMP_CWORD={len(words)}", f"{words[-1]}) COMP_CWORD={len(words) - 1}")
    return subprocess.run(["bash", "-c", script], text=True, capture_output=True, check=True).stdout.split()


def test_bash_completes_commands_and_options():
    assert set(COMMANDS) <= set(complete("chimneysweep"))
    for command in COMMANDS:
        assert set(options(command)) <= set(complete("chimneysweep", command, "-")) | {"-o"}, command
    assert complete("chimneysweep", "check-driver", "--corp") == ["--corpora"]
