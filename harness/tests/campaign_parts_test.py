"""The parts of a campaign by themselves: identities, muted rules, the page, the history, files."""
import json
import os
import re
import shutil
import struct
import subprocess
import sys

import pytest
from rig import BUILD, PROJECT, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
sys.path.insert(0, str(PROJECT / "harness"))
import bugs  # noqa: E402
from campaign import config, engine, files, formats, graph, page, plots  # noqa: E402
from campaign.history import History  # noqa: E402
from campaign.rig import Refused  # noqa: E402

ENGINE = PROJECT / f"build/{'fuzz' if BUILD.name == 'asan' else 'fuzz-plain'}/bin/fuzz_program"
HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"><b>'\x1b[31m\x00"


# ---- identity ----
def dying(folder, name, body, padding=""):
    source, driver = folder / f"{name}.c", folder / f"{name}.so"
    source.write_text(f"{padding}\n"
                      "__attribute__((noinline)) static void first(void) { __builtin_trap(); }\n"
                      "__attribute__((noinline)) static void second(void) { __builtin_trap(); }\n"
                      "__attribute__((noinline)) static void middle(void) { second(); }\n"
                      f"int DriverEntry(void *object, void *path) {{ (void)object; (void)path; {body} return 0; }}\n"
                      "void keep(void); void keep(void) { first(); middle(); }\n")
    subprocess.run(["clang-14", "-g", "-O0", "-shared", "-fPIC", "-o", driver, source], check=True)
    return driver


def identity(driver, *more):
    return json.loads(run("run", "--json", *more, "--driver", driver, PROJECT / "corpora/situations/push-timer.chim").stdout)["identity"]


def test_deaths_at_three_places_are_three_and_at_one_place_one(tmp_path):
    bodies = {"a": "first();", "b": "second();", "c": "middle();"}
    got = {name: identity(dying(tmp_path, name, body)) for name, body in bodies.items()}
    assert got == {"a": "crash in first < DriverEntry", "b": "crash in second < DriverEntry", "c": "crash in second < middle"}
    moved = dying(tmp_path, "d", "first();", "int filler[100]; int more(int x); int more(int x) { return x * 7 + filler[3]; }")
    assert identity(moved) == got["a"]


def test_a_loop_is_one_finding_wherever_it_is_met(tmp_path):
    driver = dying(tmp_path, "loop", "for (volatile int i = 0;; i++) { if (i < 0) first(); }")
    assert identity(driver, "--timeout", 1) == "hang in DriverEntry"


def test_a_pass_has_no_identity_and_minimize_keeps_that_of_a_finding(tmp_path):
    assert identity(BUILD / "lib/offload_core.so") is None
    driver = dying(tmp_path, "a", "first();")
    got = json.loads(run("minimize", "--json", "--driver", driver, PROJECT / "corpora/situations/push-timer.chim").stdout)
    assert got["identity"] == "crash in first < DriverEntry" and got["operations"] == 0


# ---- muted rules ----
def test_a_muted_rule_ends_no_run_and_is_counted(tmp_path):
    if not ENGINE.exists():
        pytest.skip("no engine build")
    bug = bugs.read(PROJECT / "harness/bugs/order-batch-reversed.patch")
    driver = bugs.build(bug, BUILD.name, bugs.drivers.compile_commands(BUILD.name))
    program, muted = tmp_path / "program.bin", tmp_path / "muted.txt"
    assert run("asm", "-o", program, bug.program).returncode == 0

    def engine(rules):
        muted.write_text(rules)
        return subprocess.run([ENGINE, "-runs=200", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, env={**os.environ, "CHIMNEYSWEEP_DRIVER": str(driver), "CHIMNEYSWEEP_MUTED": str(muted)})
    assert engine("SEND-PART-1\n").returncode != 0
    assert engine("RCV-FIFO-1\n").returncode == 0
    data = (tmp_path / "muted.txt.times").read_bytes()
    ids = [rule["id"] for rule in json.loads(run("rules", "--json").stdout)["rules"]]
    times = dict(zip(ids, struct.unpack(f"<{len(ids)}Q", data)))
    assert times.pop("RCV-FIFO-1") > 0 and not any(times.values())


# ---- page ----
def finding(number, **more):
    return {"name": f"RCV-FIFO-1-{number}", "identity": f"violation {HOSTILE}{number}", "title": HOSTILE, "verdict": "violation",
            "rule": "RCV-FIFO-1", "state": "open", "remark": HOSTILE, "count": 3, "first_night": 1, "first_seen": 1e9,
            "last_night": 2, "last_seen": 1e9, "closed_by": None, "flaky": False, "tonight": 1, "new": True, "expected": HOSTILE,
            "actual": HOSTILE, "engine": "afl", "operations": 2, "driver_build": "0" * 12, "compiler": HOSTILE,
            "reproduce": f"chimneysweep run --driver {'x' * 300} {HOSTILE}", "gdb": HOSTILE, "program": HOSTILE, "text": HOSTILE,
            "files": [HOSTILE], **more}


def report(findings):
    nights = [{"id": n, "begun": 1e9 + n * 86400, "outcome": "complete", "driver_build": HOSTILE, "executions": n * 1000,
               "corpus": 10 + n, "new": n % 2, "covered": 50 + n, "edges": 100 + n} for n in range(1, 11)]
    samples = [{"second": s, "engine": e, "executions": s * 100, "edges": s, "corpus": s} for s in range(0, 100, 10) for e in "ab"]
    return {"schema": 1, "night": 10, "begun": 1e9, "ended": 1e9 + 60, "outcome": "complete", "status": 1, "fuzzed_seconds": 60,
            "driver": {"name": HOSTILE, "build": "0" * 12, "compiler": HOSTILE}, "rig": {"build": "1" * 12, "version": "0"},
            "new": len(findings), "findings": findings, "open": len(findings), "closed": 0, "not_reproduced": 5, "not_judged": 1,
            "engines": [{"name": "a", "executions": 5, "cpu_seconds": 1.0, "starts": 1, "per_cpu_second": None, "edges": None,
                         "saved": 0}], "reached": {"posted": 0.001}, "ways": [["host's", "initiating", 5], ["initiating", "nothing asked", 4]], "seeds": {}, "corpus": {"before": 9, "after": 5},
            "rules": {"checked": 2, "evaluated": 1, "never": ["X-1"], "muted": {"RCV-FIFO-1": 7}},
            "explained": {"RCV-FIFO-1": {"statement": HOSTILE, "why": HOSTILE}},
            "coverage": {"files": [{"file": HOSTILE, "lines": 4, "reached": 1, "missed": [[1, 2], [5, 5]]}], "why_not": ""},
            "remarks": [HOSTILE], "samples": samples, "nights": nights}


def test_what_others_wrote_is_text_on_the_page():
    text = page.make(report([finding(1), finding(2, state="closed", new=False)]))
    assert "<img" not in text and "&lt;img" in text and "\x1b" not in text and "\x00" not in text
    assert "\\x1b" in text and "1-2, 5" in text and text.count("<svg") >= 8
    assert "5 saved inputs do not reproduce" in text


def test_mail_has_ten_lines_and_says_what_does_not_reproduce():
    lines = formats.mail(report([finding(n) for n in range(30)])).splitlines()
    assert len(lines) == 10 and "more" in lines[-1] and any("5 saved inputs do not reproduce" in line for line in lines)
    assert all("\x1b" not in line for line in lines)


def test_the_page_in_a_browser(tmp_path):
    """Nothing of a driver runs, and nothing is wider than a phone."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("no chromium")
    (tmp_path / "report.html").write_text(page.make(report([finding(1), finding(2)])))
    (tmp_path / "look.html").write_text(
        "<title>waits</title><iframe src=report.html width=390 height=800></iframe><script>onload = function () {"
        "var d = document.querySelector('iframe').contentDocument; document.title = JSON.stringify({title: d.title,"
        "wide: d.documentElement.scrollWidth, findings: d.querySelectorAll('.finding').length,"
        "paths: d.querySelectorAll('svg path').length}); };</script>")
    got = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--dump-dom",
                          f"--user-data-dir={tmp_path}/profile", f"file://{tmp_path}/look.html"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, timeout=120)
    seen = json.loads(got.stdout.split("<title>")[1].split("</title>")[0])
    assert seen["title"] == "Night 10: 2 new" and seen["findings"] == 2 and seen["paths"] >= 8
    assert seen["wide"] <= 390


def test_axes_have_round_numbers():
    assert [round(v, 6) for v in plots.steps(0, 1, 4)] == [0, 0.5, 1]
    assert plots.steps(0, 1050, 4) == [0, 500, 1000] and plots.plot("x", {"a": [(1, None)]}, "n") is None


def test_the_graph_draws_the_states_that_the_target_counts():
    names = re.findall(r'X\(GRAPH_\w+, "(.*?)"\)', (PROJECT / "harness/fuzz/graph.h").read_text())
    assert names == graph.NAMES and len(set(graph.PLACES)) == len(names)
    drawn = graph.draw([["host's", "initiating", 5], ["initiating", "nothing asked", 4]])
    assert drawn.count('class="way"') == 2 and drawn.count("state never") == len(names) - 3 and "2 ways between 3 of" in drawn
    assert graph.draw([]) == ""


def test_ways_between_states_are_counted_by_an_engine(tmp_path):
    if not ENGINE.exists():
        pytest.skip("no engine build")
    program, counters = tmp_path / "program.bin", tmp_path / "reached"
    assert run("asm", "-o", program, PROJECT / "corpora/situations/push-timer.chim").returncode == 0
    got = []
    for _ in range(2):
        counters.unlink(missing_ok=True)
        subprocess.run([ENGINE, program], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={
            **os.environ, "CHIMNEYSWEEP_DRIVER": str(BUILD / "lib/offload_core.so"), "CHIMNEYSWEEP_REACHED": str(counters)})
        got.append(graph.ways([graph.read(counters, engine.WORDS)]))
    ways = {(a, b) for a, b, _ in got[0]}
    assert got[0] == got[1] and {("host's", "initiating"), ("initiating", "nothing asked"), ("terminating", "host's")} <= ways


# ---- history, files, options ----
def test_a_newer_history_is_refused_and_an_older_one_is_brought_up(tmp_path):
    path = tmp_path / "history.sqlite"
    history = History(path, make=True)
    assert History(path).nights() == []
    history.db.execute("PRAGMA user_version = 99")
    with pytest.raises(Refused, match="schema 99"):
        History(path)
    with pytest.raises(Refused, match="no campaign"):
        History(tmp_path / "none.sqlite")


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "file"
    files.write(path, "one")
    files.write(path, b"two")
    assert path.read_bytes() == b"two" and [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("text, seconds", [("90", 90), ("90s", 90), ("20m", 1200), ("1h30m", 5400), ("8h", 28800)])
def test_times_as_people_write_them(text, seconds):
    assert config.amount("time", text, config.TIME_UNITS, 1e9, "") == seconds


@pytest.mark.parametrize("text", ["", "x", "8 h", "h", "-1", "8hh", "0"])
def test_times_that_are_none(text):
    with pytest.raises(Refused):
        config.amount("time", text, config.TIME_UNITS, 1e9, "a time")
