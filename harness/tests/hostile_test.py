"""Drivers that want no verdict: whatever keeps a run from its end, or from judging, is never a pass."""
import json
import os
import re
import resource
import shutil
import subprocess

import pytest
from rig import BUILD, CHIMNEYSWEEP, PROGRAMS, PROJECT, RELEASE, run, running

SOURCE = PROJECT / "harness/tests/hostile/miniport.c"
CAPTURE = PROJECT / "pcaps/linux-http-download.pcap"
FINDING, INCONCLUSIVE = 1, 4
# Programs in which the driver gets all the memory that it asks for, so that it has to start.
PLAIN = [p for p in PROGRAMS if p.suffix == ".chim" and "fail-start" not in p.read_text()][:3]


@pytest.fixture
def hostile(tmp_path):
    def compiled(*definitions):
        driver = tmp_path / "hostile.so"
        subprocess.run(["clang-14", "-shared", "-fPIC", "-O1", "-w", f"-I{PROJECT}/core/include", "-o", driver,
                        *(f"-D{d}" for d in definitions), SOURCE], check=True)
        return driver
    return compiled


@pytest.fixture
def few(tmp_path):
    folder = tmp_path / "corpora"
    folder.mkdir()
    for program in PLAIN:
        shutil.copy(program, folder)
    return folder


def verdicts(driver, few):
    """What each command that runs drivers says of this one: its verdicts, and its exit status."""
    got = run("run", "--json", "--driver", driver, PLAIN[0])
    yield "run", {json.loads(got.stdout)["verdict"]}, got.returncode
    got = run("sweep", "--json", "--driver", driver, few)
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    assert lines[-1]["failed"] == lines[-1]["programs"] == len(PLAIN) == len(lines) - 1
    yield "sweep", {line["verdict"] for line in lines[:-1]}, got.returncode
    got = run("check-driver", "--json", "--corpora", few, driver)
    report = json.loads(got.stdout)
    assert report["status"] == got.returncode and report["failed"] == report["programs"] == len(PLAIN)
    yield "check-driver", set(report["unnamed"]), got.returncode
    got = run("replay", "--json", "--driver", driver, CAPTURE)
    lines = [json.loads(line) for line in got.stdout.splitlines()]
    yield "replay", {line["verdict"] for line in lines[:-1]}, got.returncode
    got = run("stream", "--json", "--bytes", "10k", "--driver", driver)
    yield "stream", {json.loads(got.stdout)["verdict"]}, got.returncode


@pytest.mark.parametrize("place", ["IN_ENTRY", "IN_INITIALIZE", "IN_UNLOAD"])
@pytest.mark.parametrize("way", ["exit(0)", "_exit(0)", "syscall(SYS_exit_group, 0)", "exit(1)"])
def test_a_driver_that_ends_its_process_is_a_finding(hostile, few, place, way):
    for command, found, status in verdicts(hostile(f"{place}={way}"), few):
        assert (found, status) == ({"exit"}, FINDING), command


def test_a_driver_that_never_starts_is_not_judged(hostile, few):
    for command, found, status in verdicts(hostile("NO_MINIPORT"), few):
        assert (found, status) == ({"not-judged"}, INCONCLUSIVE), command


@pytest.mark.parametrize("what, rule", [("IN_ENTRY=return NDIS_STATUS_FAILURE", "REG-HND-1"),
                                        ("NO_CHIMNEY", "REG-HND-2")])
def test_a_driver_that_offers_nothing_breaks_a_rule(hostile, what, rule):
    got = run("run", "--json", "--driver", hostile(what), PLAIN[0])
    assert (json.loads(got.stdout)["rule"], got.returncode) == (rule, FINDING)


def test_the_readme_has_every_verdict_with_its_status():
    source = (PROJECT / "harness/base/verdict.c").read_text()
    names = dict(re.findall(r'case (VERDICT_\w+):\n        return "([\w-]+)";', source))
    statuses = {name: int(status) for cases, status in
                re.findall(r"((?:    case VERDICT_\w+:\n)+)        return (\d);", source)
                for name in re.findall(r"VERDICT_\w+", cases) if name in names}
    rows = re.findall(r"^\| (\d) \| `([\w-]+)` \|", (PROJECT / "README.md").read_text(), re.M)
    assert {name: int(status) for status, name in rows} == {names[k]: v for k, v in statuses.items()}
    assert len(names) == len(statuses) == len(rows)


@pytest.mark.parametrize("way, verdict", [("_exit(0)", "exit"), ("exit(0)", "exit"), ("for (;;) {}", "hang"),
                                          ("*(volatile int *)8 = 0", "crash")])
def test_a_constructor_is_the_driver_too(hostile, few, way, verdict):
    driver = hostile(f"IN_CONSTRUCTOR={way}")
    got = run("run", "--json", "--timeout", 1, "--driver", driver, PLAIN[0])
    found = json.loads(got.stdout)["verdict"]
    assert got.returncode == FINDING and found in (verdict, "sanitizer" if verdict == "crash" else verdict)
    got = run("check-driver", "--json", "--timeout", 1, "--corpora", few, driver)
    assert got.returncode == FINDING and set(json.loads(got.stdout)["unnamed"]) == {found}


@pytest.mark.parametrize("way, verdict", [("sleep(1000)", "stall"), ("for (;;) { pause(); }", "stall"),
                                          ("for (;;) {}", "hang"), ("raise(SIGILL)", "crash")])
def test_what_comes_three_times_at_one_place_is_enough(hostile, tmp_path, way, verdict):
    folder = tmp_path / "five"
    folder.mkdir()
    for i in range(5):
        shutil.copy(PLAIN[0], folder / f"{i}.chim")
    driver = hostile(f"IN_INITIALIZE={way}")
    got = run("check-driver", "--json", "--timeout", 1, "--corpora", folder, driver)
    report = json.loads(got.stdout)
    found = verdict if verdict in report["unnamed"] else "sanitizer"
    assert got.returncode == FINDING and set(report["unnamed"]) == {found}
    enough = (5, 0) if found == "sanitizer" else (3, 2)
    assert (report["failed"], report["not_run"]) == enough
    got = run("sweep", "--json", "--timeout", 1, "--driver", driver, folder)
    totals = json.loads(got.stdout.splitlines()[-1])
    assert got.returncode == FINDING and (totals["failed"], totals["not_run"]) == enough
    text = run("sweep", "--timeout", 1, "--driver", driver, folder).stdout
    assert ("2 programs were not run" in text) == (enough == (3, 2))
    assert json.loads(run("run", "--json", "--timeout", 1, "--driver", driver, PLAIN[0]).stdout)["verdict"] == found


FORKS = "for (int i = 0; i < 14; i++) { if (!fork()) { setsid(); for (;;) { pause(); } } }"


@pytest.mark.parametrize("place", ["IN_CONSTRUCTOR", "IN_ENTRY"])
def test_processes_that_a_driver_leaves_are_told_and_ended(hostile, few, place):
    driver = hostile(f"{place}={FORKS}", f'CORE="{BUILD}/lib/offload_core.so"')
    before = set(running(driver))
    for arguments in (["run", "--json", "--driver", driver, PLAIN[0]], ["sweep", "--json", "--driver", driver, few],
                      ["check-driver", "--json", "--corpora", few, driver],
                      ["replay", "--json", "--driver", driver, CAPTURE],
                      ["stream", "--json", "--bytes", "10k", "--driver", driver]):
        got = run(*arguments)
        assert got.returncode == FINDING, arguments
        assert re.search(r"the driver left \d+ processes", got.stdout), arguments
        assert arguments[0] != "run" or "left 14 processes" in got.stdout
        assert set(running(driver)) == before, arguments


def test_a_folder_without_programs_is_no_pass(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for command in (["sweep", empty], ["check-driver", "--corpora", empty], ["rules", "--coverage", empty]):
        got = run(*command)
        assert got.returncode == 2 and not got.stdout
        assert str(empty) in got.stderr and len(got.stderr.splitlines()) == 1


def test_a_limit_of_addresses_is_named():
    """Sanitizers take their addresses before the rig begins, so this is asked of the release build."""
    assert RELEASE.exists(), "scripts/build release"
    def limited():
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    got = run("run", PLAIN[0], program=RELEASE, preexec_fn=limited)
    assert got.returncode == 3 and not got.stdout
    assert "ulimit -v" in got.stderr and len(got.stderr.splitlines()) == 1


def replayed_alone(path):
    """Result of replaying one capture, and the most memory in KiB that a process of it had."""
    rig = subprocess.Popen([CHIMNEYSWEEP, "replay", "--json", path], text=True, stdout=subprocess.PIPE)
    lines = rig.stdout.read().splitlines()
    _, status, used = os.wait4(rig.pid, 0)
    rig.returncode = os.waitstatus_to_exitcode(status)
    return json.loads(lines[0]), rig.returncode, used.ru_maxrss


@pytest.mark.parametrize("name, verdict, status", [("ack-of-unseen-bytes", "pass", 0),
                                                   ("rst-syn-with-text", "pass", 0),
                                                   ("midstream-fins-only", "pass", 0)])
def test_numbers_in_a_capture_neither_take_memory_nor_break_the_rig(name, verdict, status):
    got, code, kilobytes = replayed_alone(PROJECT / f"pcaps/crafted-{name}.pcap")
    assert (got["verdict"], code) == (verdict, status)
    assert kilobytes < 200 * 1024


def peak_of(*arguments):
    """Status, lines on stderr, and the most memory in KiB that the rig itself had."""
    rig = subprocess.Popen([str(a) for a in (CHIMNEYSWEEP, *arguments)], text=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
    told = rig.stderr.read().splitlines()
    _, status, used = os.wait4(rig.pid, 0)
    rig.returncode = os.waitstatus_to_exitcode(status)
    return rig.returncode, told, used.ru_maxrss


def test_the_memory_of_a_capture_is_bounded_too(tmp_path):
    """Its packets over and over, 80 MB of them: memory follows what is open, not the file."""
    whole = CAPTURE.read_bytes()
    head, packets = whole[:24], whole[24:]
    large = tmp_path / "large.pcap"
    large.write_bytes(head + packets * (80_000_000 // len(packets)))
    _, _, small = peak_of("replay", CAPTURE)
    status, told, kilobytes = peak_of("replay", "--memory", "20M", large)
    assert (status, told) == (0, [])
    assert kilobytes < small + 60 * 1024


def test_links_that_lead_back_are_not_followed(tmp_path):
    folder = tmp_path / "corpora"
    folder.mkdir()
    shutil.copy(PLAIN[0], folder)
    for name in ("here", "there"):
        (folder / name).symlink_to(folder)
    got = run("sweep", "--json", folder)
    assert got.returncode == 0 and json.loads(got.stdout.splitlines()[-1])["programs"] == 1
    got = run("sweep", "--json", folder / "here")
    assert got.returncode == 0 and json.loads(got.stdout.splitlines()[-1])["programs"] == 1
    got = run("sweep", "--memory", 100, folder)
    assert got.returncode == 2 and "--memory" in got.stderr and len(got.stderr.splitlines()) == 1
