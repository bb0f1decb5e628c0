"""Processes that never outlive the campaign, whatever ends it."""
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time

LIBC = ctypes.CDLL(None, use_errno=True)
SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36
PRINTED_MOST = 256 << 20
OURS = set()  # that were started here; all other children were left to us


def adopt() -> None:
    """What a driver forks and leaves comes to us, so that it can be ended."""
    LIBC.prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def begin(cpu: int | None = None):
    """What a child does before it becomes the program: it dies with the thread that made it."""
    parent = os.getpid()

    def prepare() -> None:
        LIBC.prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(127)
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
    return prepare


def start(command: list, cpu: int | None = None, **options) -> subprocess.Popen:
    """In a session of its own, so that Ctrl-C at the terminal is ours alone."""
    process = subprocess.Popen([str(word) for word in command], start_new_session=True, preexec_fn=begin(cpu),
                               stdin=subprocess.DEVNULL, **options)
    OURS.add(process.pid)
    return process


def run(command: list, timeout: float | None = None, **options) -> subprocess.CompletedProcess:
    """To its end, or to the time-out, with what it printed until then. Into files: a pipe would end only with the last
    of the processes that a driver left behind."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = start(command, stdout=out, stderr=err, **options)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            pass
        end_group(process)
        process.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read(PRINTED_MOST).decode(errors="replace"))
        return subprocess.CompletedProcess(command, process.returncode, *texts)


def end_group(process: subprocess.Popen) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def parents_now() -> dict:
    """The parent of every process, by what /proc says now."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, ValueError):
            continue
    return parents


def end_left_behind() -> None:
    """What a driver forked and left in an engine works on, and holds memory."""
    for pid, parent in parents_now().items():
        if parent == os.getpid() and pid not in OURS:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                continue


def children(parent: int) -> list:
    parents = parents_now()
    found, look = [], [parent]
    while look:
        at = look.pop()
        below = [pid for pid, above in parents.items() if above == at]
        found += below
        look += below
    return found


def end_all() -> int:
    """Ends every process below us; how many there were."""
    ended = 0
    for turn in range(200):
        time.sleep(0.01 if turn else 0)  # a process takes a moment to die
        left = children(os.getpid())
        if not left:
            break
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                ended += 1
            except ProcessLookupError:
                pass
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
    return ended


class Stop:
    """Ctrl-C, or SIGTERM: the first ends the fuzzing, the second everything at once."""

    def __init__(self):
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.on_signal)

    def on_signal(self, number: int, _frame) -> None:
        if self.asked:
            end_all()
            os.write(2, b"\ncampaign: ended at once; what was announced is kept\n")
            os._exit(128 + number)
        self.asked = True
        print("\ncampaign: ending; once more: at once", file=sys.stderr, flush=True)
