"""The interface headers compile everywhere with the same layout; the core needs nothing but them."""
import re
import subprocess

import pytest
from rig import BUILD, PROJECT

INCLUDE = PROJECT / "core/include"
HEADERS = sorted(p.name for p in INCLUDE.glob("*.h"))
COMPILERS = [
    ("clang-14 -std=c11 -pedantic", "c"),
    ("gcc -std=c11 -pedantic", "c"),
    ("clang-14 -std=c++17 -x c++", "cc"),
    ("g++ -std=c++17", "cc"),
    ("clang-14 -target x86_64-pc-windows-msvc -std=c11", "c"),
    ("clang-14 -target x86_64-pc-windows-msvc -std=c++17 -x c++", "cc"),
]


@pytest.mark.parametrize("compiler,suffix", COMPILERS)
@pytest.mark.parametrize("header", HEADERS)
def test_header_stands_alone(compiler, suffix, header, tmp_path):
    source = tmp_path / f"one.{suffix}"
    source.write_text(f'#include "{header}"\n#include "{header}"\nextern int end;\n')
    got = subprocess.run([*compiler.split(), "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                          f"-I{INCLUDE}", source], text=True, stderr=subprocess.PIPE)
    assert got.returncode == 0, got.stderr


def test_layout_assertions_would_fail(tmp_path):
    """The assertions are live: another layout does not compile."""
    source = tmp_path / "broken.c"
    source.write_text('#define NDIS_MS_STRUCT_OFF\n#include "ndis_types.h"\n#undef NDIS_MS_STRUCT\n'
                      '#define NDIS_MS_STRUCT\n#include "ndischimney.h"\n')
    got = subprocess.run(["clang-14", "-std=c11", "-fsyntax-only", f"-I{INCLUDE}", source],
                         text=True, stderr=subprocess.PIPE)
    assert got.returncode != 0 and "TCP_OFFLOAD_STATE_CACHED" in got.stderr


def test_the_core_needs_only_ndis_nic_and_mem():
    release = PROJECT / "build/release/lib/liboffload_core.a"
    if not release.exists():
        pytest.skip("no release build")
    listing = subprocess.run(["llvm-nm-14", "-A", release], text=True, stdout=subprocess.PIPE).stdout
    defined = set(re.findall(r"\b[TtDdBbRrVvWwC] (\w+)", listing))
    undefined = set(re.findall(r"\bU (\w+)", listing)) - defined
    assert undefined
    strangers = {s for s in undefined if not re.match(r"(Ndis|Nic|mem)", s)}
    assert not strangers


def test_the_driver_exports_only_driver_entry():
    driver = PROJECT / "build/release/lib/offload_core.so"
    if not driver.exists():
        pytest.skip("no release build")
    listing = subprocess.run(["nm", "-D", "--defined-only", driver], text=True,
                             stdout=subprocess.PIPE).stdout
    assert re.findall(r" T (\w+)", listing) == ["DriverEntry"]
