"""The driver in the forms that a campaign needs: to judge with, for each engine, to count lines with."""
import hashlib
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from campaign import files, processes
from campaign.rig import Refused, Rig

SANITIZE = ["-g", "-O2", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
FORMS = {
    "asan": SANITIZE,
    "fuzz": [*SANITIZE, "-fsanitize-coverage=inline-8bit-counters,pc-table"],
    "afl": [*SANITIZE, "-fsanitize-coverage=trace-pc-guard"],
    "coverage": ["-g", "-O1", "-fprofile-instr-generate", "-fcoverage-mapping"],
}
# What an engine's flag leaves in a driver, which no other program can load then.
ONLY = {"libfuzzer": b"__sanitizer_cov_8bit_counters_init", "afl": b"__sanitizer_cov_trace_pc_guard"}


@dataclass
class Driver:
    name: str             # as it was named
    judged: Path          # the form that verdicts are about
    sanitized: bool
    forms: dict = field(default_factory=dict)  # engine: its own form
    coverage: Path | None = None
    sources: Path | None = None
    engines: tuple = ("libfuzzer", "afl")  # into which it can be loaded
    build_id: str = ""
    compiler: str = ""

    @property
    def preset(self) -> str:
        return "asan" if self.sanitized else "release"

    def engine_form(self, engine: str) -> Path:
        return self.forms.get(engine, self.judged)


def identify(path: Path) -> tuple:
    """The build's hash, and what compiled it."""
    data = path.read_bytes()
    said = re.search(rb"(?:[ -~]*clang version [ -~]+|GCC: [ -~]+)", data)
    return hashlib.sha256(data).hexdigest()[:12], said[0].decode() if said else "unknown"


def bundled(rig: Rig) -> Driver:
    judged = rig.path("asan", "lib/offload_core.so")
    if not judged.exists():
        raise Refused(f"{judged}: is not built (scripts/build asan fuzz afl)")
    driver = Driver("the bundled core", judged, True, sources=rig.data / "core")
    for engine, preset in (("libfuzzer", "fuzz"), ("afl", "afl")):
        if rig.path(preset, "lib/offload_core.so").exists():
            driver.forms[engine] = rig.path(preset, "lib/offload_core.so")
    counted = rig.path("coverage", "lib/offload_core.so")
    driver.coverage = counted if counted.exists() else None
    return driver


def shared_object(path: Path, home: Path) -> Driver:
    """A copy, so that a build that goes on beside us changes nothing in the middle of the night."""
    data = path.read_bytes()
    copy = home / hashlib.sha256(data).hexdigest()[:12] / path.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    if not copy.exists():
        files.write(copy, data)
    engines = tuple(name for name, mark in ONLY.items() if mark in data) or ("libfuzzer", "afl")
    if b"__afl_area_ptr" in data:
        engines = ("afl",)
    counts = path if b"__llvm_covmap" in data or b"__llvm_prf_cnts" in data else None
    return Driver(str(path), copy, b"__asan_init" in data, coverage=counts, engines=engines)


def compile_form(rig: Rig, sources: list, flags: list, out: Path) -> None:
    include = {rig.headers, *(path.parent for path in sources)}
    got = processes.run(["clang-14", "-std=c11", "-fPIC", "-shared", "-Wl,-Bsymbolic", *flags,
                         *(f"-I{folder}" for folder in sorted(include)), "-o", out, *sources], timeout=1800)
    if got.returncode:
        raise Refused(f"{out.stem} of the driver does not compile:\n{got.stderr[-3000:]}")


def from_sources(rig: Rig, folder: Path, home: Path) -> Driver:
    """All C files below the folder in one driver, in every form; built again when something of them changed."""
    sources = sorted(p for p in folder.rglob("*.c") if not any(part.startswith((".", "build")) for part in
                                                               p.relative_to(folder).parts))
    if not sources:
        raise Refused(f"--driver {folder}: no C file below it", 2)
    if not shutil.which("clang-14"):
        raise Refused("--driver: a folder of sources needs clang-14 (Debian: clang-14 libclang-rt-14-dev lld-14)")
    text = b"".join(p.read_bytes() for p in [*sources, *sorted(folder.rglob("*.h"))])
    made = home / hashlib.sha256(text).hexdigest()[:12]
    forms = {form: made / f"{folder.name}-{form}.so" for form in FORMS}
    if not all(path.exists() for path in forms.values()):
        building = files.fresh(home / "building")
        for form, flags in FORMS.items():
            print(f"campaign: building {folder.name}-{form}.so", flush=True)
            compile_form(rig, sources, flags, building / forms[form].name)
        shutil.rmtree(made, ignore_errors=True)
        files.publish(building, made)
    return Driver(str(folder), forms["asan"], True, {"libfuzzer": forms["fuzz"], "afl": forms["afl"]},
                  forms["coverage"], folder)


def load(rig: Rig, named: Path | None, home: Path) -> Driver:
    home.mkdir(exist_ok=True)
    driver = bundled(rig) if named is None else from_sources(rig, named, home) if named.is_dir() else shared_object(
        named, home)
    driver.build_id, driver.compiler = identify(driver.judged)
    return driver
