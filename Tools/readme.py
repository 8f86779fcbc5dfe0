#!/usr/bin/env python3
"""Writes the lists that follow from the source into README.md: the table of
commands, as the server declares them, and the directives that do not act yet,
which are those of Sources/Engine/KeptDirectives*.swift.

    Tools/readme.py                    rewrites what stands between the two markers
    Tools/readme.py --check            changes nothing; status 1 when it is out of date
    Tools/readme.py --server PATH      another program than .build/release/needletail-server

The markers are `<!-- commands: begin -->` and `<!-- commands: end -->`, and the
same with `directives`, each on a line of its own. The server runs in a temporary directory on a free port.
"""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PATIENCE = 20  # seconds


# --- the server ------------------------------------------------------------------

class Wire:
    """A raw RESP2 connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.input = self.socket.makefile("rb")

    def ask(self, *words):
        words = [word.encode() for word in words]
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        return self.reply()

    def reply(self):
        line = self.input.readline()
        if not line.endswith(b"\r\n"):
            sys.exit("the server ended the connection")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            sys.exit(f"the server answers: {rest}")
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return self.input.read(int(rest) + 2)[:-2].decode() if rest != "-1" else None
        if kind == b"*":
            return [self.reply() for _ in range(max(0, int(rest)))]
        sys.exit(f"the server answers with something else than RESP2: {line!r}")

    def close(self):
        self.input.close()
        self.socket.close()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def ask_server(program):
    """What a server of its own answers to COMMAND DOCS and COMMAND LIST."""
    with tempfile.TemporaryDirectory() as directory:
        port = free_port()
        log = Path(directory) / "log"
        with log.open("wb") as out:
            server = subprocess.Popen(
                [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", directory], cwd=directory,
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        try:
            wire = connect(server, port, log)
            answers = wire.ask("COMMAND", "DOCS"), wire.ask("COMMAND", "LIST")
            wire.close()
            return answers
        finally:
            server.terminate()
            try:
                server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def connect(server, port, log):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            return Wire(port)
        except OSError:
            time.sleep(0.02)
    sys.exit("the server does not start: " + " / ".join(log.read_text(errors="replace").strip().splitlines()[-3:]))


# --- the table -------------------------------------------------------------------

def pairs(flat):
    """A map, as RESP2 has it."""
    return dict(zip(flat[::2], flat[1::2]))


def table(docs, names):
    """The lines between the markers: a count, and one row for each group."""
    groups, subcommands = {}, 0
    listed = set()
    for name, document in pairs(docs).items():
        document = pairs(document)
        below = [full.partition("|")[2] for full in pairs(document.get("subcommands", []))]
        subcommands += len(below)
        listed.update([name, *(f"{name}|{word}" for word in below)])
        text = f"{name} ({', '.join(sorted(below))})" if below else name
        groups.setdefault(document["group"], []).append(text)
    if listed != set(names):
        sys.exit("COMMAND DOCS and COMMAND LIST differ: " + ", ".join(sorted(listed ^ set(names))))
    count = sum(len(commands) for commands in groups.values())
    rows = [f"| {group} | {', '.join(f'`{text}`' for text in sorted(groups[group]))} |" for group in sorted(groups)]
    return [f"{count} commands, and {subcommands} subcommands of them:", "", "| group | commands |", "|---|---|", *rows]


def kept_directives():
    """The directives that are checked and kept, and do nothing yet."""
    sources = sorted((ROOT / "Sources/Engine").glob("KeptDirectives*.swift"))
    names = sorted(name for source in sources for name in re.findall(r'kept\(\s*"([^"]+)"', source.read_text()))
    return [f"{len(names)} directives do not act yet:", "", ", ".join(f"`{name}`" for name in names) + "."]


def replaced(text, part, lines):
    """The README with `lines` between the markers of a part."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    rows = text.split("\n")
    if rows.count(begin) != 1 or rows.count(end) != 1 or rows.index(begin) > rows.index(end):
        sys.exit(f"{README.name} wants one line `{begin}` and behind it one line `{end}`")
    return "\n".join(rows[: rows.index(begin) + 1] + lines + rows[rows.index(end):])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only tell whether README.md is up to date")
    parser.add_argument("--server", type=Path, default=ROOT / ".build/release/needletail-server")
    args = parser.parse_args()
    if not README.exists():
        sys.exit(f"there is no {README.name}")
    if not os.access(args.server, os.X_OK):
        sys.exit(f"no server at {args.server}: build it with `make build`")

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends with us
    old = README.read_text(encoding="utf-8")
    new = replaced(old, "directives", kept_directives())
    replaced(new, "commands", [])  # before anything is started
    new = replaced(new, "commands", table(*ask_server(args.server.resolve())))
    if new == old:
        return
    if args.check:
        sys.exit(f"{README.name}: what is generated is out of date; run Tools/readme.py")
    README.write_text(new, encoding="utf-8")
    print(f"{README.name}: what is generated is renewed")


if __name__ == "__main__":
    main()
