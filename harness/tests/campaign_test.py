"""Campaigns from outside: nights over one folder, endings of every kind, and what is left on the disk."""
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

import pytest
from rig import BUILD, CHIMNEYSWEEP, PROJECT, drawn, run, running

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import bugs  # noqa: E402

ENGINE = PROJECT / f"build/{'fuzz' if BUILD.name == 'asan' else 'fuzz-plain'}/bin/fuzz_program"
CORE = BUILD / "lib/offload_core.so"
pytestmark = pytest.mark.skipif(not ENGINE.exists(), reason="no engine build")
ALL = {"program.chim", "input", "verdict.txt", "verdict.json", "trace.txt", "wire.pcapng", "finding.json", "reproduce.txt"}


@pytest.fixture(scope="module")
def broken():
    """Requests of a batch complete in the wrong order."""
    return bugs.build(bugs.read(PROJECT / "harness/bugs/order-batch-reversed.patch"), BUILD.name,
                      bugs.drivers.compile_commands(BUILD.name))


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A few programs, one of which shows it."""
    folder = tmp_path_factory.mktemp("programs")
    for name in ("bugs/order-batch-reversed", "situations/push-timer", "situations/reordered-segments"):
        path = PROJECT / f"corpora/{name}.chim"
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def words(out, driver, programs, *more):
    return ["campaign", "--out", out, "--driver", driver, "--corpora", programs, "--engines", "libfuzzer", "--jobs", 1,
            "--time", "2s", "--seed", 1, *more]


def night(*arguments):
    got = run(*words(*arguments))
    assert got.returncode in (0, 1), got.stderr[-2000:] + got.stdout[-1000:]
    return got


@pytest.fixture(scope="module")
def nights(broken, programs, tmp_path_factory):
    """Three nights over one folder: the defect, the defect again, the defect mended."""
    out = tmp_path_factory.mktemp("campaign") / "out"
    told = [night(out, broken, programs)]
    kept = {path.name: path.read_bytes() for path in (out / "findings").glob("RCV-FIFO-1*/*")}
    told.append(night(out, broken, programs))
    second = json.loads((out / "report.json").read_text())
    told.append(night(out, CORE, programs))
    return out, told, kept, second


def test_a_defect_is_new_then_known_then_closed(nights):
    out, told, kept, second = nights
    assert [got.returncode for got in told] == [1, 0, 0], [got.stdout for got in told]
    assert kept.keys() >= ALL
    assert [(f["identity"], f["state"], f["new"]) for f in second["findings"]] == [("violation RCV-FIFO-1", "open", False)]
    third = json.loads((out / "report.json").read_text())
    found, = third["findings"]
    assert found["state"] == "closed" and found["closed_by"] == third["driver"]["build"] != second["driver"]["build"]
    assert "closed: violation RCV-FIFO-1" in told[2].stdout


def test_a_later_night_deletes_nothing(nights):
    out, _, kept, _ = nights
    folder, = (out / "findings").iterdir()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == kept
    assert len(list((out / "corpus").iterdir())) > 3


def test_the_line_of_a_finding_reproduces_it(nights):
    _, _, kept, _ = nights
    line = kept["reproduce.txt"].decode().splitlines()[0]
    got = subprocess.run(line, shell=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=60)
    assert got.returncode == 1 and got.stdout.startswith("VIOLATION RCV-FIFO-1")


def test_a_seed_that_fails_is_a_finding_and_no_seed(nights):
    out, _, _, second = nights
    assert second["seeds"] == {**second["seeds"], "programs": 3, "failing": 1}
    assert run("sweep", "--quiet", out / "corpus").returncode == 0


def test_the_history_tells_and_compares_nights(nights):
    out = nights[0]
    listed = json.loads(run("history", "--out", out, "--json").stdout)["nights"]
    assert [(row["id"], row["outcome"], row["new"]) for row in listed] == [(1, "complete", 1), (2, "complete", 0), (3, "complete", 0)]
    compared = json.loads(run("history", "--out", out, "--json", "compare", 2, 3).stdout)
    assert [row["identity"] for row in compared["only_first"]] == ["violation RCV-FIFO-1"] and compared["only_second"] == []
    assert "RCV-FIFO-1" in run("history", "--out", out, "show", 1).stdout
    for bad in (["show", "99"], ["show"], ["compare", "1"], ["nothing"]):
        got = run("history", "--out", out, *bad)
        assert got.returncode == 2 and len(got.stderr.splitlines()) == 1


def test_other_programs_can_read_the_report(nights):
    out, _, kept, _ = nights
    sarif = json.loads((out / "findings.sarif").read_text())
    result, = sarif["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert (out / uri).read_bytes() == kept["program.chim"] and result["ruleId"] == "RCV-FIFO-1"
    assert result["partialFingerprints"] == {"finding/v1": "violation RCV-FIFO-1"}
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 1 and result["baselineState"] == "absent"
    suite = xml.parse(out / "junit.xml").getroot()
    assert suite.get("failures") == "0" and int(suite.get("tests")) == len(suite.findall("testcase"))
    assert len((out / "summary.txt").read_text().splitlines()) <= 10
    assert "http" not in (out / "report.html").read_text().replace("http://www.w3.org", "")


def test_the_first_bad_build_is_named(broken, nights, tmp_path):
    builds = [tmp_path / f"{i}.so" for i in range(7)]
    for i, path in enumerate(builds):
        path.symlink_to(broken if i >= 4 else CORE)
    program, = (nights[0] / "findings").glob("*/program.chim")
    got = run("bisect", "--json", program, *builds)
    assert got.returncode == 1 and json.loads(got.stdout)["first"] == str(broken.resolve())
    assert run("bisect", program, *builds[:4]).returncode == 0


def test_a_folder_with_something_else_is_left_alone(broken, programs, tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/precious").write_text("x")
    got = run(*words(tmp_path, broken, programs))
    assert got.returncode == 2 and str(tmp_path) in got.stderr and (tmp_path / "corpus/precious").read_text() == "x"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["corpus"]


def started(out, *arguments):
    return subprocess.Popen([str(w) for w in [CHIMNEYSWEEP, *words(out, *arguments, "--time", "60s")]], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def until_fuzzing(process):
    """Reads what it says until engines are at work; what was announced."""
    said = []
    for line in process.stdout:
        said.append(line)
        if "executions" in line:
            break
    return said


def nobody_left(out):
    for _ in range(50):
        left = list(running(out / "builds"))
        if not left:
            return True
        time.sleep(0.1)
    return False


def test_ctrl_c_ends_with_a_report_and_two_campaigns_do_not_share_a_folder(broken, programs, tmp_path):
    out = tmp_path / "out"
    process = started(out, broken, programs)
    until_fuzzing(process)
    other = run(*words(out, broken, programs))
    assert other.returncode == 3 and "another campaign" in other.stderr
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1 and "interrupted" in said and "Traceback" not in said
    assert (out / "report.html").exists() and nobody_left(out)


@pytest.mark.parametrize("turn", range(2))
def test_what_was_announced_outlives_a_kill_at_any_moment(broken, programs, tmp_path, turn):
    out, chance = tmp_path / "out", drawn(f"kill {turn}")
    process = started(out, broken, programs)
    if turn == 0:  # while a finding is being written
        until = time.monotonic() + 30
        while not list(out.glob("findings/.*/program.chim")) and time.monotonic() < until:
            time.sleep(0.002)
    else:
        until_fuzzing(process)
    time.sleep(chance.random() * 0.2)
    process.kill()
    said = process.communicate()[0]
    assert nobody_left(out)
    announced = [line.split("(")[1].split(")")[0] for line in said.splitlines() if "new finding" in line]
    for path in announced:
        assert run("run", "--driver", broken, path).returncode == 1
    sqlite3.connect(out / "history.sqlite").execute("PRAGMA integrity_check")
    again = night(out, broken, programs, "--resume")
    report = json.loads((out / "report.json").read_text())
    assert [f["identity"] for f in report["findings"]] == ["violation RCV-FIFO-1"]
    assert again.returncode == (0 if announced else 1) and not list(out.glob("findings/.*"))
    assert {path.name for path in out.glob("findings/*/*")} >= ALL


def test_the_driver_that_is_named_is_the_one_that_is_judged(programs, tmp_path):
    """A driver that dies in every program: no seed is left, and it is one finding."""
    source, driver = tmp_path / "driver.c", tmp_path / "driver.so"
    source.write_text("static void dies_here(void) { __builtin_trap(); }\n"
                      "int DriverEntry(void *object, void *path) { (void)object; (void)path; dies_here(); return 0; }\n")
    subprocess.run(["clang-14", "-g", "-O0", "-shared", "-fPIC", "-o", driver, source], check=True)
    got = night(tmp_path / "out", driver, programs)
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert got.returncode == 1 and [f["identity"] for f in report["findings"]] == ["crash in dies_here < DriverEntry"]
    assert any("nothing to begin" in remark for remark in report["remarks"])


def test_a_driver_that_cannot_be_loaded_is_said_and_nothing_else(programs, tmp_path):
    (tmp_path / "no.so").write_bytes(b"\x7fELF and no more")
    got = run(*words(tmp_path / "out", tmp_path / "no.so", programs))
    assert got.returncode in (2, 3) and "no.so" in got.stderr and len(got.stderr.splitlines()) == 1


def test_a_read_only_folder_is_said(broken, programs, tmp_path):
    if os.geteuid() == 0:
        folder = "/proc/self"
    else:
        folder = tmp_path
        tmp_path.chmod(0o555)
    got = run(*words(f"{folder}/out", broken, programs))
    assert got.returncode == 2 and f"{folder}/out" in got.stderr and len(got.stderr.splitlines()) == 1


def test_the_package_of_a_file_says_the_same(broken, programs, tmp_path):
    config = tmp_path / "night.toml"
    config.write_text(f'driver = "{broken}"\nout = "kept"\ncorpora = "{programs}"\nengines = ["libfuzzer"]\ntime = "1s"\njobs = 1\n')
    got = run("campaign", "--config", config, "--json")
    assert got.returncode == 1 and json.loads(got.stdout)["new"] == 1 and (tmp_path / "kept/report.html").exists()
    config.write_text("drivr = 1\n")
    wrong = run("campaign", "--config", config)
    assert wrong.returncode == 2 and "drivr" in wrong.stderr


# ---- other machines, other campaigns ----
def corpus(out):
    return {path.name for path in (out / "corpus").iterdir()}


def carried(source, target):
    """As rsync would carry a machine's folder to another."""
    shutil.copytree(source, target, dirs_exist_ok=True)


def test_machines_give_each_other_what_they_found(programs, tmp_path):
    """Two machines with a folder of places each, which is carried by hand; a third gives a program that fails here."""
    few = tmp_path / "few"
    few.mkdir()
    shutil.copy(next((PROJECT / "corpora/situations").glob("keepalive*.chim")), few)
    one, two = tmp_path / "one", tmp_path / "two"
    for machine in (one, two):
        machine.mkdir()
    night(one / "out", CORE, programs, "--sync", one / "places/one")
    given = sorted((one / "places/one/queue").iterdir())
    assert len(given) >= 3 and all(re.fullmatch(r"id:\d{6},[0-9a-f]{40}", path.name) for path in given)
    carried(one / "places/one", two / "places/one")
    night(two / "out", CORE, few, "--sync", two / "places/two")
    assert len(list((two / "places/two/queue").iterdir())) >= 1
    again = {path.name.split(",")[1] for path in given} & {path.name.split(",")[1] for path in (two / "places/two/queue").iterdir()}
    assert not again, "what came from another is not given back"
    log = json.loads((two / "out/report.json").read_text())
    assert log["status"] == 0 and log["corpus"]["before"] >= len(given)
    carried(two / "places/two", one / "places/two")
    fresh = {path.name.split(",")[1] for path in (two / "places/two/queue").iterdir()}
    night(one / "out", CORE, programs, "--sync", one / "places/one")
    assert fresh and not fresh & {path.name.split(",")[1] for path in (one / "places/one/queue").iterdir()}


def test_what_another_machine_sends_is_judged_before_an_engine_has_it(broken, programs, tmp_path):
    place = tmp_path / "places/other/queue"
    place.mkdir(parents=True)
    assert run("asm", "-o", place / "id:000000", programs / "order-batch-reversed.chim").returncode == 0
    (place / "id:000001").write_bytes(b"")
    (place / "id:000002").write_text("chimneysweep program 1\nno such word\n")
    (programs.parent / "passing").mkdir(exist_ok=True)
    shutil.copy(programs / "push-timer.chim", programs.parent / "passing")
    got = night(tmp_path / "out", broken, programs.parent / "passing", "--sync", tmp_path / "places/here")
    found = json.loads((tmp_path / "out/report.json").read_text())["findings"]
    assert got.returncode == 1 and [f["identity"] for f in found] == ["violation RCV-FIFO-1"]
    assert (place / "id:000000").exists() and hashlib.sha1((place / "id:000000").read_bytes()).hexdigest() not in corpus(tmp_path / "out")


def test_two_corpora_become_one(nights, tmp_path):
    out, target, loose = nights[0], tmp_path / "target", tmp_path / "loose"
    loose.mkdir()
    (loose / "some").write_bytes(b"\2" + bytes(59))
    for other in (out, loose, out):
        got = run("campaign", "--merge", other, "--out", target)
        assert got.returncode == 0, got.stderr
    assert corpus(target) >= corpus(out) | {hashlib.sha1(b"\2" + bytes(59)).hexdigest()}
    assert f"{len(corpus(target))} programs before" in got.stdout and f"{len(corpus(target))} now" in got.stdout
    for wrong in (target, tmp_path / "nothing", BUILD):
        again = run("campaign", "--merge", wrong, "--out", target if wrong != BUILD else loose)
        assert again.returncode == 2 and len(again.stderr.splitlines()) == 1, again.stderr
