"""What a verdict means, for someone who has never seen the rule: every rule explains itself."""
import json
import re

import pytest
from rig import PROJECT, run

RULES = json.loads(run("rules", "--json").stdout)["rules"]
BUGS = {p.stem: dict(line.split(": ", 1) for line in p.read_text().split("\n\n", 1)[0].splitlines())
        for p in (PROJECT / "harness/bugs").glob("*.patch")}


def explain(*arguments):
    got = run("explain", "--json", *arguments, cwd=PROJECT)
    assert got.returncode == 0, got.stderr
    return json.loads(got.stdout)["rules"]


@pytest.fixture(scope="module")
def explained():
    areas = sorted({rule["id"].split("-")[0] for rule in RULES})
    return {item["id"]: item for item in explain(*areas)}


def test_every_rule_is_explained(explained):
    assert sorted(explained) == sorted(rule["id"] for rule in RULES)
    for rule in RULES:
        item = explained[rule["id"]]
        assert {key: item[key] for key in ("statement", "level", "class", "where")} == {
            key: rule[key] for key in ("statement", "level", "class", "where")}


def words(text):
    return set(re.findall(r"[a-z]{4,}", text.lower()))


def test_every_rule_says_why_it_matters_and_no_two_say_the_same(explained):
    whys = {name: item["why"] for name, item in explained.items()}
    for name, why in whys.items():
        assert 60 <= len(why) <= 320 and why[0].isupper() and why.endswith((".", ").")), name
        assert not re.search(r"\brequired by\b|\bthe spec\b|\bTODO\b", why), name
        assert why != explained[name]["statement"]
    names = sorted(whys)
    for i, one in enumerate(names):
        for other in names[i + 1:]:
            common = len(words(whys[one]) & words(whys[other]))
            assert common < 0.6 * min(len(words(whys[one])), len(words(whys[other]))), (one, other)


def test_every_rule_has_a_source_that_can_be_found(explained):
    for name, item in explained.items():
        assert item["sources"] or item["readings"], name
        for source in item["sources"]:
            # An abbreviation that nobody wrote out would stand here as it is.
            assert not re.search(r"\b[dgmw]\.\w|\bS[01]\b|\br\d{4}\b", source["text"]), (name, source)


def test_planted_bugs_are_those_of_the_patches(explained):
    for name, item in explained.items():
        mine = {bug["name"]: bug["story"] for bug in item["planted_bugs"]}
        judged_as = item["where"] if item["class"] == "the same as" else name
        assert mine == {stem: head["Story"] for stem, head in BUGS.items() if head["Rule"] in (name, judged_as)}
        for bug in item["planted_bugs"]:
            assert (PROJECT / bug["patch"]).exists() and (PROJECT / bug["program"]).exists()
            assert bug["command"] == f"scripts/bugs --programs {bug['name']}"


def test_the_program_that_keeps_a_rule_evaluates_it(explained):
    shown = [item for item in explained.values() if item["program"]]
    assert len(shown) == sum(rule["class"] != "permission" for rule in RULES) > 200
    for item in shown[::20]:
        report = json.loads(run("run", "--json", PROJECT / item["program"]).stdout)
        judged_as = item["where"] if item["class"] == "the same as" else item["id"]
        assert report["rules"][judged_as] == item["evaluated"] > 0


def test_the_text_says_all_of_it():
    text = run("explain", "RCV-FIFO-1", cwd=PROJECT).stdout
    item = explain("RCV-FIFO-1")[0]
    plain = " ".join(text.split())
    for said in (item["statement"], item["why"], item["level_meaning"], item["sources"][0]["text"],
                 item["planted_bugs"][0]["story"], item["planted_bugs"][0]["command"], item["program"]):
        assert said in plain
    assert max(map(len, (line for line in text.splitlines() if "://" not in line and "/" not in line))) <= 100
    assert "no planted bug breaks this rule" in run("explain", "RCV-ST-OK-2", cwd=PROJECT).stdout


def test_it_works_from_anywhere(tmp_path):
    assert "order-batch-reversed" in run("explain", "RCV-FIFO-1", cwd=tmp_path).stdout


def test_ids_are_taken_in_any_case_and_by_their_beginning():
    assert [item["id"] for item in explain("rcv-fifo-1")] == ["RCV-FIFO-1"]
    assert [item["id"] for item in explain("RCV-FIFO")] == ["RCV-FIFO-1", "RCV-FIFO-2"]
    assert all(item["id"].startswith("IND-") for item in explain("IND-"))
    several = [item["id"] for item in explain("RCV-FIFO", "SEND-OK-1", "RCV-FIFO-1")]
    assert several == ["RCV-FIFO-1", "RCV-FIFO-2", "SEND-OK-1"]


def events_of(name):
    return run("run", "--trace", PROJECT / f"corpora/situations/{name}.chim").stdout


@pytest.mark.parametrize("program, said", [
    ("urgent-data-asks-for-upload", r"NdisTcpOffloadEventHandler TcpIndicateRetrieve ReceivedUrgentData$"),
    ("oids-of-every-kind", r"MiniportOidRequest #\d+ query OID_TCP4_OFFLOAD_STATS$"),
    ("push-timer", r"set timer #\d+ in 160\.000000 ms$"),
    ("push-timer", r"block #\d+ new neighbor type 4 \(not written\)$"),
    ("refused-data-waits-for-a-post", r"NdisTcpOffloadReceiveHandler DATA_NOT_ACCEPTED, 0 bytes consumed$")])
def test_events_are_told_in_words(program, said):
    assert re.search(said, events_of(program), re.M)


def test_no_event_of_the_situations_shows_a_status_as_a_number():
    for path in sorted((PROJECT / "corpora/situations").glob("*.chim"))[::6]:
        assert not re.search(r" 0x[0-9a-f]{8}\b", run("run", "--trace", path).stdout), path


@pytest.mark.parametrize("typed, meant", [("RCV-FIF0-1", "RCV-FIFO-1"), ("FIFO-1", "RCV-FIFO-1"),
                                          ("WIRE_SACK_1", "WIRE-SACK-1"), ("TERM-DRAIN", None)])
def test_unknown_ids_are_answered_with_the_nearest(typed, meant):
    got = run("explain", typed)
    if meant:
        assert got.returncode == 2 and not got.stdout
        assert len(got.stderr.splitlines()) == 1 and meant in got.stderr
    else:
        assert got.returncode == 0


def test_unknown_arguments_are_usage_errors():
    assert run("explain").returncode == run("explain", "RCV-FIFO-1", "RCV-FIFO-9").returncode == 2
    assert run("explain", "").returncode == run("explain", "x" * 5000).returncode == 2
