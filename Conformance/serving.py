"""What the scripts beside run.py share: a server of their own, and a count of what held."""

import argparse
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".peers"
# The Python clients of today, or (`--older`) the last ones that need no streams and hardly a script.
# Workers of job queues are told by their environment.
IS_OLDER = "--older" in sys.argv or "NEEDLETAIL_CHECK_OLDER" in os.environ
PYTHON = PEERS / ("python-older" if IS_OLDER else "python")


def arguments(description):
    """The command line that these scripts have in common."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", type=Path, default=ROOT / ".build/release/needletail-server")
    parser.add_argument("--older", action="store_true", help="with the Python clients in .peers/python-older")
    parser.add_argument("names", nargs="*", metavar="CHECK", help="only these checks")
    args = parser.parse_args()
    if args.older:
        os.environ["NEEDLETAIL_CHECK_OLDER"] = "1"
    if not os.access(args.server, os.X_OK):
        sys.exit(f"no server at {args.server}")
    args.server = args.server.absolute()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers end with us
    return args


def free_port():
    """A port below those that the kernel gives to clients: theirs linger after they close."""
    while True:
        port = random.randrange(22_000, 32_000)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            pass


def eventually(what, holds, patience=20):
    """Waits until it holds; returns the seconds that took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < patience, f"after {patience} s still not: {what}"
        time.sleep(0.05)
    return time.monotonic() - started


class Server:
    """A running server. Leaving the `with` block asks it to end, which it does with status 0."""

    def __init__(self, program, *settings, descriptors=None):
        self.port = free_port()
        self.directory = tempfile.TemporaryDirectory(prefix="needletail-check-")
        self.log = Path(self.directory.name, "log")
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))) if descriptors else None
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [program, "--port", str(self.port), "--save", "", *map(str, settings)], cwd=self.directory.name,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=limit)
        self.pid = self.process.pid
        try:
            self.wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def wait_until_ready(self):
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"the server does not start: {self.last_words()}")

    def last_words(self):
        return " / ".join(self.log.read_text(errors="replace").strip().splitlines()[-5:])

    def stop(self, patience=10):
        """Ends the server as an administrator would; returns how long that took."""
        started = time.monotonic()
        died = self.process.poll()
        assert died is None, f"the server was gone, status {died}: {self.last_words()}"
        self.process.terminate()
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the server did not end within {patience} s of SIGTERM") from None
        assert status == 0, f"the server ended with status {status}: {self.last_words()}"
        return time.monotonic() - started

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.directory.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if self.process.returncode is None and (kind is None or issubclass(kind, AssertionError)):
                self.stop()
        except AssertionError as failure:
            if kind is None or self.process.returncode is not None:
                raise failure from None  # why the check failed: its server died
        finally:
            self.kill()

    # What the kernel says about it.

    def memory(self):
        """Resident bytes."""
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[1]) * 1024

    def cpu(self):
        """Seconds of CPU, of all threads."""
        return sum(int((task / "schedstat").read_text().split()[0])
                   for task in Path(f"/proc/{self.pid}/task").iterdir()) / 1e9


def needs(*commands):
    """Marks a check that waits until the server knows these commands."""
    def mark(function):
        function.needs = commands
        return function
    return mark


def known_commands(r):
    """Names of the commands that a server knows, as a client of redis-py is told."""
    return {name if isinstance(name, str) else name.decode() for name in r.command_list()}


class Subprocess:
    """A program beside the server, such as a worker of a job queue. Leaving the `with` block ends it."""

    def __init__(self, words, python_path, environment={}):
        self.output = tempfile.TemporaryFile()
        paths = os.pathsep.join(map(str, python_path))
        self.process = subprocess.Popen(
            list(map(str, words)), stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output,
            env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **environment})

    def wait(self, patience):
        """It is to end by itself, with status 0."""
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"a worker does not end: {self.last_words()}") from None
        assert status == 0, f"a worker ended with status {status}: {self.last_words()}"

    def last_words(self):
        self.output.seek(0)
        return " / ".join(self.output.read().decode(errors="replace").strip().splitlines()[-5:])

    def __enter__(self):
        return self

    def __exit__(self, kind, failure, _):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if kind is not None and issubclass(kind, AssertionError):
            failure.args = (f"{failure}; the worker's last words: {self.last_words()}",)
        self.output.close()


class Tally:
    """Counts the checks that passed and failed, and tells how they went."""

    def __init__(self, tells_all):
        self.tells_all, self.passed, self.failed = tells_all, 0, 0

    def run(self, name, check, *given):
        """Runs a check, which may return a remark."""
        started = time.monotonic()
        try:
            remark = check(*given)
        except Exception as error:
            self.failed += 1
            print(f"failed  {name}: {self.reason(error)}", flush=True)
            return
        self.passed += 1
        if self.tells_all:
            print(f"ok      {name}" + (f": {remark}" if remark else "") + f"  {time.monotonic() - started:.1f}s", flush=True)

    def run_if_known(self, known, name, check, *given):
        """Runs a check, unless it needs commands (`needs`) that are not among the known ones."""
        lacking = [command for command in getattr(check, "needs", ()) if command not in known]
        if lacking:
            print(f"waits   {name}: for {', '.join(lacking)}", flush=True)
        else:
            self.run(name, check, *given)

    @staticmethod
    def reason(error):
        """What went wrong, and at which lines of the scripts."""
        place = traceback.extract_tb(error.__traceback__)[1]  # behind our own `check(...)`
        kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
        return f"{kind}{str(error)[:600] or place.line} (line {place.lineno})"

    def end(self):
        """The last line is for CI."""
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(0 if self.failed == 0 and self.passed else 1)
