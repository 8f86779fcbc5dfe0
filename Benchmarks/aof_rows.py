"""Rows of the benchmark about the append-only file: what writing it costs, and how fast it loads.

Data directories are made in /var/tmp, which is on a disk where /tmp may be memory. All
threads of a server stay on its core, those that sync included.
"""

import re
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

from snapshots_rows import value
from servers import Wire
from types_rows import chosen, request

KEYS = 1_000_000
COMMANDS = 5_000_000
PLACE = "/var/tmp"
LOADS = [  # policy, clients, pipeline, requests; under `always` one client has one request for every sync
    ("everysec", 1, 1, 50_000), ("everysec", 1, 16, 800_000),
    ("everysec", 50, 1, 200_000), ("everysec", 50, 16, 2_000_000),
    ("everysec", 500, 1, 200_000), ("everysec", 500, 16, 2_000_000),
    ("always", 1, 1, 3_000), ("always", 1, 16, 48_000),
    ("always", 50, 1, 80_000), ("always", 50, 16, 800_000),
    ("always", 500, 1, 200_000), ("always", 500, 16, 2_000_000),
]
COST, GAIN, LOAD = 0.9, 1.5, 0.7


def label_of(policy, clients, pipeline):
    return f"{policy} {clients} client{'s' if clients > 1 else ''}, pipeline {pipeline}"


class Row:
    """A load by its label."""

    def __init__(self, policy, clients, pipeline, requests):
        self.label = label_of(policy, clients, pipeline)
        self.policy, self.clients, self.pipeline, self.requests = policy, clients, pipeline, requests


def measure(programs, start, drive, only, rounds, scale, remark):
    """({row: {server: median CPU, us}}, its targets, {row: {server: median requests a second}}, its targets)

    `start` makes a running server of a program, `drive` runs redis-benchmark against it.
    """
    rows, runs = chosen([Row(*load) for load in LOADS], only), {"cpu": {}, "rate": {}}
    with ExitStack() as stack:
        servers = []
        for program in programs:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="needletail-bench-", dir=PLACE))
            settings = ("--dir", directory, "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0")
            servers.append(stack.enter_context(start(program, *settings)))
        for turn in range(rounds):
            for row in rows:
                first = turn % len(servers)
                for server in servers[first:] + servers[:first]:
                    with Wire(server.port) as wire:
                        wire.command("CONFIG", "SET", "appendfsync", row.policy)
                    figures = drive(server, "SET", row.clients, row.pipeline, row.requests // scale, KEYS // scale)
                    remark(f"round {turn + 1}: {row.label}, {server.name}: {figures['cpu']:.2f} us, {figures['rate']:,.0f}/s")
                    for name, cells in runs.items():
                        cells.setdefault(row.label, {}).setdefault(server.name, []).append(figures[name])
    costs, rates = ({label: {name: statistics.median(figures) for name, figures in row.items()}
                     for label, row in cells.items()} for cells in runs.values())
    crowded = {row.label: GAIN for row in rows if row.policy == "always" and row.clients == 500}
    return costs, {row.label: COST for row in rows}, rates, crowded


# --- loading ---------------------------------------------------------------

def sets(count):
    return (request("SET", b"key:%012d" % index, value(index)) for index in range(count))


def mixed(count):
    """Commands of many kinds on keys that hold some ten elements each."""
    forms = [
        lambda key, item: request("SET", b"string:%d" % item, value(item), "PXAT", 4_000_000_000_000),
        lambda key, item: request("HSET", b"hash:%d" % key, b"field:%d" % item, value(item, 16)),
        lambda key, item: request("RPUSH", b"list:%d" % key, value(item, 16)),
        lambda key, item: request("SADD", b"set:%d" % key, b"member:%d" % item),
        lambda key, item: request("ZADD", b"zset:%d" % key, item * 7919 % 1000, b"member:%d" % item),
        lambda key, item: request("INCRBY", b"counter:%d" % key, 7),
        lambda key, item: request("DEL", b"string:%d" % (item - 6)),
    ]
    spread = max(1, count // len(forms) // 10)
    return (forms[index % len(forms)](index * 7919 % spread, index) for index in range(count))


def write_file(directory, commands):
    """An append-only file of one increment, as any of the servers would have left it."""
    folder = Path(directory, "appendonlydir")
    folder.mkdir()
    with Path(folder, "appendonly.aof.1.incr.aof").open("wb") as file:
        file.write(request("SELECT", 0))
        file.writelines(commands)
    Path(folder, "appendonly.aof.manifest").write_text("file appendonly.aof.1.incr.aof seq 1 type i\n")


def measure_loads(programs, start, only, rounds, scale, remark):
    """{row: {server: median seconds}}; targets. All load the same file."""
    runs, count = {}, COMMANDS // scale
    for label, commands in (("load of SET", sets), ("load of mixed commands", mixed)):
        if not label.startswith(tuple(only)):
            continue
        with tempfile.TemporaryDirectory(prefix="needletail-bench-", dir=PLACE) as directory:
            write_file(directory, commands(count))
            settings = ("--dir", directory, "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0")
            sizes = set()
            for _ in range(rounds):
                for program in programs:
                    with start(program, *settings) as server:
                        found = re.search(r"append only file: ([\d.]+) seconds", server.log.read_text(errors="replace"))
                        with Wire(server.port) as wire:
                            sizes.add(wire.command("DBSIZE"))
                    remark(f"{label}, {program.name}: {found[1]} s")
                    runs.setdefault(label, {}).setdefault(program.name, []).append(float(found[1]))
            if len(sizes) != 1:
                raise RuntimeError(f"{label}: the servers do not agree on the number of keys: {sizes}")
    rows = {label: {name: statistics.median(figures) for name, figures in row.items()} for label, row in runs.items()}
    return rows, {label: LOAD for label in rows}
