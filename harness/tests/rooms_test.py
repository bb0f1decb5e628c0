"""The oracle's rooms as a test: who may call whom, and what each file may keep to itself."""
import re
import subprocess
from collections import Counter

from oracle_rooms import CODE, EVENT, FILES, INCLUDES, ORACLE, ROOMS, calls, defined, handlers, room
from rig import BUILD, PROJECT

def test_no_room_is_crowded():
    count = Counter(p.relative_to(ORACLE).parts[0] for p in ORACLE.rglob("*") if p.is_file() and p.parent != ORACLE)
    assert set(count) == set(ROOMS[:-1])
    assert not {name: n for name, n in count.items() if n > 20}


def test_calls_and_includes_go_downwards():
    assert len(calls()) > 300
    assert not [f"{a.relative_to(ORACLE)} calls {b.relative_to(ORACLE)}" for a, b in calls() if room(a) < room(b)]
    assert not [f"{p.relative_to(ORACLE)} includes {i}" for p, names in INCLUDES.items() for i in names
                if "/" in i and room(p) < room(ORACLE / i)]


def test_events_go_downwards():
    """Whoever goes through the rows of an event calls all who asked for it."""
    handled = handlers()
    seen = set()
    for path, text in CODE.items():
        for event in set(EVENT.findall(text) + re.findall(r"\.(fresh)\(", text)) & set(handled):
            seen.add(event)
            assert not [f"{path.relative_to(ORACLE)} asks {h.relative_to(ORACLE)} ({event})" for h in handled[event]
                        if path.suffix == ".c" and room(h) > room(path)]
    assert seen >= {"arrived", "fresh", "received", "transmitted", "sent", "state", "rest"}


def test_no_header_is_an_umbrella():
    count = Counter(name for names in INCLUDES.values() for name in names)
    assert not {name: n for name, n in count.items() if 3 * n > len(FILES)}


def test_each_piece_has_a_header_with_a_contract():
    for path in FILES:
        if path.suffix == ".h":
            head = path.read_text().split("*/")[0]
            assert len(head.splitlines()) > 3, f"{path.relative_to(ORACLE)}: no word on what it is"


def test_every_function_that_crosses_rooms_says_what_it_is_for():
    where = defined()
    crossing = {name for path, text in CODE.items() for name in set(re.findall(r"\b\w+\b", text))
                if name in where and room(path) != room(where[name]) and path.name != "checkers.c"}
    silent = []
    for path in FILES:
        if path.suffix != ".h":
            continue
        text = path.read_text()
        for match in re.finditer(r"^(?:static inline )?(?:const )?(?:struct |enum )?\w+[ *]+(\w+)\([^;{]*[;{]", text, re.M):
            before = text[:match.start()].rstrip()
            after = text[match.end():].split("\n", 1)[0]
            if match.group(1) in crossing and not before.endswith("*/") and "/*" not in after:
                silent.append(f"{path.relative_to(ORACLE)}: {match.group(1)}")
    assert not silent, "\n".join(silent)


def test_nothing_of_a_run_is_static():
    """No object file of the oracle has data that can be written: two oracles share nothing."""
    library = BUILD / "lib/liboracle.a"
    got = subprocess.run(["objdump", "-t", library], text=True, stdout=subprocess.PIPE, check=True)
    assert "oracle_event" in got.stdout
    assert not [line for line in got.stdout.splitlines() if re.search(r" \.(data|bss|tdata|tbss)(\.(?!rel\.ro)\S+)?\t0*[1-9a-f]", line)]
