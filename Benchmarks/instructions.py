#!/usr/bin/env python3
"""User instructions per request, counted by callgrind.

    Benchmarks/instructions.py [--servers needletail,valkey,redis] [--server PATH]
                               [--requests 20000] [--quick] [--markdown FILE]

Each server runs under valgrind and gets SET and GET of 64-byte values over
1,000 keys from one connection, 16 requests at a time and one at a time. The
requests are the same in every run, so the counts repeat to within a percent
where times drift: small steps forward and back show here first. The kernel's
work is not counted, nor what memory and branches cost.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from servers import NAMES, ROOT, Data, Server, Wire, find_programs, machine, say, settle_client, tabulate  # noqa: E402

KEYS, VALUE_SIZE = 1_000, 64
CALLGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file={directory}/counts", "--vgdb-prefix={directory}/vgdb")


class Counter:
    """The instructions of a server under callgrind since the last look."""

    def __init__(self, server):
        self.server, self.dumps, self.directory = server, 0, Path(server.directory.name)

    def take(self):
        self.dumps += 1
        subprocess.run(["vgdb", f"--vgdb-prefix={self.directory}/vgdb", f"--pid={self.server.pid}", "dump"],
                       check=True, capture_output=True, timeout=60)  # returns once dumped and set to zero
        dump = (self.directory / f"counts.{self.dumps}").read_text()
        return int(re.search(r"^(?:summary|totals): (\d+)", dump, re.MULTILINE)[1])


def count(program, requests):
    """{row: instructions per request}"""
    data = Data(KEYS, VALUE_SIZE)
    rows = {}
    with Server(program, under=CALLGRIND) as server, Wire(server.port) as wire:
        counter = Counter(server)
        for depth in (16, 1):
            for command, work, reply in (("SET", data.sets, data.set_reply), ("GET", data.gets, data.get_reply)):
                wire.pipeline(work, reply, depth)  # warm up
                work = (work * (requests // KEYS + 1))[:requests]
                counter.take()
                wire.pipeline(work, reply, depth)
                rows[f"{command}, pipeline {depth}"] = counter.take() / requests
                say(f"{program.name}: {command}, pipeline {depth}: {rows[f'{command}, pipeline {depth}']:.0f}")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", default=",".join(NAMES), help="servers, by comma")
    parser.add_argument("--server", default=ROOT / ".build/release/needletail-server", help="Needletail's binary")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the report there too")
    options = parser.parse_args()
    if not shutil.which("vgdb"):
        sys.exit("valgrind is missing")

    settle_client()
    programs = find_programs([name for name in NAMES if name in options.servers.split(",")], options.server)
    requests = options.requests // (10 if options.quick else 1)
    counts = {program.name: count(program, requests) for program in programs}
    if not counts:
        sys.exit("no server to measure")
    rows = {row: {name: figures[row] for name, figures in counts.items()} for row in next(iter(counts.values()))}
    table, _, _ = tabulate("User instructions per request", list(counts), rows)
    report = f"{machine(programs)}\n\n{table}"
    print(report, end="")
    if options.markdown:
        options.markdown.write_text(report)


if __name__ == "__main__":
    main()
