"""What the benchmarks share: the servers, the wire to them, the tables.

Every server runs with the same settings, without persistence, in a temporary
directory, pinned to one core; the client side pins itself to another. A
`Program` is a server that can be run, a `Server` one that runs, a `Wire` one
raw connection to it. `tabulate` lays results side by side with the ratio of
Needletail to the better of the others, and judges it against a target.
"""

import ctypes.util
import os
import random
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("needletail", "valkey", "redis")
SETTINGS = ("--save", "", "--appendonly", "no", "--protected-mode", "no")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, CLIENT_CORE = CORES[0], CORES[-1]


def say(text):
    """Progress and remarks; standard output carries only the tables."""
    print(text, file=sys.stderr, flush=True)


# --- servers ---------------------------------------------------------------

@dataclass(frozen=True)
class Program:
    name: str
    path: str
    version: str
    environment: dict


def find_programs(names, needletail):
    """The servers that are there; a missing one is remarked and left out."""
    paths = {"needletail": needletail, "valkey": ROOT / ".peers/valkey-server", "redis": "redis-server"}
    programs = []
    for name in names:
        path = shutil.which(paths[name])
        if path is None:
            say(f"{name} is left out: {paths[name]} is missing")
            continue
        environment = {}
        if name == "valkey":  # this build uses libc's malloc, its makers' uses jemalloc with a purging thread
            jemalloc = ctypes.util.find_library("jemalloc")  # asks ldconfig -p
            if jemalloc:
                environment = {"LD_PRELOAD": jemalloc, "MALLOC_CONF": "background_thread:true"}
            else:
                say("valkey runs without jemalloc: the library is missing")
        programs.append(Program(name, os.path.abspath(path), version(path), environment))
    return programs


def version(path):
    try:
        text = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=5).stdout
    except subprocess.TimeoutExpired:
        text = ""
    found = re.search(r"\d+\.\d+[\w.-]*", text)
    return found[0] if found else "of unknown version"


def free_port():
    """A port nobody uses, below those the kernel gives to clients: theirs linger after they close."""
    while True:
        port = random.randrange(22_000, 32_000)
        try:
            with socket.create_server(("", port)):
                return port
        except OSError:
            pass


class Server:
    """A running server; leaving the `with` block ends it."""

    def __init__(self, program, *settings, under=()):
        self.program, self.name = program, program.name
        self.directory = tempfile.TemporaryDirectory(prefix="needletail-bench-")
        self.port = free_port()
        under = [word.format(directory=self.directory.name) for word in under]
        command = [*under, program.path, "--port", str(self.port), *SETTINGS, *settings]
        self.log = Path(self.directory.name, "log")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=self.directory.name, env={**os.environ, **program.environment},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}))
        self.pid = self.process.pid
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def wait_until_ready(self, patience=60):
        end = time.monotonic() + patience
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with Wire(self.port) as wire:
                    if wire.command("PING") == b"PONG":
                        return
            except (OSError, RuntimeError):  # nobody there, or loading
                pass
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.directory.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def cpu(self):
        """Seconds of CPU of all threads, to the nanosecond: (in all, in user mode).

        The kernel measures the sum and samples how it divides.
        """
        total = sum(int((task / "schedstat").read_text().split()[0])
                    for task in Path(f"/proc/{self.pid}/task").iterdir()) / 1e9
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return total, int(fields[11]) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """(used_memory as the server reports it, resident bytes as the kernel does)"""
        with Wire(self.port) as wire:
            used = re.search(rb"used_memory:(\d+)", wire.command("INFO", "memory"))
        resident = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        return int(used[1]) if used else float("nan"), int(resident[1]) * 1024


# --- the wire --------------------------------------------------------------

class Wire:
    """One connection. Replies are read by their length, which the caller knows."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def read(self, length):
        data = bytearray()
        while len(data) < length:
            try:
                part = self.socket.recv(min(length - len(data), 1 << 20))
            except TimeoutError:
                part = b""
            if not part or data[:1] == b"-":
                raise ConnectionError(f"{length} bytes of reply wanted, but got {bytes(data + part)[:100]}")
            data += part
        return bytes(data)

    def command(self, *words):
        """One request; the value of its simple, integer or bulk reply."""
        request = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in map(str.encode, words))
        self.socket.sendall(b"*%d\r\n%b" % (len(words), request))
        line = b""
        while not line.endswith(b"\r\n"):
            line += self.read(1)
        if line[:1] == b"-":
            raise RuntimeError(f"{words[0]}: {line.decode().strip()}")
        return self.read(int(line[1:]) + 2)[:-2] if line[:1] == b"$" else line[1:-2]

    def pipeline(self, requests, reply_length, depth=1000):
        """Sends `depth` requests at a time and awaits their replies, all of one length."""
        for start in range(0, len(requests), depth):
            batch = requests[start:start + depth]
            self.socket.sendall(b"".join(batch))
            self.read(reply_length * len(batch))


class Data:
    """Deterministic requests: 16-byte keys in random order, values of random letters.

    The keys are those of redis-benchmark; the values are no integers, which a
    server might store in the pointer, and do not compress.
    """

    def __init__(self, keys, value_size, ttl=None, seed=1):
        draw = random.Random(seed)
        letters = bytes(draw.choices(b"abcdefghijklmnopqrstuvwxyz", k=(1 << 18) + value_size))
        order = list(range(keys))
        draw.shuffle(order)
        tail = b"$2\r\nEX\r\n$%d\r\n%d\r\n" % (len(str(ttl)), ttl) if ttl else b""
        form = b"*%d\r\n$3\r\nSET\r\n$16\r\nkey:%%012d\r\n$%d\r\n%%b\r\n%b" % (5 if ttl else 3, value_size, tail)
        starts = (draw.getrandbits(18) for _ in order)
        self.sets = [form % (key, letters[at:at + value_size]) for key, at in zip(order, starts)]
        self.gets = [b"*2\r\n$3\r\nGET\r\n$16\r\nkey:%012d\r\n" % key for key in order]
        self.set_reply, self.get_reply = len(b"+OK\r\n"), len(b"$%d\r\n" % value_size) + value_size + 2

    def load(self, server):
        with Wire(server.port) as wire:
            wire.pipeline(self.sets, self.set_reply)
            stored = int(wire.command("DBSIZE"))
        if stored != len(self.sets):
            raise RuntimeError(f"{server.name} stored {stored} keys of {len(self.sets)}")

    def read_back(self, server):
        with Wire(server.port) as wire:
            wire.pipeline(self.gets, self.get_reply)


# --- the client's side -----------------------------------------------------

def settle_client(files=32_000):
    """Pins this process and its children, and allows them many connections."""
    if len(CORES) < 2:
        say("only one core: the client disturbs the server")
    os.sched_setaffinity(0, {CLIENT_CORE})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    except (ValueError, OSError):  # not root
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def machine(programs):
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    servers = ", ".join(f"{program.name} {program.version}" for program in programs)
    return f"{model[1] if model else os.uname().machine}, {len(CORES)} cores, Linux {os.uname().release}; {servers}"


# --- tables ----------------------------------------------------------------

def figure(number):
    if number != number:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 999.5 else f"{number:.3g}"


def tabulate(title, names, rows, better=min, targets={}):
    """(an aligned Markdown table, the rows that meet their target, those that do not)

    `rows` maps a row's label to a figure per server, `targets` a label to the
    highest ratio of Needletail to the better peer that is good enough; the lowest
    where more is better.
    """
    lines, met, missed = [["", *names, "ratio", "target"]], [], []
    for label, figures in rows.items():
        peers = [value for name, value in figures.items() if name != "needletail" and value == value]
        own, ratio, target = figures.get("needletail", float("nan")), float("nan"), targets.get(label)
        if peers and better(peers) > 0:
            ratio = own / better(peers)
        verdict = f"{'>=' if better is max else '<='} {target:.2f}" if target else ""
        if target and ratio == ratio:
            is_met = better(ratio, target) == ratio
            (met if is_met else missed).append(f"{title}: {label}")
            verdict += " met" if is_met else " missed"
        lines.append([label, *(figure(figures[name]) for name in names), f"{ratio:.2f}" if ratio == ratio else "-", verdict])
    if not targets:
        lines = [line[:-1] for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines = [[cell.ljust(width) if place in (0, len(names) + 2) else cell.rjust(width)
              for place, (cell, width) in enumerate(zip(line, widths))] for line in lines]
    rule = ["-" * width if place in (0, len(names) + 2) else "-" * (width - 1) + ":" for place, width in enumerate(widths)]
    body = "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], rule, *lines[1:]])
    return f"**{title}**\n\n{body}\n", met, missed
