"""SARIF files: what SARIF 2.1.0 requires is there, every result names a rule of the file, a pass has none."""
import json
import subprocess
import sys

import pytest
from rig import BUILD, CHIMNEYSWEEP, PROJECT, run

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import bugs  # noqa: E402

PASSES = PROJECT / "corpora/situations/reordered-segments.chim"


def planted(name):
    return bugs.build(bugs.read(PROJECT / f"harness/bugs/{name}.patch"), BUILD.name,
                      bugs.drivers.compile_commands(BUILD.name))


def shows(name):
    return PROJECT / f"corpora/bugs/{name}.chim"


def checked(path):
    """The results of a file, after everything that the standard requires of it was looked at."""
    log = json.loads(path.read_text())
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    assert set(log) <= {"$schema", "version", "runs"} and len(log["runs"]) == 1
    got = log["runs"][0]
    assert set(got) <= {"tool", "results", "invocations"}
    driver = got["tool"]["driver"]
    assert driver["name"] == "chimneysweep"
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules) > 230
    for rule in rules:
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        assert rule.get("helpUri", "https://").startswith("https://")
    for result in got["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error") and result["message"]["text"]
        assert result["kind"] == "fail" or result["level"] == "none"
        for location in result["locations"]:
            assert " " not in location["physicalLocation"]["artifactLocation"]["uri"]
    for call in got["invocations"]:
        assert isinstance(call["executionSuccessful"], bool) and isinstance(call["exitCode"], int)
    return got


def uris(result):
    return [at["physicalLocation"]["artifactLocation"]["uri"] for at in result["locations"]]


@pytest.fixture(scope="module")
def breaker():
    return planted("order-batch-reversed")


def test_a_pass_has_no_results(tmp_path):
    for command in (["run", PASSES], ["sweep", PASSES],
                    ["replay", PROJECT / "pcaps/crafted-holes-three.pcap"]):
        out = tmp_path / "out.sarif"
        got = run(command[0], "--sarif", out, command[1])
        assert got.returncode == 0, got.stdout + got.stderr
        log = checked(out)
        assert log["results"] == [] and log["invocations"][0] == {"executionSuccessful": True, "exitCode": 0}


def test_a_broken_rule_is_one_error_with_its_place(breaker, tmp_path):
    out, program = tmp_path / "out.sarif", shows("order-batch-reversed")
    got = run("run", "--json", "--driver", breaker, "--sarif", out, program)
    verdict = json.loads(got.stdout)
    log = checked(out)
    assert log["invocations"][0]["exitCode"] == got.returncode == 1
    result, = log["results"]
    assert (result["ruleId"], result["level"]) == ("RCV-FIFO-1", "error")
    assert verdict["expected"] in result["message"]["text"] and verdict["actual"] in result["message"]["text"]
    assert uris(result) == [str(program)]
    kept = result["properties"]
    assert {k: kept[k] for k in ("event", "time_ns", "connection", "trace_hash")} == {
        k: verdict[k] for k in ("event", "time_ns", "connection", "trace_hash")}


def test_a_sweep_has_one_result_for_each_program_that_fails(breaker, tmp_path):
    out = tmp_path / "out.sarif"
    folder = tmp_path / "pro grams"
    folder.mkdir()
    for source in (PASSES, shows("order-batch-reversed")):
        (folder / source.name).write_bytes(source.read_bytes())
    got = run("sweep", "--quiet", "--driver", breaker, "--sarif", out, folder)
    assert got.returncode == 1
    result, = checked(out)["results"]
    assert result["ruleId"] == "RCV-FIFO-1"
    assert uris(result) == [f"{tmp_path}/pro%20grams/order-batch-reversed.chim"]


def test_a_replay_names_the_capture_and_the_conversation(breaker, tmp_path):
    out, capture = tmp_path / "out.sarif", PROJECT / "pcaps/crafted-blind-data.pcap"
    assert run("replay", "--driver", breaker, "--sarif", out, capture).returncode == 1
    result = checked(out)["results"][0]
    assert result["ruleId"] == "RCV-FIFO-1" and result["level"] == "error" and uris(result) == [str(capture)]
    assert result["properties"]["where"].startswith("stream 0, the ") and result["properties"]["event"] > 0


def test_what_could_not_be_judged_is_open(tmp_path):
    out = tmp_path / "out.sarif"
    capture = PROJECT / "pcaps/crafted-missing-segment.pcap"
    assert run("replay", "--strict-capture", "--sarif", out, capture).returncode == 4
    results = checked(out)["results"]
    assert {(r["ruleId"], r["kind"], r["level"]) for r in results} == {("INCONCLUSIVE", "open", "none")}
    assert any("capture lost 1200 bytes" in r["message"]["text"] for r in results)


def test_a_broken_should_is_a_warning_unless_strict(tmp_path):
    name = next(bug.name for bug in map(bugs.read, sorted(bugs.BUGS.glob("*.patch"))) if bug.strict)
    driver, out = planted(name), tmp_path / "out.sarif"
    for command, status in ((["run"], 0), (["sweep", "--quiet"], 0), (["run", "--strict"], 1)):
        assert run(*command, "--driver", driver, "--sarif", out, shows(name)).returncode == status
        result, = checked(out)["results"]
        assert result["level"] == ("error" if status else "warning"), command


@pytest.mark.parametrize("body, rule", [("*(volatile int *)16 = 1;", None), ("for (;;) { }", "HANG"),
                                        ("__builtin_trap();", None)], ids=["wild-write", "loop", "trap"])
def test_a_driver_that_takes_its_process_along_is_a_result(tmp_path, body, rule):
    source, driver, out = tmp_path / "driver.c", tmp_path / "driver.so", tmp_path / "out.sarif"
    source.write_text(f"int DriverEntry(void *object, void *path) {{ (void)object; (void)path; {body} return 0; }}")
    subprocess.run(["clang-14", "-O1", "-shared", "-fPIC", "-o", driver, source], check=True)
    got = run("run", "--timeout", "1", "--driver", driver, "--sarif", out, PASSES)
    assert got.returncode == 1
    result, = checked(out)["results"]
    assert result["ruleId"] in ([rule] if rule else ["CRASH", "SANITIZER"])
    assert result["level"] == "error"


def test_a_driver_that_depends_on_more_than_its_input_is_a_result(tmp_path):
    commands = bugs.drivers.compile_commands(BUILD.name)
    source, path = bugs.drivers.copy_core(tmp_path / "core"), "core/conn/timers.c"
    text = (source / path).read_text()
    changed = text.replace("* 10000u);", "* 10000u) - (LONG64)(__builtin_ia32_rdtsc() & 1023);")
    assert changed != text
    (source / path).write_text(changed)
    bugs.drivers.compile_one(commands, path, source, BUILD.name, tmp_path / "timers.o")
    driver = bugs.drivers.link(commands, {path: tmp_path / "timers.o"}, BUILD.name, tmp_path / "driver.so")
    out = tmp_path / "out.sarif"
    for command in ("run", "sweep"):
        assert run(command, "--driver", driver, "--sarif", out, PROJECT / "corpora/situations/push-timer.chim").returncode == 1
        results = checked(out)["results"]
        assert {r["ruleId"] for r in results} == {"NONDETERMINISM"}
        assert "trace" in results[0]["message"]["text"]


def test_memory_that_is_not_the_drivers_is_a_result_of_its_rule(tmp_path):
    out = tmp_path / "out.sarif"
    driver = planted("touch-after-completion")
    assert run("run", "--driver", driver, "--sarif", out, shows("touch-after-completion")).returncode == 1
    result, = checked(out)["results"]
    assert result["ruleId"] == "OWN-HOLD-1" and result["properties"]["verdict"] == "sanitizer"
    assert "owned by" in result["properties"]["memory"]


def test_the_check_of_a_driver_has_one_result_for_each_broken_rule(breaker, tmp_path):
    out, folder = tmp_path / "out.sarif", PROJECT / "corpora/bugs"
    assert run("check-driver", "--corpora", folder, "--sarif", out).returncode == 0
    assert [r for r in checked(out)["results"] if r["level"] == "error"] == []
    got = run("check-driver", "--json", "--corpora", folder, "--sarif", out, breaker)
    broken = {rule["id"] for rule in json.loads(got.stdout)["rules"] if rule["result"] == "broken"}
    results = [r for r in checked(out)["results"] if r["level"] == "error"]
    assert got.returncode == 1 and {r["ruleId"] for r in results} | broken == broken and "RCV-FIFO-1" in broken
    first, = [r for r in results if r["ruleId"] == "RCV-FIFO-1"]
    assert uris(first)[0].startswith(str(folder)) and "programs" in first["properties"]["where"]


def test_a_file_that_cannot_be_written_is_an_error(tmp_path):
    for command in ("run", "sweep", "replay"):
        got = run(command, "--sarif", tmp_path / "no" / "out.sarif", PASSES)
        assert got.returncode == 2 and "cannot be written" in got.stderr
