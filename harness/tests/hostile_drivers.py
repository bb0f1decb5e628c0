"""Hostile drivers of our own making: what each does, and the verdicts that say so. By hand, all pairs of driver and
command: hostile_drivers.py (with the environment of the tests)."""
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rig import PROJECT, RELEASE, running

# Under a sanitizer some of them die of it first; what a user meets by default is the release build.
BUILD, CHIMNEYSWEEP = RELEASE.parents[1], RELEASE
HOSTILE = PROJECT / "harness/tests/hostile"
CAPTURE = PROJECT / "pcaps/linux-http-download.pcap"
PROGRAM = PROJECT / "corpora/situations/reordered-segments.chim"
LIMIT = 15  # seconds of processor time for a pair; a busy machine adds to the eight that a loop takes
COMMANDS = ("run", "replay", "check-driver", "sweep", "minimize")
STATUS = {"pass": 0, "inconclusive": 4, "not-judged": 4}
DIES = ("crash", "sanitizer")

# name: (what is compiled in, the verdicts that are right)
DRIVERS = {
    "plain": ([], ["pass"]),
    "exits-well": (["IN_RESTART=exit(0)"], ["exit"]),
    "exits-quickly": (["IN_OID=quick_exit(0)"], ["exit"]),
    "exits-at-once": (["IN_PAUSE=_exit(0)"], ["exit"]),
    "exits-by-system-call": (["IN_OPTIONS=syscall(SYS_exit_group, 0)"], ["exit"]),
    "exits-with-a-status": (["IN_HALT=exit(3)"], ["exit"]),
    "exits-in-its-constructor": (["IN_CONSTRUCTOR=_exit(0)"], ["exit"]),
    "becomes-another-program": (['IN_OID=execl("/bin/true", "true", NULL)'], ["exit"]),
    "aborts": (["IN_RESTART=abort()"], DIES),
    "writes-to-null": (["IN_OID=*(volatile int *)8 = 1"], DIES),
    "calls-null": (["IN_OID=((void (*)(void))(uintptr_t)sink)()"], DIES),
    "jumps-into-data": (["IN_PAUSE=((void (*)(void))(void *)&core)()"], DIES),
    "writes-to-its-code": (["IN_PAUSE=*(volatile char *)(void *)constructor = 1"], DIES),
    "divides-by-zero": (["IN_OID=sink = 100 / sink"], DIES),
    "passes-nonsense-as-a-status": (["IN_OID=NdisMIndicateStatusEx(adapter, (void *)0x123456789000)"], DIES),
    "passes-a-buffer-of-nonsense": (["IN_OID=NET_BUFFER nb = {.DataLength = 9, .MdlChain = (void *)0x123456789000}; "
                                     "NdisGetDataBuffer(&nb, 9, NULL, 1, 0)"], DIES),
    "passes-a-lock-of-nonsense": (["IN_PAUSE=NdisAcquireSpinLock((void *)0x123456789000)"], DIES),
    "illegal-instruction": (["IN_RESTART=__builtin_trap()"], DIES),
    "recurses": (["IN_OID=recurse((volatile char *)way_back)"], DIES),
    "frees-twice": (["IN_HALT=void *volatile p = malloc(9000); free(p); free(p)"], DIES),
    "kills-itself": (["IN_OID=raise(SIGKILL)"], ["crash"]),
    "terminates-itself": (["IN_OID=raise(SIGTERM)"], ["crash"]),
    "dies-in-its-constructor": (["IN_CONSTRUCTOR=*(volatile int *)8 = 1"], DIES),
    "loops": (["IN_OID=spin()"], ["hang"]),
    "loops-in-its-constructor": (["IN_CONSTRUCTOR=spin()"], ["hang"]),
    "loops-in-its-destructor": (["IN_DESTRUCTOR=spin()"], ["hang"]),
    "loops-with-system-calls": (["IN_RESTART=for (;;) getppid()"], ["hang"]),
    "loops-deaf": (["IN_OID=signal(SIGXCPU, SIG_IGN); spin()"], ["hang", "crash"]),
    "sleeps": (["IN_OID=sleep(1000)"], ["stall"]),
    "sleeps-in-its-constructor": (["IN_CONSTRUCTOR=sleep(1000)"], ["stall"]),
    "waits-for-nobody": (["IN_RESTART=wait_for_nobody()"], ["stall"]),
    "deadlocks": (["IN_PAUSE=deadlock()"], ["stall"]),
    "naps": (["IN_OID=for (;;) usleep(1000)"], ["stall"]),
    "stops-itself": (["IN_OID=for (;;) raise(SIGSTOP)"], ["stall"]),
    "makes-processes": (["IN_RESTART=make_processes(14)"], ["process"]),
    "makes-processes-when-loaded": (["IN_CONSTRUCTOR=make_processes(3)"], ["process"]),
    "makes-a-daemon": (["IN_OID=make_daemon()"], ["process"]),
    "makes-processes-and-dies": (["IN_OID=make_processes(2); *(volatile int *)8 = 1"], DIES),
    "leaves-a-thread": (["IN_OID=start_thread(sleeping)"], ["process"]),
    "leaves-a-thread-that-loops": (["IN_RESTART=start_thread(spinning)"], ["process", "hang"]),
    "closes-descriptors": (["IN_OID=for (int i = 0; i < 10; i++) close(i)"], ["process"]),
    "closes-all-descriptors": (["IN_OID=for (int i = 3; i < 5000; i++) close(i)"], ["pass", "process"]),
    "changes-the-folder": (['IN_OID=(void)!chdir("/")'], ["process"]),
    "takes-a-signal-over": (["IN_OID=signal(SIGSEGV, SIG_IGN)"], ["process"]),
    "kills-the-rig": (["IN_OID=kill(getppid(), SIGKILL)"], ["process"]),
    "kills-its-group": (["IN_PAUSE=kill(0, SIGTERM)"], ["process"]),
    "kills-everybody": (["IN_PAUSE=kill(-1, SIGTERM)"], ["process"]),
    "jumps-over-frames": (["IN_REGISTER=if (setjmp(way_back)) return NDIS_STATUS_SUCCESS",
                           "IN_OPTIONS=longjmp(way_back, 1)"], ["process"]),
    "writes-zeros": (["IN_PAUSE=each_shared(zeros)"], ["overwritten"]),
    "writes-ones": (["IN_RESTART=each_shared(ones)"], ["overwritten"]),
    "writes-noise": (["IN_OID=each_shared(noise)"], ["overwritten"]),
    "writes-one-word": (["IN_PAUSE=each_shared(one_word)"], ["overwritten"]),
    "writes-beside": (["IN_OID=each_shared(beside)"], ["overwritten"]),
    "unmaps": (["IN_OID=each_shared(gone)"], ["overwritten", *DIES]),
    "protects": (["IN_OID=each_shared(read_only)"], ["overwritten", *DIES]),
    "fills-memory": (["IN_OID=fill_memory()"], ["memory"]),
    "prints-without-end": (["IN_OID=print_without_end()"], ["pass"]),
    "prints-escapes": (['IN_OID=fputs("\\033[31m{\\"verdict\\"\\n", stdout); fflush(stdout)'], ["pass"]),
}


def compiled(name, folder):
    driver = folder / f"{name}.so"
    definitions, _ = DRIVERS[name]
    # The release build's archive holds what only this linker reads.
    subprocess.run(["clang-14", "-fuse-ld=lld", "-shared", "-fPIC", "-O1", "-w", f"-I{PROJECT}/core/include",
                    "-o", driver, *(f"-D{d}" for d in definitions), HOSTILE / "wrapped.c", "-Wl,--whole-archive",
                    BUILD / "lib/liboffload_core.a", "-Wl,--no-whole-archive",
                    "-Wl,--wrap=NdisMRegisterMiniportDriver", "-lpthread"], check=True)
    return driver


def arguments(command, driver, folder):
    common = ["--json", "--timeout", "1", "--memory", "256M"]
    return {"run": ["run", *common, "--driver", driver, PROGRAM],
            "replay": ["replay", *common, "--driver", driver, CAPTURE],
            "sweep": ["sweep", *common, "--driver", driver, folder / "corpora"],
            "check-driver": ["check-driver", *common, "--corpora", folder / "corpora", driver],
            "minimize": ["minimize", *common, "--within", "2", "--driver", driver, PROGRAM]}[command]


def found(command, got):
    """The verdicts in the output, which is JSON to its last byte."""
    if command == "minimize" and not got.stdout:
        return {"pass"} if "passes, there is nothing" in got.stderr else set()
    reports = [json.loads(line) for line in got.stdout.splitlines()] if command != "check-driver" else \
        [json.loads(got.stdout)]
    if command == "check-driver":
        return set(reports[0]["unnamed"]) or {"pass"}
    if command in ("run", "minimize"):
        return {reports[0]["verdict"]}
    verdicts = {report["verdict"] for report in reports[:-1]}
    return verdicts - {"pass"} or verdicts


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tried(name, command, folder):
    """What is wrong with this pair, "" = nothing."""
    driver = compiled(name, folder)
    right = DRIVERS[name][1]
    work = folder / "work"
    work.mkdir(exist_ok=True)
    begin = processor_seconds()
    got = subprocess.run([str(a) for a in (CHIMNEYSWEEP, *arguments(command, driver, folder))], text=True, cwd=work,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace", timeout=300)
    spent = processor_seconds() - begin
    try:
        verdicts = found(command, got)
    except ValueError:
        return f"no JSON: {got.stdout[:300]!r}"
    expected = {STATUS.get(verdict, 1) for verdict in right}
    if not verdicts or not verdicts <= set(right) or got.returncode not in expected:
        return f"{verdicts} and status {got.returncode}, not {right}: {got.stderr[:300]!r}"
    if list(running(driver)) or list(work.iterdir()):
        return f"left processes {list(running(driver))}, files {list(work.iterdir())}"
    if len(got.stderr) > 100000 or "\033" in got.stderr:
        return f"{len(got.stderr)} bytes on stderr"
    return f"{spent:.1f} s" if spent > LIMIT else ""


def prepared(folder):
    (folder / "corpora").mkdir()
    shutil.copy(PROGRAM, folder / "corpora/one.chim")
    shutil.copy(PROGRAM, folder / "corpora/two.chim")
    return folder


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        prepared(Path(folder))
        for name in sys.argv[1:] or DRIVERS:
            for command in COMMANDS:
                wrong = tried(name, command, Path(folder))
                bad += bool(wrong)
                print(f"{name} {command}: {wrong or 'as expected'}", flush=True)
    print(f"{len(DRIVERS)} drivers, {bad} pairs wrong")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
