"""The commands: help, bad input, exit statuses, JSON."""
import json
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from rig import BUILD, CHIMNEYSWEEP, PROGRAMS, PROJECT, run, sweep_totals

COMMANDS = ["run", "sweep", "show", "asm", "import", "replay", "minimize", "rules", "bench",
            "stream", "live", "explain", "new-driver", "campaign", "history", "bisect"]
TAKES_PROGRAM = ["run", "show", "asm", "minimize", "sweep"]
TAKES_CAPTURE = ["replay", "import"]


def bad_files(folder):
    """Files that are not what any command wants, by a name that says why."""
    elf = CHIMNEYSWEEP.read_bytes()[:4096]
    files = {
        "empty": b"",
        "format-0": bytes(100),
        "wrong-version": b"\x07" + bytes(100),
        "an-elf-file": elf,
        "a-picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "json": b'{"verdict": "pass"}',
        "text-of-another-kind": b"hello world, this is no program\n",
        "broken-text": b"chimneysweep program 1\nc0 post length=99999999\n",
        "huge": b"\x02" + bytes(2 << 20),
        "huge-text": b"chimneysweep program 1\n" + b"c0 post\n" * 5000,
        "long-line": b"chimneysweep program 1\n" + b"x" * 5000,
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "a-directory").mkdir()
    return [folder / name for name in files] + [folder / "a-directory", folder / "does-not-exist"]


def bad_captures(folder):
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    files = {
        "empty": b"",
        "half-a-header": header[:11],
        "not-a-capture": b"hello world, this is no capture at all\n",
        "hostile-length": header + struct.pack("<IIII", 0, 0, 0x7FFFFFFF, 0x7FFFFFFF),
        "unknown-link": header[:20] + struct.pack("<I", 65000) + struct.pack("<IIII", 0, 0, 4, 4) + b"abcd",
        "pcapng-cut": b"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00",
        "program": PROGRAMS[0].read_bytes(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files] + [folder / "does-not-exist"]


def one_clear_line(got, path):
    lines = [line for line in got.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, got.stderr
    assert path.name in lines[0]
    assert "AddressSanitizer" not in got.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_and_status_0(command):
    got = run(command, "--help")
    assert got.returncode == 0
    assert "examples:" in got.stdout and "chimneysweep" in got.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_option_is_named_and_status_2(command):
    got = run(command, "--no-such-option")
    assert got.returncode == 2
    assert "--no-such-option" in got.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ("rules", "bench", "stream", "campaign")])
def test_no_file_is_an_error(command):
    assert run(command).returncode == 2


@pytest.mark.parametrize("command", TAKES_PROGRAM)
def test_bad_programs_give_one_line_and_status_2(command, tmp_path):
    for path in bad_files(tmp_path):
        extra = ["-o", tmp_path / "out"] if command == "asm" else []
        got = run(command, *extra, path)
        assert got.returncode == 2, (path.name, got.stdout, got.stderr)
        one_clear_line(got, path)


def test_a_binary_program_may_end_anywhere_as_engines_save_it(tmp_path):
    """What is missing is zero. A lone newline is what libFuzzer begins with."""
    whole = tmp_path / "whole.bin"
    assert run("asm", "-o", whole, PROGRAMS[0]).returncode == 0
    data = whole.read_bytes()
    hashes = set()
    for number, cut in enumerate([b"\n", b"\x02", data[:5], data[:47], data[:48], data[:50]]):
        path, padded = tmp_path / f"{number}", tmp_path / f"{number}-padded"
        path.write_bytes(cut)
        padded.write_bytes((b"\x02" + cut[1:]).ljust(48 + 12 * (len(cut) > 48), b"\0"))
        got = [run("show", p) for p in (path, padded)]
        assert [g.returncode for g in got] == [0, 0] and got[0].stdout == got[1].stdout
        hashes.add(json.loads(run("run", "--json", path).stdout)["trace_hash"])
    assert len(hashes) > 1


def test_sweep_prints_the_trace_hash_of_each_program(tmp_path):
    got, lines = sweep_totals(CHIMNEYSWEEP, *PROGRAMS[:5])
    assert got.returncode == 0 and lines[-1]["programs"] == 5
    hashes = {line["file"]: line["trace_hash"] for line in lines[:-1]}
    assert hashes == {str(p): json.loads(run("run", "--json", p).stdout)["trace_hash"] for p in PROGRAMS[:5]}
    assert {line["verdict"] for line in lines[:-1]} == {"pass"}
    text = run("sweep", "--quiet", *PROGRAMS[:5]).stdout
    assert "trace_hash" not in text and len(text.splitlines()) == 2


def test_words_and_dictionary_name_every_operation_and_choice():
    words, entries = run("show", "--words").stdout, run("show", "--dictionary").stdout.splitlines()
    names = [entry.partition("=")[0] for entry in entries]
    assert len(names) == len(set(names)) and len(set(entry.partition("=")[2] for entry in entries)) == len(entries)
    assert all(re.fullmatch(r'\w+="(\\x[0-9a-f]{2}){12}"', entry) for entry in entries)
    operation = field = None
    choices = []
    for line in words.partition("operations (")[2].splitlines()[1:]:
        indent, name = len(line) - len(line.lstrip()), line.replace("cN", "  ").split()[0]
        if indent <= 5:
            operation = name
        elif indent == 16:
            field, _, kind = line.strip().partition("=")
            choices.append(f"{operation}_{field}" if not kind else operation)
            first = True
        else:
            assert len(line.split()) > 1, line  # with what it means
            if not first:
                choices.append(f"{operation}_{field}_{name}")
            first = False
    assert len(choices) > 150
    assert not {choice.replace("-", "_") for choice in choices} - set(names)


@pytest.mark.parametrize("command", TAKES_CAPTURE)
def test_bad_captures_give_one_line_and_status_2(command, tmp_path):
    for path in bad_captures(tmp_path):
        extra = ["-o", tmp_path / "out"] if command == "import" else []
        got = run(command, *extra, path)
        assert got.returncode == 2, (path.name, got.stdout, got.stderr)
        one_clear_line(got, path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(tmp_path):
    path = tmp_path / "secret"
    path.write_bytes(b"x")
    path.chmod(0)
    assert run("run", path).returncode == 2


def test_bad_drivers_are_named(tmp_path):
    text = tmp_path / "text.so"
    text.write_text("no driver\n")
    library = BUILD / "lib/chim_mutator.so"
    for driver, says in ((text, "text.so"), (library, "DriverEntry"), (tmp_path, "not a file"),
                         (tmp_path / "none.so", "no such driver")):
        got = run("run", "--driver", driver, PROGRAMS[0])
        assert got.returncode == 2
        assert says in got.stderr


def test_a_good_run_is_one_json_object_with_the_stable_members():
    got = run("run", "--json", PROGRAMS[0])
    assert got.returncode == 0
    verdict = json.loads(got.stdout)
    assert verdict["verdict"] == "pass" and verdict["rule"] is None
    assert {"event", "trace_hash", "expected", "actual"} <= verdict.keys()


def test_rules_are_listed_with_what_checks_them():
    rules = json.loads(run("rules", "--json").stdout)["rules"]
    assert len(rules) == 281
    assert len({rule["id"] for rule in rules}) == 281
    assert run("rules", "NO-SUCH").returncode == 2
    for rule in rules:
        assert rule["class"] in ("checked by the oracle", "asserted on the host", "permission",
                                 "not observable", "open", "the same as")
        assert rule["where"]
    ids = {rule["id"]: rule["class"] for rule in rules}
    for rule in rules:
        if rule["class"] == "the same as":
            assert ids[rule["where"]] == "checked by the oracle", rule
    listed = json.loads(run("rules", "--json", "--open").stdout)["rules"]
    assert listed == [rule for rule in rules if rule["class"] == "open"]


def test_files_that_check_a_rule_exist_and_name_it():
    for rule in json.loads(run("rules", "--json").stdout)["rules"]:
        if rule["class"] in ("checked by the oracle", "asserted on the host"):
            files = rule["where"].split(", ")
            name = "ORC_" + rule["id"].replace("-", "_")
            texts = [(PROJECT / "harness" / file).read_text() for file in files]
            assert any(rule["id"] in text or name in text for text in texts), rule


def test_coverage_says_which_program_exercises_a_rule():
    path = PROJECT / "corpora/situations/reordered-segments.chim"
    got = run("rules", "--coverage", "--json", path)
    report = json.loads(got.stdout)
    assert report["programs"] == 1 and report["failed"] == 0
    assert len(report["rules"]) == report["totals"]["rules"] == 281
    rows = {row["id"]: row for row in report["rules"]}
    assert rows["WIRE-ACK-1"]["evaluated"] > 0 and rows["WIRE-ACK-1"]["program"] == str(path)
    # One program cannot exercise everything, and that is a finding.
    assert rows["DISC-RST-1"]["evaluated"] == 0 and rows["DISC-RST-1"]["program"] is None
    assert report["totals"]["exercised_by_nothing"] > 0 and got.returncode == 1
    alone = json.loads(run("run", "--json", path).stdout)["rules"]
    assert alone == {name: row["evaluated"] for name, row in rows.items() if row["evaluated"]}
    text = run("rules", "--coverage", path)
    assert text.returncode == 1 and "exercised by nothing" in text.stdout
    assert run("rules", "--coverage", "no/such/folder").returncode == 2


def test_bench_json_has_the_promised_figures():
    got = run("bench", "--json", "--seconds", 1)
    assert got.returncode == 0, got.stderr
    figures = {item["name"]: item["value"] for item in json.loads(got.stdout)["results"]}
    assert {"fuzz_exec", "rx_posted_1460", "rx_indicate_1460", "rx_lwip_1460", "rx_posted_1460_of_lwip",
            "oracle_rx_posted_1460", "oracle_rx_indicate_1460", "oracle_fuzz_exec"} <= figures.keys()
    assert all(value > 0 for value in figures.values())
    assert run("bench", "--only", "nothing").returncode == 2


def test_timers_alone_do_not_use_up_the_budget_of_events(tmp_path):
    program = tmp_path / "long.chim"
    program.write_text("chimneysweep program 1\nticks 10\nc0 update what=keepalive value=3\nparameters\n"
                       + 2 * "tick time=65535 unit=s\n")
    verdict = json.loads(run("run", "--json", program).stdout)
    assert verdict["verdict"] == "pass" and 1000000 < verdict["events"] < 2000000


def test_output_to_a_pipe_has_no_colours():
    assert "\033" not in run("run", PROGRAMS[0]).stdout


def test_written_files_that_cannot_be_written_are_an_error(tmp_path):
    got = run("asm", "-o", tmp_path / "no" / "such" / "folder", PROGRAMS[0])
    assert got.returncode == 2 and "cannot be written" in got.stderr


def test_files_in_examples_exist():
    texts = [run(c, "--help").stdout for c in COMMANDS] + [run("--help").stdout,
                                                           (PROJECT / "README.md").read_text()]
    named = {m for text in texts for m in re.findall(r"\b(?:corpora|pcaps)/[\w./-]+\.\w+", text)}
    assert named
    assert not [name for name in named if not (PROJECT / name).exists()]


@pytest.mark.parametrize("command", TAKES_PROGRAM + TAKES_CAPTURE)
def test_pipes_and_devices_are_no_files(command, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    extra = ["-o", tmp_path / "out"] if command in ("asm", "import") else []
    for path in (pipe, Path("/dev/zero"), Path("/dev/null")):
        got = run(command, *extra, path)
        assert got.returncode == 2, (path, got.stdout, got.stderr)
        one_clear_line(got, path)


CAPTURE = PROJECT / "pcaps/linux-http-download.pcap"


@pytest.mark.parametrize("arguments, named", [
    (["bench", "--only", "fuzz_exec", "--corpora", "no/such/folder"], "no/such/folder"),
    (["replay", "--local", "1.2.3", CAPTURE], "1.2.3"),
    (["replay", "--stream", 77, CAPTURE], "77"),
    (["import", "-o", "", CAPTURE], "-o"),
    (["import", "-o=", CAPTURE], "-o"),
    (["run", "--driver", "", PROGRAMS[0]], "--driver"),
    (["stream", "--queue", 100], "100"),
])
def test_arguments_that_mean_nothing_are_named_and_status_2(arguments, named):
    got = run(*arguments)
    assert got.returncode == 2 and (not got.stdout or "0 conversations" in got.stdout)
    assert named in got.stderr and len(got.stderr.splitlines()) == 1


def test_a_damaged_capture_gives_what_it_holds_and_status_2_once(tmp_path):
    cut = tmp_path / "cut.pcap"
    cut.write_bytes((PROJECT / "pcaps/crafted-interleaved-ten.pcap").read_bytes()[:-20])
    got = run("import", "-o", tmp_path / "out", cut)
    assert got.returncode == 2 and "damaged after packet" in got.stderr
    assert len(list((tmp_path / "out").iterdir())) == int(re.search(r"(\d+) programs", got.stdout)[1]) > 0
    # Nothing is known of its link type, and then it ends.
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 65000)
    cut.write_bytes(header + struct.pack("<IIII", 0, 0, 4, 4) + b"abcd" + struct.pack("<IIII", 0, 0, 40, 40))
    got = run("replay", "--json", cut)
    assert got.returncode == 2
    assert json.loads(got.stdout.splitlines()[-1])["totals"]["unreadable"] == 1


def test_names_put_no_control_characters_on_a_terminal(tmp_path):
    name = "\x1b[31m\x07\n\x7f.chim"
    (tmp_path / name).write_bytes(PROGRAMS[0].read_bytes())
    (tmp_path / (name + ".pcap")).write_bytes(CAPTURE.read_bytes())
    shutil.copy(BUILD / "lib/chim_mutator.so", tmp_path / (name + ".so"))
    for arguments in (["sweep", "--driver", tmp_path / (name + ".so"), PROGRAMS[0]],
                      ["run", tmp_path / (name + "none")], ["replay", tmp_path / (name + ".pcap")],
                      ["import", "-o", tmp_path / "out", tmp_path / (name + ".pcap")],
                      ["sweep", tmp_path / (name + ".pcap")], [name], ["run", "--" + name]):
        got = run(*arguments)
        text = got.stdout + got.stderr
        assert "\\x1b[31m\\x07\\x0a\\x7f" in text, arguments
        assert not [c for c in text if ord(c) < 32 and c != "\n" or ord(c) == 127], arguments


@pytest.mark.parametrize("flags, build", [(["-fsanitize=address", "-shared-libasan"], "without -shared-libasan"),
                                          (["-fsanitize=thread"], "build/tsan"),
                                          (["-fsanitize=memory"], "no build of the rig")])
def test_a_driver_with_another_runtime_is_told_which_build_to_use(flags, build, tmp_path):
    source, driver = tmp_path / "driver.c", tmp_path / "driver.so"
    source.write_text("int seen[4];\nint DriverEntry(int *at);\nint DriverEntry(int *at) { return seen[*at & 3]; }\n")
    subprocess.run(["clang-14", "-shared", "-fPIC", "-O1", *flags, "-o", driver, source], check=True)
    for command in (["run", "--driver", driver, PROGRAMS[0]], ["check-driver", driver]):
        got = run(*command)
        assert got.returncode == 2 and not got.stdout
        assert build in got.stderr and len(got.stderr.splitlines()) == 1


ARGUMENTS = {"run": [PROGRAMS[0]], "sweep": [PROGRAMS[0]], "check-driver": [], "replay": [CAPTURE],
             "minimize": [PROGRAMS[0]], "stream": [], "live": ["get", "--tap", "none", "10.0.0.1", "/"], "campaign": [],
             "bisect": [PROGRAMS[0], PROGRAMS[0], PROGRAMS[0]]}


@pytest.mark.parametrize("command", sorted(ARGUMENTS))
def test_every_command_that_runs_drivers_has_the_same_options(command):
    """--driver, --json, --strict, --guard, --timeout, --context-is-cell and --memory, word for word but for the time."""
    def common(name):
        lines = [line for line in run(name, "--help").stdout.splitlines() if line.startswith("  --")][:7]
        return [re.sub(r"\(\d+\)$", "", line) for line in lines]
    assert common(command) == common("run")
    assert [line.split()[0] for line in common("run")] == ["--driver", "--json", "--strict", "--guard", "--timeout",
                                                           "--context-is-cell", "--memory"]
    assert run(command, "--timeout", 0).returncode == 2
    assert "--guard 'walls'" in run(command, "--guard", "walls", *ARGUMENTS[command]).stderr



def test_minimize_prints_json(tmp_path):
    driver, source = tmp_path / "driver.so", tmp_path / "driver.c"
    source.write_text("#include <unistd.h>\nint DriverEntry(void) { _exit(0); }\n")
    subprocess.run(["clang-14", "-shared", "-fPIC", "-o", driver, source], check=True)
    got = run("minimize", "--json", "--driver", driver, PROGRAMS[0])
    found = json.loads(got.stdout)
    assert got.returncode == 1 and found["verdict"] == "exit"
    assert found["operations"] <= found["before"] and found["program"].startswith("chimneysweep program")


def test_what_reproduces_a_finding_has_the_options_that_showed_it(tmp_path):
    driver, source = tmp_path / "driver.so", tmp_path / "driver.c"
    source.write_text("#include <unistd.h>\nint DriverEntry(void) { _exit(0); }\n")
    subprocess.run(["clang-14", "-shared", "-fPIC", "-o", driver, source], check=True)
    options = ["--driver", driver, "--strict", "--context-is-cell"]
    wanted = f"reproduce: chimneysweep run --driver {driver} --strict --context-is-cell {PROGRAMS[0]}"
    assert wanted in run("run", *options, PROGRAMS[0]).stdout
    assert wanted in run("sweep", *options, PROGRAMS[0]).stdout
    assert wanted in run("check-driver", *options, "--corpora", PROGRAMS[0]).stdout
