#!/usr/bin/env python3
"""How long a server takes from its start to its first reply.

    Tools/start_time.py [--runs 5] [--limit MILLISECONDS] -- PROGRAM [ARGUMENT ...]

Starts the program (with a free port of its own), asks for PING as soon as it can be
connected to, then SET and GET, and ends it. Prints the milliseconds of each run and
their median; fails where a reply is wrong or the median is above the limit.
"""

import argparse
import signal
import socket
import statistics
import subprocess
import sys
import time

PATIENCE = 10  # seconds for anything to happen


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def connect(port, process, deadline):
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        except ConnectionRefusedError:
            if process.poll() is not None:
                sys.exit(f"the server has ended with status {process.returncode}")
            if time.monotonic() > deadline:
                sys.exit("the server does not listen")
            time.sleep(0.0002)


def ask(connection, request, expected):
    connection.sendall(request + b"\r\n")
    reply = b""
    while len(reply) < len(expected):
        data = connection.recv(4096)
        if not data:
            break
        reply += data
    if reply != expected:
        sys.exit(f"{request!r}: {reply!r}, not {expected!r}")


def run(command):
    """Milliseconds from the start to the reply of PING."""
    port = free_port()
    started = time.monotonic()
    process = subprocess.Popen([*command, "--port", str(port), "--save", ""], stdout=subprocess.DEVNULL)
    try:
        with connect(port, process, started + PATIENCE) as connection:
            ask(connection, b"PING", b"+PONG\r\n")
            milliseconds = 1000 * (time.monotonic() - started)
            ask(connection, b"SET key value", b"+OK\r\n")
            ask(connection, b"GET key", b"$5\r\nvalue\r\n")
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=PATIENCE)
    if status != 0:
        sys.exit(f"the server has ended with status {status}")
    return milliseconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--limit", type=float, help="milliseconds that the median may take")
    parser.add_argument("command", nargs="+", metavar="PROGRAM")
    arguments = parser.parse_args()
    times = [run(arguments.command) for _ in range(arguments.runs)]
    median = statistics.median(times)
    print(f"PING, SET, GET answered; start to first reply {median:.1f} ms "
          f"(median of {', '.join(f'{time:.1f}' for time in times)})")
    if arguments.limit is not None and median > arguments.limit:
        sys.exit(f"that is above {arguments.limit:g} ms")


if __name__ == "__main__":
    main()
