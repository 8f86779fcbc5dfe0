#!/usr/bin/env python3
"""Runs Redis's own Tcl test suite, unmodified, against this server.

    Conformance/run.py                          the files named in files.txt
    Conformance/run.py unit/auth unit/quit      these files
    Conformance/run.py --smoke                  a few files that take seconds
    Conformance/run.py --clients                the scripts of our own as well
    Conformance/run.py --server PATH ...        another server, say Redis itself
    Conformance/run.py --check-skips ...        which entries of skip.txt are needless by now?

The suite is fetched by `Tools/install.sh peers`. Each file gets a run, a port
range and a log (.peers/logs/FILE.log) of its own. Every test counts: one that
throws (an unknown command, a lost connection) fails alone, as the suite's
`--durable` has it. What throws outside of a test takes the rest of its file
along, which is then reported as aborted.
"""

import argparse
import itertools
import os
import random
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PEERS = ROOT / ".peers"
SUITE = PEERS / "redis-suite"
SMOKE = ["unit/quit", "unit/auth", "unit/protocol", "unit/type/incr"]
SCRIPTS = ["clients/redis_py.py", "clients/redis_py_messages.py", "clients/celery_jobs.py --older",
           "clients/celery_jobs.py", "clients/rq_jobs.py --older", "clients/rq_jobs.py", "robustness.py"]


# --- what to run, and what not --------------------------------------------------

@dataclass(frozen=True)
class Skip:
    """A line of skip.txt: a test, by its name or by a /regex/, that is left out for now."""
    file: str
    name: str
    reason: str
    feature: str

    @property
    def regex(self):
        is_regex = len(self.name) > 2 and self.name[0] == self.name[-1] == "/"
        return self.name[1:-1] if is_regex else None

    @property
    def pattern(self):
        """The entry as the suite spells it: only a leading slash tells a regex from a name."""
        return self.name if self.regex is None else "/" + self.regex

    def any_of(self, tests):
        """Whether it names one of these tests."""
        return any(test == self.name if self.regex is None else re.search(self.regex, test) for test in tests)

    def __str__(self):
        return f"{self.file} | {self.name}"


def lines_of(path):
    """The lines of a list, without comments and empty ones."""
    lines = (line.strip() for line in path.read_text().splitlines()) if path.exists() else ()
    return [line for line in lines if line and not line.startswith("#")]


def read_skips(path):
    """The entries of skip.txt, and the options of its `!` lines: {file: [word]}, "" for every file."""
    skips, options = [], {}
    for line in lines_of(path):
        if line.startswith("!"):
            words = shlex.split(line[1:])
            file = words.pop(0) if not words[0].startswith("-") else ""
            options.setdefault(file, []).extend(words)
            continue
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) < 4:
            sys.exit(f"{path.name}: want `file | test | reason | feature`, not: {line}")
        name = " | ".join(parts[1:-2])  # a test's name may hold a bar itself
        skips.append(Skip(parts[0], name, parts[-2], parts[-1]))
    return skips, options


def options_for(server):
    """Options of the suite that our own server needs beside those of any other."""
    version = subprocess.run([server, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    # Some files start servers with features that are not there yet, for tests that can do without.
    return ["--config", "needletail-ignore-unsupported", "yes"] if version.startswith("Needletail") else []


# --- one file's run ---------------------------------------------------------------

@dataclass
class Result:
    """What a run of one test file came to."""
    file: str
    ok: list = field(default_factory=list)
    skipped: list = field(default_factory=list)   # left out by us
    ignored: list = field(default_factory=list)   # left out by the suite, for their tags
    failed: list = field(default_factory=list)    # (test, message)
    aborted: str = ""                             # why the file did not run to its end
    crashes: list = field(default_factory=list)   # the servers' last words
    seconds: float = 0.0

    @property
    def failures(self):
        return len(self.failed) + (1 if self.aborted else 0)

    def failing(self):
        return [test for test, _ in self.failed]

    def tests(self):
        return self.ok + self.skipped + self.ignored + self.failing()

    def line(self):
        text = (f"{self.file}  ok {len(self.ok)}, failed {len(self.failed)}, "
                f"skipped {len(self.skipped) + len(self.ignored)}, {self.seconds:.1f}s")
        return text + (f", aborted: {self.aborted}" if self.aborted else "")


# The suite prints a line for each test, and more lines after it when a test fails.
EVENT = re.compile(r"^\[(ok|err|skip|ignore|exception|TIMEOUT|ready|\d+/\d+ done)\]:? ?(.*)$")
END_OF_MESSAGE = re.compile(r"^(Testing |Killing still running|Logged |Waiting for process| +The End)")


def events(output):
    """Splits what the suite printed into (kind, text) pairs."""
    kind, text = None, []
    for line in output.splitlines():
        event = EVENT.match(line)
        if event or END_OF_MESSAGE.match(line):
            if kind:
                yield kind, "\n".join(text)
            kind, text = (event[1], [event[2]]) if event else (None, [])
        elif kind:
            text.append(line)
    if kind:
        yield kind, "\n".join(text)


def thrown(text):
    """The message of a Tcl exception: what stands before the first line of its trace."""
    before = text.split("\n    while executing\n")[0].splitlines()
    return before[-1].removeprefix("Executing test client: ") if before else ""


def read_failure(result, text):
    """Sorts the text of an `[err]` or `[exception]` into a failed test or an aborted file."""
    title, _, message = text.partition("\n")
    test = re.fullmatch(r"(.*) in tests/\S+\.tcl", title)
    is_trace = "\n    while executing\n" in text
    if test:
        result.failed.append((test[1], "exception: " + thrown(text) if is_trace else message))
    elif is_trace:
        running = re.search(r'\n"test (?:\{(.*?)\}|"(.*?)") ', text)
        where = f"in test {running[1] or running[2]!r}" if running else "outside of a test"
        result.aborted = result.aborted or f"{thrown(text)} ({where})"
    elif title.startswith("Can't start the Redis server"):
        reason = text.partition("\nERROR:")[2].strip().splitlines() or ["no word from it"]
        result.failed.append(("the server did not start", reason[-1]))
    else:  # valgrind's and the sanitizers' findings
        result.failed.append((title, message))


def read_output(result, output):
    """Fills in a result from what the suite printed."""
    done = False
    for kind, text in events(output):
        if kind == "ok":
            result.ok.append(re.sub(r" \(\d+ ms\)$", "", text))
        elif kind == "skip":
            result.skipped.append(text)
        elif kind == "ignore":
            result.ignored.append(re.sub(r"(^|: )Tag: .*$", "", text))
        elif kind in ("err", "exception"):
            read_failure(result, text)
        elif kind == "TIMEOUT":
            result.aborted = result.aborted or "no progress"
        elif kind.endswith("done"):
            done = True
    if not done and not result.aborted:
        result.aborted = thrown(output.strip()) or "no output"


class WorkTree:
    """The suite's idea of a source tree: `tests`, and the programs in `src`."""

    def __init__(self, server):
        self.path = Path(tempfile.mkdtemp(prefix="run-", dir=PEERS))
        self.tmp = self.path / "tests/tmp"    # the one folder the suite writes to
        self.tmp.mkdir(parents=True)
        for entry in (SUITE / "tests").iterdir():
            if entry.name != "tmp":
                (self.path / "tests" / entry.name).symlink_to(entry)
        (self.path / "utils").symlink_to(SUITE / "utils")
        (self.path / "src").mkdir()
        (self.path / "src/valgrind.sup").symlink_to(SUITE / "src/valgrind.sup")
        self.program("redis-server", server)
        for name in ("redis-check-rdb", "redis-check-aof"):  # one program, as with Redis
            self.program(name, server)
        for name in ("redis-cli", "redis-benchmark"):
            if found := shutil.which(name):
                self.program(name, found)

    def program(self, name, path):
        (self.path / "src" / name).symlink_to(os.path.abspath(path))

    def empty(self):
        shutil.rmtree(self.tmp)
        self.tmp.mkdir()

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)

    def current_test(self):
        """The test that was begun last: the suite writes it into each server's log."""
        logs = sorted(self.tmp.glob("server.*/stdout"), key=lambda log: log.stat().st_mtime)
        begun = [line for log in logs for line in log.read_text(errors="replace").splitlines()
                 if line.startswith("### Starting test ")]
        return begun[-1].removeprefix("### Starting test ") if begun else "its start"

    def stderr(self):
        """What the servers said on stderr, where a trap of Swift's runtime ends up."""
        texts = (log.read_text(errors="replace").strip() for log in self.tmp.glob("server.*/stderr*"))
        return [text for text in texts if text]


def free_base_port():
    """Where the suite may look for ports.

    It wants each port + 10000 as well, for a cluster's bus: both stay below the
    range the kernel takes client ports from. Its own port (base - 32) is tested
    here, since its search takes a port for free that is so for IPv6 alone.
    """
    while True:
        base = random.randrange(11_000, 22_000)
        try:
            for port in (base - 32, base):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue


def run_file(file, tree, skips, options, limit):
    """Runs one file of the suite, for `limit` seconds at most."""
    tree.empty()
    skip_file = tree.path / "skip"
    skip_file.write_text("\n".join(skip.pattern for skip in skips))
    command = ["tclsh", "tests/test_helper.tcl", "--single", file, "--clients", "1",
               "--baseport", str(free_base_port()), "--portcount", "150", "--timeout", str(limit + 60),
               "--durable", "--dont-clean", "--skipfile", str(skip_file), *options]
    log = PEERS / "logs" / f"{file}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    result = Result(file)
    started = time.monotonic()
    with log.open("wb") as out:
        # A group of its own, so that the suite's clients and servers end with it.
        suite = subprocess.Popen(command, cwd=tree.path, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, start_new_session=True,
                                 env={**os.environ, "TERM": "dumb"})
        try:
            suite.wait(limit)
        except subprocess.TimeoutExpired:
            result.aborted = f"no end after {limit} s, at {tree.current_test()}"
        finally:
            try:
                os.killpg(suite.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            suite.wait()
    result.seconds = time.monotonic() - started
    read_output(result, log.read_text(errors="replace"))
    for text in tree.stderr():
        with log.open("a") as out:
            out.write(f"\n--- a server's stderr ---\n{text}\n")
        result.crashes += [line for line in text.splitlines() if "Fatal error" in line or "crashed" in line]
    return result


# --- the two kinds of run ---------------------------------------------------------

def brief(message, lines=3, width=240):
    kept = [line[:width] for line in message.splitlines() if line.strip()][:lines]
    return "".join(f"\n      {line}" for line in kept)


def run_script(script, server):
    """Runs a script of our own, which prints what failed; its name and the numbers that passed and failed."""
    name, *options = script.split()
    command = [sys.executable, HERE / name, *options, "--server", server]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    text, _, last = done.stdout.strip().rpartition("\n")
    counts = re.fullmatch(r"(\d+) passed, (\d+) failed", last)
    print(f"\n{script}  {last or 'no output'}" + (f"\n{text}" if text else ""))
    passed, failed = (int(count) for count in counts.groups()) if counts else (0, 1)
    return script, passed, max(failed, 1 if done.returncode else 0)


def run_tests(files, run, skips, scripts=lambda: ()):
    """Runs the files and scripts and says what failed. The last lines are for CI."""
    results, failures = [], []
    for file in files:
        result = run(file, skips.get(file, []))
        print(result.line(), flush=True)
        if result.failures and not result.crashes:
            # Some tests of the suite want a quiet machine. What fails twice fails; a crash fails at once.
            first, result = result, run(file, skips.get(file, []))
            print(f"    again: {result.line()}", flush=True)
            if not result.failures:
                print(f"    unsteady: {', '.join(first.failing()) or first.aborted}", flush=True)
        results.append(result)
    for result in results:
        for words in result.crashes:
            print(f"\ncrashed: {result.file}: {words}")
        for message, alike in itertools.groupby(result.failed, key=lambda failure: failure[1]):
            tests = [test for test, _ in alike]  # when a server is gone, the rest fails with one voice
            more = f"\n      and {len(tests) - 1} more alike" if tests[1:] else ""
            print(f"\nfailed: {result.file}: {tests[0]}{brief(message)}{more}")
        if result.failures:
            print(f"\nlog: {(PEERS / 'logs' / result.file).relative_to(ROOT)}.log")
        for skip in skips.get(result.file, []):
            if not result.aborted and not skip.any_of(result.skipped):
                print(f"\nskip.txt: there is no such test: {skip}")
        failures += [f"{result.file}: {test}" for test in result.failing()]
        failures += [f"{result.file}: {result.aborted}"] if result.aborted else []
    failed = sum(result.failures for result in results)
    passed = sum(len(result.ok) for result in results)
    skipped = sum(len(result.skipped) + len(result.ignored) for result in results)
    for script, more_passed, more_failed in scripts():
        passed, failed = passed + more_passed, failed + more_failed
        failures += [f"{script}: {more_failed} failed"] if more_failed else []
    print("".join(f"\nfailed: {failure}" for failure in failures))
    print(f"\n{passed} passed, {failed} failed, {skipped} skipped")
    return failed == 0 and passed > 0


def check_skips(files, run, skips):
    """Names the entries of skip.txt that could be deleted with the run still green."""
    needed, needless = 0, []
    for file in files:
        entries = skips.get(file)
        if not entries:
            continue
        result = run(file, [])
        unknown = [entry for entry in entries if not result.aborted and not entry.any_of(result.tests())]
        passing = [entry for entry in entries if entry.any_of(result.ok) and not entry.any_of(result.failing())]
        # A test may pass only thanks to what a failing one before it left behind, and one that
        # throws in a server of its own is called ok: so once more, without the other entries' tests.
        passing = [entry for entry in passing if not run(file, [other for other in entries if other != entry]).failures]
        print(result.line(), flush=True)
        needless += [f"there is no such test: {entry}" for entry in unknown]
        needless += [f"passes now: {entry}" for entry in passing]
        needed += len(entries) - len(unknown) - len(passing)
    print("".join(f"\n{entry}" for entry in needless))
    print(f"\n{needed} entries of skip.txt are needed, {len(needless)} are not")
    return not needless


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="such as unit/auth; default: those of files.txt")
    parser.add_argument("--server", type=Path, default=ROOT / ".build/release/needletail-server")
    parser.add_argument("--smoke", action="store_true", help="only " + " ".join(SMOKE))
    parser.add_argument("--clients", action="store_true", help="then run " + " and ".join(SCRIPTS))
    parser.add_argument("--check-skips", action="store_true", help="look for needless entries in skip.txt")
    parser.add_argument("--no-skips", action="store_true", help="run the tests named in skip.txt as well")
    parser.add_argument("--limit", type=int, default=300, metavar="SECONDS", help="for each file; default 300")
    parser.add_argument("--keep", action="store_true", help="keep the work tree, with the last file's servers' logs")
    args = parser.parse_args()

    if not (SUITE / "tests/test_helper.tcl").exists():
        sys.exit("the suite is not here yet: run Tools/install.sh peers")
    if not os.access(args.server, os.X_OK):
        sys.exit(f"no server at {args.server}")
    files = args.files or (SMOKE if args.smoke else lines_of(HERE / "files.txt"))
    for file in files:
        if not (SUITE / f"tests/{file}.tcl").exists():
            sys.exit(f"the suite has no file {file}")
    entries, options = read_skips(HERE / "skip.txt")
    options.setdefault("", []).extend(options_for(args.server))
    skips = {}
    for entry in () if args.no_skips else entries:
        skips.setdefault(entry.file, []).append(entry)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` is heeded
    tree = WorkTree(args.server)
    try:
        run = lambda file, skipped: run_file(file, tree, skipped, options.get("", []) + options.get(file, []), args.limit)
        scripts = lambda: (run_script(script, args.server) for script in SCRIPTS if args.clients)
        good = check_skips(files, run, skips) if args.check_skips else run_tests(files, run, skips, scripts)
    finally:
        if args.keep:
            print(f"kept: {tree.path}", file=sys.stderr)
        else:
            tree.remove()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
