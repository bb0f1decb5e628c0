"""What the guide leaves to the program itself: the readings, and the functions that a driver may call."""
import json
import re
import subprocess

from rig import BUILD, CHIMNEYSWEEP, PROJECT, run


def said(*arguments):
    got = run(*arguments, cwd=PROJECT)
    assert got.returncode == 0 and not got.stderr, got
    return got.stdout


def flat(text):
    return re.sub(r"\s+", " ", text)


def test_every_reading_is_listed_with_the_rules_that_have_it():
    table = (PROJECT / "harness/cli/sources.def").read_text()
    readings = json.loads(said("rules", "--readings", "--json"))["readings"]
    assert [r["key"] for r in readings] == re.findall(r'READING\(\s*"(Q\d+)"', table)
    by_rule = {rule["id"]: rule["source"].split() for rule in json.loads(said("rules", "--json"))["rules"]}
    for reading in readings:
        assert reading["rules"] == [i for i, source in by_rule.items() if reading["key"] in source]
        assert reading["rules"], reading
    named = {word for source in by_rule.values() for word in source if re.fullmatch(r"Q\d+", word)}
    assert named == {reading["key"] for reading in readings}


def test_readings_are_the_words_of_explain():
    text = flat(said("rules", "--readings"))
    explained = {r["id"]: r for r in json.loads(said("explain", "--json", "RCV-FIFO-1", "IND-", "REG-CTX-1"))["rules"]}
    readings = json.loads(said("rules", "--readings", "--json"))["readings"]
    for name, item in explained.items():
        assert item["readings"] == [{k: r[k] for k in ("question", "reading")} for key in item_keys(name)
                                    for r in readings if r["key"] == key], name
    for reading in readings:
        assert f"{reading['key']} open {reading['question']} accepted {reading['reading']} rules " in text


def item_keys(name):
    rule, = (r for r in json.loads(said("rules", "--json", name))["rules"] if r["id"] == name)
    return re.findall(r"\bQ\d+\b", rule["source"])


def exported():
    listing = subprocess.run(["nm", "-D", "--defined-only", CHIMNEYSWEEP], text=True, stdout=subprocess.PIPE, check=True)
    return set(re.findall(r" T ((?:Ndis|Nic)[A-Z]\w+)$", listing.stdout, re.M))


def test_every_function_that_the_rig_exports_is_listed():
    functions = json.loads(said("help", "--functions", "--json"))["functions"]
    assert len(functions) == len({f["name"] for f in functions})
    assert {f["name"] for f in functions if f["how"] == "call"} == exported()
    table = (PROJECT / "core/include/ndischimney.h").read_text()
    entries = re.search(r"struct _NDIS_TCP_OFFLOAD_EVENT_HANDLERS \{(.*?)\n\}", table, re.S)[1]
    assert [f["name"] for f in functions if f["how"] == "table"] == re.findall(r" (NdisTcp\w+);", entries)
    assert [f["name"] for f in functions if f["how"] == "inline"] == ["NdisGetNextMdl"]


def test_functions_have_a_purpose_of_their_own_and_the_level_of_the_header():
    functions = json.loads(said("help", "--functions", "--json"))["functions"]
    purposes = [f["purpose"] for f in functions]
    assert len(set(purposes)) == len(purposes) and all(p[0].isupper() and len(p) > 8 for p in purposes)
    text = flat(said("help", "--functions"))
    for f in functions:
        header = flat((PROJECT / "core/include" / f["header"]).read_text())
        before = re.search(rf"(\S+ )?\w+ (?:NDIS_CALL )?{f['name']}\(", header)
        if f["how"] == "call":
            assert (f["level"] == "PASSIVE") == (before[1] == "NDIS_PASSIVE "), f
            assert (f["level"] == "DISPATCH") == (before[1] == "NDIS_DISPATCH "), f
        assert f"{f['name']} {f['level']} {f['purpose']}" in text


GUIDE = (PROJECT / "harness/drivers/README.md").read_text()


def test_the_guide_names_commands_and_options_that_exist():
    used = set(re.findall(r"chimneysweep ((?:[a-z]+-)?[a-z]+) ([^\n`]*)", GUIDE))
    commands = {command for command, _ in used if command not in ("goes",)}
    assert {"run", "check-driver", "new-driver", "rules", "explain", "help"} <= commands
    for command, line in used:
        text = said(*(("--help",) if command == "help" else (command, "--help"))) if command in commands else line
        for option in re.findall(r"--[a-z]+", line.split(" && ")[0].split("  ")[0]):
            assert option in text, (command, option)


def test_the_guide_has_every_request_that_the_host_makes():
    sources = "".join((PROJECT / f"harness/{name}").read_text() for name in ("world/world.c", "program/choices.h"))
    answered = {"OID_TCP_CONNECTION_OFFLOAD_CURRENT_CONFIG", "OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES"}
    assert set(re.findall(r"\bOID_[A-Z0-9]+_\w+\b", GUIDE)) == \
        set(re.findall(r"\bOID_(?:GEN|TCP|IP|PNP)\w+\b", sources)) - answered


def test_the_example_of_rings_sends_what_the_host_sends(tmp_path):
    """More frames than descriptors, in pieces, also while the wire gives nothing back."""
    program = tmp_path / "rings.chim"
    program.write_text("chimneysweep program 1\nconnections 0\nhost-send more=3 length=1200 pieces=3 buffers=2\n"
                       "host-send more=80\nfault kind=tx-stall\nhost-send more=90\nfault kind=clear\n"
                       "host-send more=2 length=1600\nfault kind=link-down\nhost-send more=1\n")
    got = run("run", "--trace", "--driver", BUILD / "lib/ring.so", program)
    assert got.returncode == 1 and "VIOLATION REG-CAP-1" in got.stdout  # it takes no connections
    assert got.stdout.count("frame out ") == 4 * 3 + 81 + 91 + 3 + 2  # the last two are refused
    done = re.findall(r" D?P? +list #\d+ ordinary send .*(SUCCESS|FAILURE)", got.stdout)
    assert done == ["SUCCESS"] * (4 + 81 + 91 + 3) + ["FAILURE"] * 2
    verdict = json.loads(run("run", "--json", "--driver", BUILD / "lib/ring.so", program).stdout)
    assert (verdict["violations"], verdict["warnings"]) == skeleton_refuses(program)


def skeleton_refuses(program):
    """What is found when no frame of the host's leaves."""
    verdict = json.loads(run("run", "--json", "--driver", BUILD / "lib/skeleton.so", program).stdout)
    assert verdict["rule"] == "REG-CAP-1"
    return verdict["violations"], verdict["warnings"]
