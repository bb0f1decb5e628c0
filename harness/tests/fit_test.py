"""A driver's file that is not for the program that is to open it: one line says which program, or which flag, is."""
import subprocess

import pytest
from rig import BUILD, CHIMNEYSWEEP, PROJECT, RELEASE, run

PROGRAM = PROJECT / "corpora/situations/push-timer.chim"
SECOND = sorted((PROJECT / "harness/drivers/second").glob("*.c"))
TINY = """#include "ndis.h"
extern int NdisFirst; void NdisSecond(void), NdisThird(void);
NDIS_STATUS NDIS_CALL DriverEntry(PDRIVER_OBJECT a, PUNICODE_STRING b) { (void)a, (void)b; NdisSecond(); NdisThird(); return NdisFirst; }
"""


def compiled(out, sources, *flags, compiler="clang-14"):
    subprocess.run([compiler, "-shared", "-fPIC", "-w", "-O1", f"-I{PROJECT}/core/include", *flags, *sources,
                    "-o", out], check=True)
    return out


def refused(program, driver):
    got = run("run", "--driver", driver, PROGRAM, program=program)
    assert got.returncode == 2 and not got.stdout and len(got.stderr.splitlines()) == 1, (got.stdout, got.stderr)
    return got.stderr


def test_a_sanitized_driver_goes_on_with_the_sanitized_rig():
    got = run("run", "--driver", BUILD / "lib/second.so", PROGRAM, program=RELEASE)
    assert got.returncode == 0 and f"going on with {BUILD}/bin/chimneysweep" in got.stderr, got.stderr
    assert got.stdout == run("run", "--driver", BUILD / "lib/second.so", PROGRAM).stdout


def test_without_a_sanitized_rig_beside_it_the_build_is_named(tmp_path):
    alone = tmp_path / "release/bin"
    alone.mkdir(parents=True)
    (alone / "chimneysweep").write_bytes(RELEASE.read_bytes())
    (alone / "chimneysweep").chmod(0o755)
    said = refused(alone / "chimneysweep", BUILD / "lib/second.so")
    assert "has AddressSanitizer" in said and "build/asan/bin/chimneysweep" in said


@pytest.mark.parametrize("compiler, flags, words", [
    ("gcc", ["-fsanitize=address"], ["libasan.so", "compile it by clang"]),
    ("clang-14", ["-fsanitize-coverage=trace-pc-guard"], ["AFL++", "AFL++ engine"]),
    ("clang-14", ["-fsanitize-coverage=inline-8bit-counters,pc-table"], ["libFuzzer", "libFuzzer engine"])])
def test_instrumentation_that_no_rig_has_is_named(compiler, flags, words, tmp_path):
    said = refused(RELEASE, compiled(tmp_path / "driver.so", SECOND, *flags, compiler=compiler))
    assert all(word in said for word in words), said


@pytest.mark.parametrize("place, value, words", [
    (18, 183, "is for 64-bit Arm (expected an x86-64 shared object)"),
    (18, 250, "is for another processor"),
    (None, 7, "was compiled with version 7 of the headers, this rig has 1")])
def test_another_processor_and_other_headers(place, value, words, tmp_path):
    file = bytearray((RELEASE.parent.parent / "lib/second.so").read_bytes())
    place = file.rindex(b"Chimneysweep\0\0\0\0") + 16 if place is None else place
    file[place] = value
    driver = tmp_path / "driver.so"
    driver.write_bytes(file)
    assert words in refused(RELEASE, driver)


@pytest.mark.parametrize("lazy", ["-Wl,-z,lazy", "-Wl,-z,now"])
def test_all_imports_that_nobody_has_are_named(lazy, tmp_path):
    source = tmp_path / "tiny.c"
    source.write_text(TINY)
    said = refused(RELEASE, compiled(tmp_path / "tiny.so", [source], lazy))
    assert all(name in said for name in ("NdisFirst", "NdisSecond", "NdisThird")), said


@pytest.mark.parametrize("program, build", [(RELEASE, RELEASE.parent.parent), (CHIMNEYSWEEP, BUILD)])
def test_a_driver_keeps_functions_that_libraries_of_the_rig_have_too(program, build, tmp_path):
    """The second target with names of lwIP, of libpcap and of the C library, linked without -Bsymbolic."""
    names = {"memory_take": "pbuf_free", "frame_build": "tcp_enqueue_flags", "append_list": "pcap_close", "now_ms": "send"}
    sanitize = ["-fsanitize=address,undefined"] if build == BUILD else []
    driver = compiled(tmp_path / "driver.so", SECOND, *sanitize, *(f"-D{a}={b}" for a, b in names.items()))
    for path in (PROGRAM, PROJECT / "corpora/bugs"):
        got = run("sweep", "--json", "--quiet", "--driver", driver, path, program=program)
        expected = run("sweep", "--json", "--quiet", "--driver", build / "lib/second.so", path, program=program)
        assert got.returncode == 0 and got.stdout == expected.stdout, got.stdout[-400:]
