"""What is installed is whole: drivers are built, judged and fuzzed with it, by anybody, without this tree."""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from rig import PROJECT, PROGRAMS

DRIVERS = PROJECT / "harness/drivers"
NOBODY = 65534
FEW = "share/chimneysweep/corpora/regress"
SECOND = """cmake_minimum_required(VERSION 3.1)
project(second LANGUAGES C)
find_package(chimneysweep REQUIRED)
enable_testing()
file(GLOB sources second/*.c)
chimneysweep_add_driver(second SOURCES ${sources} INCLUDES second DEFINES UNUSED=1)
"""


def ran(*words, fails=False, **options):
    got = subprocess.run([str(word) for word in words], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=600, **options)
    assert (got.returncode != 0) == fails, got.stdout[-3000:]
    return got.stdout


@pytest.fixture(scope="module")
def place():
    """A folder that any account can enter."""
    with tempfile.TemporaryDirectory(prefix="chimneysweep-package-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def prefix(place):
    ran("cmake", "--install", PROJECT / "build/release", "--prefix", place / "prefix")
    return place / "prefix"


def built(prefix, source, compiler="clang-14"):
    said = ran("cmake", "-S", source, "-B", source / f"build-{compiler}", f"-DCMAKE_C_COMPILER={compiler}",
               f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror", "-G", "Ninja")
    ran("cmake", "--build", source / f"build-{compiler}", "-j", "2")
    return source / f"build-{compiler}", said


@pytest.fixture(scope="module")
def second(prefix, place):
    """The second driver, as somebody would build it who has nothing but its sources and the package."""
    source = place / "second"
    shutil.copytree(DRIVERS / "second", source / "second")
    (source / "CMakeLists.txt").write_text(SECOND)
    return built(prefix, source)[0]


def test_everything_is_there_and_names_no_place_of_this_tree(prefix):
    for name in ("bin/chimneysweep", "bin/chimneysweep-fuzz", "bin/chimneysweep-afl", "lib/pkgconfig/chimneysweep.pc",
                 "lib/cmake/chimneysweep/chimneysweepConfig.cmake", "share/man/man1/chimneysweep.1",
                 "lib/cmake/chimneysweep/chimneysweepConfigVersion.cmake", "share/chimneysweep/program.dict",
                 "share/bash-completion/completions/chimneysweep", "libexec/chimneysweep/asan/bin/chimneysweep",
                 "libexec/chimneysweep/asan/lib/second.so", "libexec/chimneysweep/fuzz/bin/fuzz_program",
                 "libexec/chimneysweep/afl/bin/fuzz_program", "libexec/chimneysweep/release/lib/chim_mutator.so"):
        assert (prefix / name).stat().st_size > 0, name
    assert {p.name for p in (prefix / "include/chimneysweep").iterdir()} == {
        p.name for p in (PROJECT / "core/include").glob("*.h")}
    assert len(list((prefix / "share/chimneysweep/seeds").iterdir())) == len(PROGRAMS)
    texts = [p for p in prefix.rglob("*") if p.is_file() and b"\0" not in p.read_bytes()[:4096]]
    assert texts and not [p for p in texts if str(PROJECT).encode() in p.read_bytes()]


def test_the_skeleton_with_clang_and_with_gcc(prefix, place):
    ran(prefix / "bin/chimneysweep", "new-driver", place / "mine")
    build, said = built(prefix, place / "mine")
    assert {p.name for p in build.glob("mine*")} == {"mine.so", "mine-asan.so", "mine-fuzz.so", "mine-afl.so",
                                                     "mine_fuzz", "mine_afl"}
    assert "chimneysweep: mine" not in said
    check = [prefix / "bin/chimneysweep", "check-driver", "--corpora", prefix / FEW]
    verdict = ran(*check, build / "mine.so", fails=True, cwd="/")
    assert "REG-HND-1               must" in verdict and "\nnext: REG-CAP-1 (broken)" in verdict
    build, said = built(prefix, place / "mine", "gcc")
    assert [p.name for p in build.glob("mine*")] == ["mine.so"]
    assert len(re.findall("chimneysweep: mine: only mine.so and mine_conformance", said)) == 1
    listed = ran("ctest", "--test-dir", build, "-N")
    assert "mine_conformance" in listed and "Total Tests: 1" in listed
    again = ran(*check, build / "mine.so", fails=True, cwd="/")
    assert verdict == again.replace("build-gcc", "build-clang-14")


def test_conformance_and_captures_of_a_driver_built_elsewhere(prefix, second):
    assert "100% tests passed, 0 tests failed out of 2" in ran("ctest", "--test-dir", second)
    said = ran(prefix / "bin/chimneysweep", "check-driver", "--corpora", prefix / FEW, second / "second-asan.so")
    assert f"going on with {prefix}/libexec/chimneysweep/asan/bin/chimneysweep" in said and " 0 failed" in said


def few_seeds(prefix, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for seed in sorted((prefix / "share/chimneysweep/seeds").iterdir())[::20]:
        shutil.copy(seed, folder)
    return folder


def test_libfuzzer_sees_the_coverage_of_the_driver(prefix, second, place):
    said = ran(second / "second_fuzz", "-runs=0", few_seeds(prefix, place / "seeds"))
    counters = int(re.search(r"Loaded 1 modules +\((\d+) inline 8-bit counters\)", said).group(1))
    covered = int(re.search(r"INITED cov: (\d+)", said).group(1))
    assert counters > 2000 and covered > 500 and "Dictionary: " in said
    said = ran(second / "second_fuzz", "-runs=900", "-seed=1", cwd=place)
    for count, folder in ((0, second / "second_fuzz_corpus"), (len(PROGRAMS), prefix / "share/chimneysweep/seeds")):
        assert re.search(rf"\b{count} files found in {folder}\n", said)


def test_afl_sees_the_coverage_of_the_driver(prefix, second, place):
    ran(second / "second_afl", "-E", "300", "-i", few_seeds(prefix, place / "seeds"), env={**os.environ, "AFL_NO_UI": "1"})
    stats = (second / "second_afl_corpus/default/fuzzer_stats").read_text()
    assert int(re.search(r"edges_found +: (\d+)", stats).group(1)) > 500


def elsewhere(prefix, script):
    """Runs a script as an ordinary user, where this tree is not and the installed one is read-only."""
    root = os.geteuid() == 0
    new = ["unshare", "--mount"] if root else ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*new, "true"], stderr=subprocess.DEVNULL).returncode:
        pytest.skip("no mount namespace of one's own here")
    user = f"setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups" if root else ""
    return ran(*new, "bash", "-ec", f"""
        cd {prefix.parent}
        mount -t tmpfs none {PROJECT}
        mount --bind {prefix} {prefix} && mount -o remount,bind,ro {prefix}
        exec {user} env -i HOME=/nonexistent PATH={prefix}/bin:/usr/bin:/bin bash -exc '{script}'""", cwd="/")


def test_an_ordinary_user_needs_neither_this_tree_nor_a_writable_prefix(prefix, second):
    work = prefix.parent / "anybody"
    work.mkdir()
    os.chmod(work, 0o777)
    said = elsewhere(prefix, f"""
        ! ls {PROJECT}/CMakeLists.txt
        ! touch {prefix}/here
        cd {work}
        chimneysweep check-driver | tail -n 2
        chimneysweep explain RCV-FIFO-1
        chimneysweep replay {prefix}/share/chimneysweep/pcaps/linux-*
        {prefix}/libexec/chimneysweep/asan/bin/chimneysweep check-driver | tail -n 2
        chimneysweep new-driver mine
        cmake -S mine -B mine/build -DCMAKE_C_COMPILER=gcc
        cmake --build mine/build
        chimneysweep check-driver --corpora {prefix / FEW} mine/build/mine.so | grep "^next: REG-CAP-1"
        chimneysweep-fuzz {second}/second-fuzz.so -runs=0
        grep -c . {prefix}/share/man/man1/chimneysweep.1""")
    assert said.count(f"{len(PROGRAMS)} programs of {prefix}/share/chimneysweep/corpora, {len(PROGRAMS)} passed") == 2
    assert "planted bug breaks" not in said and "scripts/bugs" not in said


def command_lines():
    """The lines of the guide for those without CMake."""
    text = (DRIVERS / "README.md").read_text()
    section = text.split("## Build")[1].split("\n## ")[0].replace("\\\n", "")
    return re.findall(r"^    (.*pkg-config.*)$", section, re.M)


def test_a_bare_command_line_and_make_give_the_same_driver(prefix, place):
    """A function of the driver that is called like one of the rig's is the driver's own."""
    source = place / "bare"
    shutil.copytree(DRIVERS / "skeleton", source)
    entry = source / "entry.c"
    text = entry.read_text().replace("    memset(&Miniport,", "    if (shown() != 7) return NDIS_STATUS_FAILURE;\n"
                                     "    memset(&Miniport,").replace("#include \"driver.h\"\n",
                                                                      "#include \"driver.h\"\nint shown(void);\n")
    entry.write_text(text)
    (source / "own.c").write_text("int shown(void);\nint shown(void)\n{\n    return 7;\n}\n")
    environment = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    plain, sanitized, rule = command_lines()[:3]
    for line in (plain, sanitized):
        ran("sh", "-c", line, cwd=source, env=environment)
    (source / "Makefile").write_text("made.so: $(wildcard *.c)\n\t" + rule.replace("mydriver.so", "$@") + "\n")
    ran("make", cwd=source, env=environment)
    sanitizing = prefix / "libexec/chimneysweep/asan/bin/chimneysweep"
    for rig, driver in ((prefix / "bin/chimneysweep", "mydriver.so"), (sanitizing, "mydriver-asan.so"),
                        (prefix / "bin/chimneysweep", "made.so")):
        said = ran(rig, "check-driver", "--corpora", prefix / FEW, source / driver, fails=True, cwd="/")
        assert "\nnext: REG-CAP-1" in said, driver


def test_the_version_is_asked_for_and_wrong_calls_are_named(prefix, place):
    source = place / "wrong"
    source.mkdir()
    begin = "cmake_minimum_required(VERSION 3.20)\nproject(wrong LANGUAGES C)\n"
    for text, word in (("find_package(chimneysweep 9 REQUIRED)\n", "compatible with requested version"),
                       ("find_package(chimneysweep REQUIRED)\nchimneysweep_add_driver(x)\n", "x has no SOURCES"),
                       ("find_package(chimneysweep REQUIRED)\nchimneysweep_add_driver(x a.c)\n", "'a.c' belongs to none")):
        (source / "CMakeLists.txt").write_text(begin + text)
        assert word in re.sub(r"\s+", " ", ran("cmake", "-S", source, "-B", source / "build", fails=True,
                                               env={**os.environ, "CMAKE_PREFIX_PATH": str(prefix)}))


def test_what_cannot_be_installed_is_said(place):
    install = PROJECT / "scripts/install"
    (place / "a-file").write_text("")
    for words, line in (([place / "a-file"], "is a file"), ([place / "a-file/below"], "Not a directory"), ([], "one prefix"),
                        (["--what"], "unknown option"), (["/proc/no/such"], "No such file")):
        said = ran(install, *words, fails=True)
        assert len(said.splitlines()) == 1 and line in said, said
    alone = place / "alone/release"
    ran("cmake", "-S", PROJECT, "-B", alone, "-DCMAKE_C_COMPILER=clang-14", "-G", "Ninja")
    said = ran("cmake", "--install", alone, "--prefix", place / "nothing", fails=True)
    assert "build/release is missing" in said and "scripts/build release" in said
    assert not (place / "nothing").exists()
