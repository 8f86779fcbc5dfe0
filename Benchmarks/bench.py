#!/usr/bin/env python3
"""Needletail beside its peers: CPU, latency and memory in one run.

    Benchmarks/bench.py [--rows cpu,latency,memory,idle,types,items,snapshots,messages,aof] [--only "HSET,ZADD"]
                        [--servers needletail,valkey,redis] [--rounds 3] [--quick]
                        [--server PATH] [--markdown FILE]

cpu      server CPU per request and throughput, SET and GET of 64-byte values
         over a million random keys, all present, driven by redis-benchmark
latency  p50, p99 and p99.9 of the same runs
memory   bytes per key, as the server counts them and as the kernel does
idle     bytes per connection that has sent one PING and then keeps still
types    server CPU per request of commands on lists, sets, hashes and so on
items    bytes per element of large and small containers
snapshots  BGSAVE of five million keys: seconds, memory, latency of others; loading that file
messages server CPU per message, hand-over, transaction, invalidation, and SET under eviction
aof      server CPU and throughput of SET with appendfsync everysec and always; loading such a file

Every server does the same work on the same core, one at a time, in turn
within each round, and the median over the rounds counts: absolute figures
drift with the machine, ratios hardly do. The last column judges Needletail
against the better of its peers. --quick does a tenth of the work, to see that
everything runs; its figures mean little.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.dont_write_bytecode = True
import aof_rows as aof  # noqa: E402
import messages_rows as messages  # noqa: E402
import snapshots_rows as snapshots  # noqa: E402
import types_rows as types  # noqa: E402
from servers import NAMES, ROOT, Data, Server, Wire, find_programs, machine, say, settle_client, tabulate  # noqa: E402

SECTIONS = ("cpu", "latency", "memory", "idle", "types", "items", "snapshots", "messages", "aof")
KEYS, VALUE_SIZE = 1_000_000, 64
LOADS = [  # label, clients, pipeline, requests (1.5 seconds and more), target
    ("50 clients", 50, 1, 200_000, 0.90),
    ("500 clients", 500, 1, 200_000, 0.90),
    ("pipeline 16", 50, 16, 2_000_000, 1.00),
    ("pipeline 100", 50, 100, 4_000_000, 1.00),
]
KEY_COUNTS = (700_000, 1_000_000, 1_400_000)  # one size alone may fall luckily between two table sizes
STRINGS = [  # label, value size, time to live in seconds, target
    ("16 B key, 8 B value", 8, None, 0.95),
    ("16 B key, 64 B value", 64, None, 1.00),
    ("16 B key, 32 B value, TTL", 32, 100_000, 0.95),
]
CONNECTIONS = 10_000
SHRINK, PURGE = 12, 12  # seconds until servers shrink idle buffers, and until jemalloc gives free pages back


# --- cpu and latency -------------------------------------------------------

def drive(server, command, clients, pipeline, requests, keys):
    """One run of redis-benchmark: its figures by name."""
    arguments = ["redis-benchmark", "-p", server.port, "-t", command.lower(), "-n", requests, "-r", keys,
                 "-d", VALUE_SIZE, "-c", clients, "-P", pipeline, "--precision", 3]
    total, user = server.cpu()
    run = subprocess.run([str(word) for word in arguments], capture_output=True, text=True, timeout=600)
    time.sleep(0.05)  # let it close the connections
    total, user = (after - before for after, before in zip(server.cpu(), (total, user)))
    text = run.stdout.replace("\r", "\n")
    summary = re.search(r"throughput summary: ([\d.]+).*\n.*\n.*\n\s+(.*)", text)
    if run.returncode or not summary:
        raise RuntimeError(f"redis-benchmark against {server.name}: {(run.stderr or text)[-500:]}")
    _, _, p50, _, p99, _ = map(float, summary[2].split())
    slow = (float(at) for share, at in re.findall(r"([\d.]+)% <= ([\d.]+) milliseconds", text) if float(share) >= 99.9)
    return {"cpu": total / requests * 1e6, "user": user / requests * 1e6, "rate": float(summary[1]),
            "p50": p50, "p99": p99, "p99.9": next(slow)}


def measure_requests(programs, rounds, scale):
    """{figure: {row: {server: median}}} of all loads"""
    keys, runs = KEYS // scale, {}
    data = Data(keys, VALUE_SIZE)
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(program)) for program in programs]
        for server in servers:
            say(f"load {keys:,} keys into {server.name}")
            data.load(server)
        del data
        for turn in range(rounds):
            start = turn % len(servers)
            for label, clients, pipeline, requests, _ in LOADS:
                for command in ("SET", "GET"):
                    for server in servers[start:] + servers[:start]:
                        figures = drive(server, command, clients, pipeline, requests // scale, keys)
                        say(f"round {turn + 1}: {command}, {label}, {server.name}: {figures['cpu']:.2f} us,"
                            f" {figures['rate']:,.0f}/s")
                        for name, value in figures.items():
                            row = runs.setdefault(name, {}).setdefault(f"{command}, {label}", {})
                            row.setdefault(server.name, []).append(value)
    return {name: {label: {server: statistics.median(values) for server, values in row.items()}
                   for label, row in rows.items()} for name, rows in runs.items()}


# --- memory ----------------------------------------------------------------

def measure_keys(programs, scale):
    """({row: {server: used bytes per key}}, {row: {server: resident bytes per key}})"""
    cells = {}
    for label, value_size, ttl, _ in STRINGS:
        for keys in (count // scale for count in KEY_COUNTS):
            data = Data(keys, value_size, ttl)
            with ExitStack() as stack:
                servers = [stack.enter_context(Server(program)) for program in programs]
                fresh = [server.memory() for server in servers]
                for server in servers:
                    data.load(server)
                    data.read_back(server)  # every look-up carries a resize that is under way a step further
                time.sleep(PURGE / scale)
                for server, before in zip(servers, fresh):
                    growth = [(after - first) / keys for after, first in zip(server.memory(), before)]
                    say(f"{label}, {keys:,} keys, {server.name}: used {growth[0]:.1f}, resident {growth[1]:.1f}")
                    cells.setdefault(label, {}).setdefault(server.name, []).append(growth)
    return [{label: {name: statistics.mean(growth[kind] for growth in sizes) for name, sizes in row.items()}
             for label, row in cells.items()} for kind in (0, 1)]


def measure_connections(programs, scale):
    """{row: {server: bytes per idle connection}}"""
    count, rows = CONNECTIONS // scale, {"used": {}, "resident": {}}
    for program in programs:
        with Server(program, "--maxclients", "20000") as server, ExitStack() as stack:
            before = server.memory()
            for _ in range(count):
                stack.enter_context(Wire(server.port)).command("PING")
            time.sleep((SHRINK + PURGE) / scale)
            growth = [(after - first) / count for after, first in zip(server.memory(), before)]
            rows["used"][program.name], rows["resident"][program.name] = growth
        say(f"{count:,} idle connections, {program.name}: used {growth[0]:.0f}, resident {growth[1]:.0f}")
    return rows


# --- the report ------------------------------------------------------------

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = lambda known: lambda text: [name for name in known if name in checked(text.split(","), known)]  # noqa: E731
    parser.add_argument("--rows", type=choice(SECTIONS), default=SECTIONS, help="sections, by comma")
    parser.add_argument("--servers", type=choice(NAMES), default=NAMES, help="servers, by comma")
    parser.add_argument("--server", default=ROOT / ".build/release/needletail-server", help="Needletail's binary")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[""], metavar="LABELS",
                        help="beginnings of rows in the sections types, items and aof, by comma")
    parser.add_argument("--rounds", type=int, help="default 3, with --quick 1")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the report there too")
    options = parser.parse_args()
    scale, rounds = (10, options.rounds or 1) if options.quick else (1, options.rounds or 3)

    settle_client()
    programs = find_programs(options.servers, options.server)
    if not programs:
        sys.exit("no server to measure")
    names = [program.name for program in programs]
    blocks, met, missed = [machine(programs) + "\n"], [], []

    def add(*arguments, **keywords):
        block, good, bad = tabulate(arguments[0], names, *arguments[1:], **keywords)
        blocks.append(block)
        met.extend(good)
        missed.extend(bad)

    if {"cpu", "latency"} & set(options.rows):
        figures = measure_requests(programs, rounds, scale)
        targets = {f"{command}, {label}": target for label, *_, target in LOADS for command in ("SET", "GET")}
        if "cpu" in options.rows:
            add("Server CPU per request, us", figures["cpu"], targets=targets)
            add("of it in user mode, us", figures["user"])
            add("Requests per second", figures["rate"], better=max)
        if "latency" in options.rows:
            for share in ("p50", "p99", "p99.9"):
                add(f"Latency {share}, ms", figures[share])
    if "memory" in options.rows:
        used, resident = measure_keys(programs, scale)
        targets = {label: target for label, *_, target in STRINGS}
        sizes = ", ".join(f"{count // scale / 1e6:g}M" for count in KEY_COUNTS)
        add(f"Bytes of used_memory per key, mean of {sizes} keys", used, targets=targets)
        add(f"Resident bytes per key, mean of {sizes} keys", resident, targets=targets)
    if "idle" in options.rows:
        add(f"Bytes per idle connection, {CONNECTIONS // scale:,} connections", measure_connections(programs, scale))

    if "types" in options.rows:
        costs, targets = types.measure(programs, Server, options.only, rounds, scale, say)
        add("Server CPU per request on data types, us", costs, targets=targets)
    if "items" in options.rows:
        weights, targets = types.weigh(programs, Server, options.only, scale, say)
        add("Bytes of used_memory per item, mean of three sizes", weights, targets=targets)

    if "snapshots" in options.rows:
        figures, targets = snapshots.measure_saves(programs, Server, rounds, scale, say)
        add(f"BGSAVE of {snapshots.ITEMS // scale:,} keys", figures, targets=targets)
        with tempfile.TemporaryDirectory(prefix="needletail-bench-") as directory:
            figures, targets = snapshots.measure_loads(programs, Server, rounds, scale, say, directory)
        add("Loading a file, seconds per million keys", figures, targets=targets)
    if "aof" in options.rows:
        costs, targets, rates, gains = aof.measure(programs, Server, drive, options.only, rounds, scale, say)
        if costs:
            add("Server CPU per SET with an append-only file, us", costs, targets=targets)
            add("Requests per second with it", rates, targets=gains, better=max)
        figures, targets = aof.measure_loads(programs, Server, options.only, rounds, scale, say)
        if figures:
            add(f"Loading {aof.COMMANDS // scale:,} commands, seconds", figures, targets=targets)

    if "messages" in options.rows:
        costs, rates, targets = messages.measure(programs, Server, rounds, scale, say)
        add("Server CPU per operation of messages and transactions, us", costs, targets=targets)
        add("Operations of messages and transactions per second", rates, better=max)

    if met or missed:
        lines = [f"Targets met: {len(met)} of {len(met) + len(missed)}.", *(f"- missed: {row}" for row in missed)]
        blocks.append("\n".join(lines) + "\n")
    report = "\n".join(blocks)
    print(report, end="")
    if options.markdown:
        options.markdown.write_text(report)


def checked(words, known):
    unknown = [word for word in words if word not in known]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    return words


if __name__ == "__main__":
    main()
