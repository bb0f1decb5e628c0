"""check-driver: the whole suite against one driver, rule by rule, whatever the driver does."""
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rig import BUILD, CHIMNEYSWEEP, PROGRAMS, PROJECT, RELEASE, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import bugs  # noqa: E402
import drivers  # noqa: E402

CORE = BUILD / "lib/offload_core.so"
ours = pytest.mark.skipif(BUILD.name not in ("asan", "release"), reason="a preset without drivers of its own")
GROUP = "what the Windows verifiers check of any miniport"


def check(*arguments, **options):
    got = run("check-driver", "--json", *arguments, **options)
    report = json.loads(got.stdout)
    assert report["status"] == got.returncode
    return got, report, {rule["id"]: rule for rule in report["rules"]}


def compiled(tmp_path, name, text):
    source, driver = tmp_path / f"{name}.c", tmp_path / f"{name}.so"
    source.write_text(text)
    subprocess.run(["clang-14", "-shared", "-fPIC", "-O1", "-o", driver, source], check=True)
    return driver


@pytest.fixture
def few(tmp_path):
    folder = tmp_path / "corpora"
    folder.mkdir()
    for program in PROGRAMS[:2]:
        shutil.copy(program, folder)
    return folder


def test_the_bundled_driver_holds_every_rule():
    got, report, rules = check("--strict", CORE)
    assert got.returncode == 0, report["totals"]
    assert report["programs"] == len(PROGRAMS) and report["failed"] == 0 and not report["unnamed"]
    for name, rule in rules.items():
        expected = "nothing to evaluate" if rule["level"] == "permission" else "held"
        assert rule["result"] == expected and rule["finding"] is None, name
        assert (rule["evaluated"] > 0) == (rule["programs"] > 0) == (expected == "held"), name


def test_the_table_is_grouped_and_adds_up():
    got, report, rules = check(CORE)
    listed = json.loads(run("rules", "--json").stdout)["rules"]
    assert [rule["id"] for rule in report["rules"]] == [rule["id"] for rule in listed]
    areas = [rule["area"] for rule in report["rules"]]
    changes = [a for a, b in zip(areas, areas[1:] + [None]) if a != b]
    assert len(changes) == len(set(areas)), "an area stands in one piece"
    assert rules["NdisTimedOidComplete"]["area"] == GROUP != rules["RCV-FIFO-1"]["area"]
    totals = report["totals"]
    assert sum(totals.values()) == 2 * totals["rules"] == 2 * len(listed)
    for rule, row in zip(report["rules"], listed):
        assert rule["same_as"] == (row["where"] if row["class"] == "the same as" else None)
        if rule["same_as"]:
            other = rules[rule["same_as"]]
            assert (rule["evaluated"], rule["result"]) == (other["evaluated"], other["result"])


def test_the_text_shows_each_rule_once():
    got = run("check-driver", CORE)
    assert got.returncode == 0 and not got.stderr
    lines = got.stdout.splitlines()
    shown = [line.split()[0] for line in lines if line.startswith("  ") and " held" in line]
    assert len(shown) == len(set(shown)) > 200
    assert GROUP in lines and f"{len(PROGRAMS)} programs" in lines[-2]


@ours
@pytest.mark.parametrize("name", ["order-batch-reversed", "restart-locks-at-passive-level"])
def test_a_broken_rule_is_named_and_its_command_shows_it(tmp_path, name):
    bug = bugs.read(PROJECT / f"harness/bugs/{name}.patch")
    commands = drivers.compile_commands(BUILD.name)
    source = drivers.copy_core(tmp_path / "core")
    subprocess.run(["patch", "-p1", "--fuzz=3", "-s", "-i", bug.patch], cwd=source, check=True)
    objects = {}
    for line in bug.patch.read_text().splitlines():
        if line.startswith("+++ b/"):
            path = line[6:].strip()
            objects[path] = tmp_path / (path.replace("/", "-") + ".o")
            drivers.compile_one(commands, path, source, BUILD.name, objects[path])
    driver = drivers.link(commands, objects, BUILD.name, tmp_path / f"{name}.so")
    got, report, rules = check(driver)
    broken = rules[bug.rule]
    assert got.returncode == 1 and broken["result"] == "broken"
    assert broken["finding"]["programs"] <= report["failed"]
    command = broken["finding"]["reproduce"].split()
    assert command[:2] == ["chimneysweep", "run"] and str(driver) in command
    again = run("run", "--json", *command[2:])
    assert again.returncode == 1 and json.loads(again.stdout)["rule"] == bug.rule
    text = run("check-driver", driver).stdout
    assert broken["finding"]["reproduce"] in text and broken["finding"]["first"] in text


def test_a_crash_is_a_verdict_and_the_suite_goes_on(tmp_path, few):
    driver = compiled(tmp_path, "crash", "int DriverEntry(void) { return *(volatile int *)8; }\n")
    got, report, rules = check("--corpora", few, driver)
    assert got.returncode == 1
    assert report["programs"] == report["failed"] == 2
    (found,) = report["unnamed"].values()
    assert found["programs"] == 2 and str(driver) in found["reproduce"]
    assert rules["RCV-FIFO-1"]["result"] == "never evaluated"


def test_a_crash_tells_what_was_wrong_before(tmp_path):
    driver = compiled(tmp_path, "both", "void NdisFreeMemory(void *, unsigned, unsigned);\n"
                      "int DriverEntry(void) { NdisFreeMemory((void *)64, 0, 0); return *(volatile int *)8; }\n")
    verdict = json.loads(run("run", "--json", "--driver", driver, PROGRAMS[0]).stdout)
    assert verdict["verdict"] in ("crash", "sanitizer") and not verdict["rule"] and not verdict["expected"]
    assert verdict["earlier"].startswith("NdisAllocateMemory at event 1: ")
    text = run("run", "--driver", driver, PROGRAMS[0]).stdout
    assert verdict["earlier"] in text
    alone = compiled(tmp_path, "crash", "int DriverEntry(void) { return *(volatile int *)8; }\n")
    assert json.loads(run("run", "--json", "--driver", alone, PROGRAMS[0]).stdout)["earlier"] == ""


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition, what):
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(what)


def test_a_driver_that_sleeps_does_not_outlive_its_rig(tmp_path):
    there = tmp_path / "there"
    driver = compiled(tmp_path, "sleep", "#include <fcntl.h>\n#include <unistd.h>\nint DriverEntry(void) {\n"
                      f'    close(creat("{there}", 0600));\n    for (;;) {{ sleep(1); }}\n}}\n')
    rig = subprocess.Popen([CHIMNEYSWEEP, "run", "--timeout", "600", "--driver", driver, PROGRAMS[0]],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    below = Path(f"/proc/{rig.pid}/task/{rig.pid}/children")
    until(there.exists, "the driver runs")
    child = int(below.read_text().split()[0])
    assert alive(child)
    rig.kill()
    rig.wait()
    until(lambda: not alive(child), "it ends with the rig")


def test_a_hang_is_a_verdict_and_the_suite_goes_on(tmp_path, few):
    driver = compiled(tmp_path, "hang", "int DriverEntry(void) { for (volatile int i = 0;; i++) {} }\n")
    got, report, rules = check("--corpora", few, driver)
    assert got.returncode == 1
    assert report["programs"] == report["failed"] == report["unnamed"]["hang"]["programs"] == 2


@ours
def test_a_driver_that_is_never_the_same_is_found(tmp_path, few):
    source = drivers.copy_core(tmp_path / "core")
    path = "core/miniport/configure.c"
    text = (source / path).read_text()
    line = "    NDIS_HANDLE configuration;\n"
    assert line in text
    (source / path).write_text(text.replace(
        line, line + "    NdisFreeMemory(chim_alloc(ad, 16 + (__builtin_ia32_rdtsc() & 0xFFFF)), 0, 0);\n"))
    commands = drivers.compile_commands(BUILD.name)
    drivers.compile_one(commands, path, source, BUILD.name, tmp_path / "dice.o")
    driver = drivers.link(commands, {path: tmp_path / "dice.o"}, BUILD.name, tmp_path / "dice.so")
    got, report, rules = check("--corpora", few, driver)
    assert got.returncode == 1
    assert report["unnamed"]["nondeterminism"]["programs"] == report["failed"] == 2


def test_what_is_no_driver_is_unreadable_input_with_one_line(tmp_path):
    text = tmp_path / "text.so"
    text.write_text("no driver\n")
    empty = tmp_path / "empty.so"
    empty.write_bytes(b"")
    whole = CORE.read_bytes()
    wanted = [(text, "text.so"), (empty, "empty.so"), (tmp_path, "not a file"),
              (tmp_path / "none.so", "no such driver"), (PROGRAMS[0], PROGRAMS[0].name),
              (BUILD / "lib/chim_mutator.so", "DriverEntry")]
    for size in (40, 64, 500, 5000, len(whole) // 2, len(whole) - 100):
        cut = tmp_path / f"cut-{size}.so"
        cut.write_bytes(whole[:size])
        wanted.append((cut, cut.name))
    for driver, says in wanted:
        got = run("check-driver", driver)
        assert got.returncode == 2, (driver, got.stderr)
        assert says in got.stderr and len(got.stderr.splitlines()) == 1 and not got.stdout


def test_usage(tmp_path):
    assert run("check-driver", "a.so", "b.so").returncode == 2
    assert run("check-driver", "--corpora", tmp_path / "none", CORE).returncode == 2
    (tmp_path / "junk.chim").write_text("not a program\n")
    assert run("check-driver", "--corpora", tmp_path, CORE).returncode == 2
    assert "check-driver" in run("--help").stdout and "--corpora" in run("check-driver", "--help").stdout


@pytest.mark.skipif(not RELEASE.exists(), reason="no release build")
def test_without_instrumentation_pages_stop_foreign_accesses(few):
    driver = PROJECT / "build/release/lib/offload_core.so"
    got = run("check-driver", "--json", "--guard", "pages", "--corpora", few, driver, program=RELEASE)
    assert got.returncode == 0 and json.loads(got.stdout)["failed"] == 0
