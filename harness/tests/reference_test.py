"""What the guide leaves to the program itself: the readings, and the functions that a driver may call."""
import json
import re
import subprocess

from rig import CHIMNEYSWEEP, PROJECT, run


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
