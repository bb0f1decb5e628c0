"""What the guide leaves to the program itself: the readings, and the functions that a driver may call."""
import json
import re

from rig import PROJECT, run


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
