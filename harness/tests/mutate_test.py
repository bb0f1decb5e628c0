"""Mutation testing: where the sources are changed, and that a mutant is judged by what it does."""
import os
import re
import sys

import pytest
from rig import PROJECT

sys.path.insert(0, str(PROJECT / "scripts/campaign"))
import drivers  # noqa: E402
import mutants  # noqa: E402
import mutate  # noqa: E402

pytestmark = pytest.mark.skipif(not (PROJECT / "build/release/bin/chimneysweep").exists(), reason="no release build")

SOURCE = '''/* a + b */
#include "x<y.h"
#define LIMIT 10u
static int f(int a, const char *b)
{
    const int *p = &a; /* && */
    if (a < 3 && !b) {
        g(a, "1 + 2");
        a += *p + 1;
    }
    return a;
}
'''


@pytest.fixture
def found(tmp_path):
    (tmp_path / "x.c").write_text(SOURCE)
    return {(m.line, m.old, m.new): m for m in mutants.of_file(tmp_path, "x.c")}


def test_operators_constants_and_statements_change(found):
    for change in [(3, "10u", "11u"), (7, "<", "<="), (7, "3", "4"), (7, "&&", "||"), (7, "!", ""), (9, "+=", "-="),
                   (9, "+", "-"), (7, "a < 3 && !b", "!(a < 3 && !b)"), (8, 'g(a, "1 + 2")', ""), (9, "a += *p + 1", "")]:
        assert change in found
    assert found[(7, "<", "<=")].function == "f"
    assert "a <= 3" in found[(7, "<", "<=")].apply(SOURCE)


def test_comments_strings_directives_and_declarations_stay(found):
    assert not {line for line, _, _ in found} & {1, 2, 4, 6, 11}
    assert len([1 for line, _, _ in found if line == 8]) == 1


def judge(tmp_path, monkeypatch, path, old, new):
    monkeypatch.setattr(mutate, "OUT", tmp_path)
    commands = {preset: drivers.compile_commands(preset) for preset in ("release", "asan")}
    source = (PROJECT / path).read_text()
    assert source.count(old) == 1
    at = source.index(old)
    mutant = mutants.Mutant(path, at, old, new, 1, "f", old)
    workshop = mutate.Workshop(os.getpid(), commands, mutate.original_sum())
    return workshop.judge(mutant)


def test_a_mutant_that_breaks_a_rule_is_killed(tmp_path, monkeypatch):
    judged = judge(tmp_path, monkeypatch, "core/conn/input.c", "if (s->seq == c->rcv_nxt) {\n        chim_conn_abort",
                   "if (s->seq != c->rcv_nxt) {\n        chim_conn_abort")
    assert judged.result == "killed" and re.match(r"[A-Z]+-[A-Z]+-\d", judged.by)


def test_a_mutant_of_the_same_code_is_equivalent(tmp_path, monkeypatch):
    judged = judge(tmp_path, monkeypatch, "core/conn/input.c", "static enum chim_input reply(", "\nstatic enum chim_input reply(")
    assert (judged.result, judged.reason) == ("same code", "equivalent")


def test_a_mutant_that_no_program_notices_lives(tmp_path, monkeypatch):
    judged = judge(tmp_path, monkeypatch, "core/miniport/nbl.c", "pool->free = NULL;", ";")
    assert (judged.result, judged.by) == ("lives", "same trace")


def test_a_review_that_cannot_be_read_is_said(tmp_path):
    review = tmp_path / "survivors.tsv"
    review.write_text("# class\nequivalent\tbecause\n")
    with pytest.raises(SystemExit, match=r"survivors.tsv:2: expected class"):
        mutate.reviewed(review)


def test_reviews_are_readable_and_name_what_is_there():
    known = mutate.reviewed(mutate.REVIEWED)
    assert all((PROJECT / key.split("\t")[0]).is_file() for key in known)


def test_what_the_rig_cannot_make_counts_as_missed():
    mutant = mutants.Mutant(path="core/a.c", at=0, line=1, function="f", text="x", old="1", new="2")
    lives, killed = mutate.Judged(mutant, "lives", "same trace"), mutate.Judged(mutant, "killed", "RULE-1")
    mutate.classify([lives, killed], {mutant.key(): ("the rig cannot make it", "a card that reorders")})
    assert lives.reason == "the rig cannot make it" and mutate.report([lives, killed], True) == 0.5
