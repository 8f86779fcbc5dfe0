"""Rows of the benchmark about snapshots: what BGSAVE costs, and how fast a file loads.

The child of a BGSAVE stays on its server's core, so that it takes the time from
the same place with every server. Extra memory is what the child does not share
with its parent, as the kernel counts it.
"""

import re
import statistics
import subprocess
import threading
import time
from pathlib import Path

from servers import Wire
from types_rows import request, send

ITEMS = 5_000_000
FIELDS = 5  # of a small hash
VALUE = b"".join(b"%x" % (index * 2654435761 & 0xFFFFFFFF) for index in range(40_000))  # does not compress
SAVE, LOAD = 1.0, 0.7


def value(index, size=64):
    place = index * 7919 % (len(VALUE) - size)
    return VALUE[place:place + size]


def strings(count):
    return (request("SET", b"key:%012d" % index, value(index)) for index in range(count))


def hashes(count):
    for index in range(count):
        words = (word for field in range(FIELDS) for word in (b"field%d" % field, value(index + field, 12)))
        yield request("HSET", b"hash:%011d" % index, *words)


def fill(server, requests, portion=100_000):
    batch = []
    for line in requests:
        batch.append(line)
        if len(batch) == portion:
            send(server, batch)
            batch = []
    send(server, batch)


def info(server, *fields):
    with Wire(server.port) as wire:
        text = wire.command("INFO", "persistence").decode()
    return [re.search(rf"{field}:(\S+)", text)[1] for field in fields]


def child_of(server):
    listed = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return listed[0] if listed else None


class Save:
    """A BGSAVE under way: how long it takes, and the most memory that its child had for itself."""

    def __init__(self, server):
        self.server, self.peak, self.seconds = server, 0, 0.0
        begin = time.monotonic()
        with Wire(server.port) as wire:
            wire.command("BGSAVE")
        child = child_of(server)
        while child and self.look(child):
            time.sleep(0.1)
        while info(server, "rdb_bgsave_in_progress") != ["0"]:
            time.sleep(0.02)
        self.seconds = time.monotonic() - begin
        if info(server, "rdb_last_bgsave_status") != ["ok"]:
            raise RuntimeError(f"{server.name}: BGSAVE failed:\n{server.log.read_text(errors='replace')[-500:]}")

    def look(self, child):
        """False once the child is gone."""
        try:
            text = Path(f"/proc/{child}/smaps_rollup").read_text()
        except OSError:
            return False
        found = re.search(r"Private_Dirty:\s+(\d+) kB", text)
        self.peak = max(self.peak, int(found[1]) * 1024 if found else 0)
        return found is not None


def drive(server, command, keys, requests):
    """p99.9 of a load during which one BGSAVE follows the other, in ms; the peak of their extra memory."""
    ends, saves = threading.Event(), []

    def save():
        while not ends.is_set():
            saves.append(Save(server))

    saver = threading.Thread(target=save)
    saver.start()
    try:
        run = subprocess.run(
            [str(word) for word in ("redis-benchmark", "-p", server.port, "-t", command, "-n", requests, "-r", keys, "-d", 64,
                                    "-c", 50, "--precision", 3)], capture_output=True, text=True, timeout=900)
    finally:
        ends.set()
        saver.join()
    text = run.stdout.replace("\r", "\n")
    slow = [float(at) for share, at in re.findall(r"([\d.]+)% <= ([\d.]+) milliseconds", text) if float(share) >= 99.9]
    if run.returncode or not slow:
        raise RuntimeError(f"redis-benchmark against {server.name}: {(run.stderr or text)[-500:]}")
    return slow[0], max(save.peak for save in saves)


def measure_saves(programs, start, rounds, scale, remark):
    """{row: {server: median}}; targets"""
    count, runs = ITEMS // scale, {}

    def note(label, name, figure):
        runs.setdefault(label, {}).setdefault(name, []).append(figure)

    for program in programs:
        with start(program) as server:
            remark(f"{count:,} keys into {server.name}")
            fill(server, strings(count))
            for _ in range(rounds):
                save = Save(server)
                note("BGSAVE, s", server.name, save.seconds)
                note("extra memory, MB", server.name, save.peak / 1e6)
                for command in ("get", "set"):
                    slow, peak = drive(server, command, count, 400_000 // scale)
                    note(f"p99.9 of {command.upper()} meanwhile, ms", server.name, slow)
                    note(f"extra memory under {command.upper()}, MB", server.name, peak / 1e6)
                remark(f"{server.name}: " + ", ".join(f"{label} {row[server.name][-1]:.2f}" for label, row in runs.items()))
    rows = {label: {name: statistics.median(figures) for name, figures in row.items()} for label, row in runs.items()}
    return rows, {label: SAVE for label in rows}


def measure_loads(programs, start, rounds, scale, remark, directory):
    """{row: {server: median seconds per million keys}}; targets. All load the first program's file."""
    runs = {}
    count = ITEMS // scale
    for label, requests in (("strings", strings), ("small hashes", hashes)):
        place = ("--dir", directory, "--dbfilename", label.replace(" ", "-") + ".rdb")
        with start(programs[0], *place) as server:
            fill(server, requests(count))
            with Wire(server.port) as wire:
                wire.socket.settimeout(600)
                wire.command("SAVE")
        for _ in range(rounds):
            for program in programs:
                with start(program, *place) as server:
                    found = re.search(r"DB loaded from disk: ([\d.]+) seconds", server.log.read_text(errors="replace"))
                    with Wire(server.port) as wire:
                        if int(wire.command("DBSIZE")) != count:
                            raise RuntimeError(f"{server.name} did not load all keys")
                seconds = float(found[1]) / count * 1e6
                remark(f"load of {label}, {program.name}: {seconds:.3f} s per million keys")
                runs.setdefault(label, {}).setdefault(program.name, []).append(seconds)
    rows = {label: {name: statistics.median(figures) for name, figures in row.items()} for label, row in runs.items()}
    return rows, {label: LOAD for label in rows}
