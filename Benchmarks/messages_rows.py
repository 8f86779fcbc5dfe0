"""Rows of the benchmark about what clients are sent without asking: messages, hand-overs, invalidations.

Every row is a function of a running server and a number of turns; it makes its
clients, does the work and returns (CPU seconds of the server, operations, seconds
on the clock). The clients are one process with raw sockets, so that the rate says
as much about it as about the server; the server's CPU does not depend on it.
"""

import re
import select
import socket
import statistics
import subprocess
import time

from servers import Wire
from types_rows import request

PAYLOAD = "m" * 64


class Crowd:
    """Many connections to a server, read together."""

    def __init__(self, server, count):
        self.server = server
        self.poll = select.epoll()
        self.sockets = {}
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets[connection.fileno()] = connection
            self.poll.register(connection, select.EPOLLIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.poll.close()
        for connection in self.sockets.values():
            connection.close()

    def ask(self, data, reply_length):
        """All send the same; what they get, of this length each, is dropped."""
        for connection in self.sockets.values():
            connection.sendall(data)
        self.await_bytes(reply_length * len(self.sockets))

    def await_bytes(self, expected, answer=None):
        """Reads so many bytes; `answer` is sent by each connection that got something."""
        end = time.monotonic() + 120
        while expected > 0:
            for descriptor, _ in self.poll.poll(1):
                data = self.sockets[descriptor].recv(1 << 18)
                if not data or data[:1] == b"-":
                    raise RuntimeError(f"{self.server.name} sent {data[:100]}, {expected} bytes before the end")
                expected -= len(data)
                if answer:
                    self.sockets[descriptor].sendall(answer)
            if time.monotonic() > end:
                raise RuntimeError(f"{self.server.name} owes {expected} bytes")
        if expected < 0:
            raise RuntimeError(f"{self.server.name} sent {-expected} bytes too many")


class Stopwatch:
    """CPU of a server and time between beginning and `stop`."""

    def __init__(self, server):
        self.server, self.cpu, self.start = server, server.cpu()[0], time.monotonic()

    def stop(self, operations):
        elapsed = time.monotonic() - self.start
        return self.server.cpu()[0] - self.cpu, operations, elapsed


# --- the rows --------------------------------------------------------------

def publish(receivers, batch):
    """Messages of 64 bytes, `batch` in a pipeline; the next when all have got them. To many, one call of the system for
    every receiver is nearly all of it, whoever makes it: those rows are shown without a target."""
    def run(server, turns):
        subscribe = b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"
        message = len(request("message", "news", PAYLOAD))
        with Crowd(server, receivers) as crowd, Wire(server.port) as wire:
            crowd.ask(request("SUBSCRIBE", "news"), len(subscribe))
            watch = Stopwatch(server)
            for _ in range(turns):
                wire.socket.sendall(request("PUBLISH", "news", PAYLOAD) * batch)
                wire.read((len(str(receivers)) + 3) * batch)
                crowd.await_bytes(message * batch * receivers)
            return watch.stop(turns * batch * receivers)
    return run


def publish_by(publishers, receivers):
    """Messages by redis-benchmark, whose clients publish again when they have their reply."""
    def run(server, turns):
        subscribe = b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"
        message = len(request("message", "news", PAYLOAD))
        words = ("redis-benchmark", "-p", server.port, "-q", "-c", publishers, "-n", turns, "PUBLISH", "news", PAYLOAD)
        with Crowd(server, receivers) as crowd:
            crowd.ask(request("SUBSCRIBE", "news"), len(subscribe))
            watch = Stopwatch(server)
            load = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL)
            crowd.await_bytes(message * turns * receivers)
            result = watch.stop(turns * receivers)
            if load.wait(60):
                raise RuntimeError(f"redis-benchmark against {server.name} failed")
            return result
    return run


def hand_over(server, turns):
    """A thousand clients wait for one list; each gets an element in every turn, and waits again."""
    with Crowd(server, 1000) as crowd, Wire(server.port) as wire:
        wait, reply = request("BLPOP", "jobs", "0"), len(request("jobs", PAYLOAD))
        for connection in crowd.sockets.values():
            connection.sendall(wait)
        time.sleep(0.2)
        watch = Stopwatch(server)
        for _ in range(turns):
            wire.socket.sendall(request("LPUSH", "jobs", PAYLOAD) * 1000)
            wire.read(len(b":1\r\n") * 1000)  # each push finds the list empty: the one before was handed over
            crowd.await_bytes(reply * 1000, answer=wait)
            # The last ones may not have begun to wait: whoever was served first asks first.
            while b"blocked_clients:1000\r" not in wire.command("INFO", "clients"):
                time.sleep(0.005)
        return watch.stop(turns * 1000)


def transactions(server, turns):
    """MULTI, ten SETs, EXEC; twenty transactions in a pipeline."""
    keys = [request("SET", f"key:{index:012d}", PAYLOAD) for index in range(10)]
    data = (request("MULTI") + b"".join(keys) + request("EXEC")) * 20
    reply = (5 + 9 * 10 + 5 + 5 * 10) * 20
    with Wire(server.port) as wire:
        watch = Stopwatch(server)
        for _ in range(turns):
            wire.socket.sendall(data)
            wire.read(reply)
        return watch.stop(turns * 20)


def writes_beside_waiters(server, turns):
    """SET in pipelines while a thousand clients wait for lists of their own."""
    with Crowd(server, 1000) as crowd, Wire(server.port) as wire:
        for index, connection in enumerate(crowd.sockets.values()):
            connection.sendall(request("BLPOP", f"queue:{index}", "0"))
        time.sleep(0.2)
        data = b"".join(request("SET", f"key:{index:012d}", PAYLOAD) for index in range(100))
        watch = Stopwatch(server)
        for _ in range(turns):
            wire.socket.sendall(data)
            wire.read(500)
        return watch.stop(turns * 100)


def invalidations(server, turns):
    """A hundred keys are read by a client that caches, then changed by another."""
    keys = [f"key:{index:012d}" for index in range(100)]
    with Wire(server.port) as reader, Wire(server.port) as writer:
        write = b"".join(request("SET", key, PAYLOAD) for key in keys)
        read = b"".join(request("GET", key) for key in keys)
        told = sum(len(b">2\r\n$10\r\ninvalidate\r\n" + request(key)) for key in keys)
        writer.socket.sendall(write)
        writer.read(500)
        reader.socket.sendall(request("HELLO", "3"))
        time.sleep(0.1)
        reader.socket.recv(1 << 16)
        reader.command("CLIENT", "TRACKING", "ON")
        watch = Stopwatch(server)
        for _ in range(turns):
            reader.socket.sendall(read)
            reader.read(len(b"$64\r\n\r\n" + PAYLOAD.encode()) * 100)
            writer.socket.sendall(write)
            writer.read(500)
            reader.read(told)
        return watch.stop(turns * 100)


def broadcasts(server, turns):
    """Ten clients are told of all keys with a prefix; a hundred such keys change in a pipeline."""
    keys = [f"key:{index:012d}" for index in range(100)]
    told = len(b">2\r\n$10\r\ninvalidate\r\n" + request(*keys))
    with Crowd(server, 10) as crowd, Wire(server.port) as writer:
        for connection in crowd.sockets.values():
            connection.sendall(request("HELLO", "3") + request("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "key:"))
            time.sleep(0.05)
            if not connection.recv(1 << 16).endswith(b"+OK\r\n"):
                raise RuntimeError(f"{server.name} does not track")
        write = b"".join(request("SET", key, PAYLOAD) for key in keys)
        watch = Stopwatch(server)
        for _ in range(turns):
            writer.socket.sendall(write)
            writer.read(500)
            crowd.await_bytes(told * 10)
        return watch.stop(turns * 100)


def evicting(policy):
    """SET of ever new keys by redis-benchmark, in a server that is full."""
    def run(server, turns):
        words = ["redis-benchmark", "-p", server.port, "-q", "-P", 16, "-r", 1_000_000_000]
        words += ["SET", "key:__rand_int__", "v" * 200, "EX", "100000"]
        with Wire(server.port) as wire:
            wire.command("CONFIG", "SET", "maxmemory-policy", policy)
            used = int(re.search(rb"used_memory:(\d+)", wire.command("INFO", "memory"))[1])
            wire.command("CONFIG", "SET", "maxmemory", str(used + (20 << 20)))
            fill = words[:6] + ["-n", 150_000] + words[6:]
            subprocess.run([str(word) for word in fill], capture_output=True, check=True, timeout=600)
            watch = Stopwatch(server)
            load = words[:6] + ["-n", turns] + words[6:]
            subprocess.run([str(word) for word in load], capture_output=True, check=True, timeout=600)
            result = watch.stop(turns)
            evicted = int(re.search(rb"evicted_keys:(\d+)", wire.command("INFO", "stats"))[1])
            wire.command("CONFIG", "SET", "maxmemory", "0")
            wire.command("FLUSHALL")
        if evicted < turns / 2:
            raise RuntimeError(f"{server.name} evicted only {evicted} keys")
        return result
    return run


POLICIES = ("allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl")
ROWS = [  # label, function, turns
    ("PUBLISH to 1, per message", publish(1, 16), 10_000),
    ("PUBLISH to 100, per message", publish_by(1, 100), 10_000),
    ("PUBLISH by 10 to 100, per message", publish_by(10, 100), 20_000),
    ("PUBLISH to 10,000, per message", publish_by(1, 10_000), 400),
    ("to 100, the next when all have it", publish(100, 1), 3_000),
    ("to 10,000, the next when all have it", publish(10_000, 1), 40),
    ("BLPOP and LPUSH, 1,000 wait", hand_over, 40),
    ("MULTI, 10 SETs, EXEC", transactions, 2_000),
    ("SET, 1,000 wait for other keys", writes_beside_waiters, 5_000),
    ("GET, SET, invalidation", invalidations, 2_000),
    ("SET told to 10 broadcasts", broadcasts, 2_000),
    *((f"SET, evicting {policy}", evicting(policy), 300_000) for policy in POLICIES),
]
TARGET = 0.9


def measure(programs, start, rounds, scale, remark):
    """({row: {server: median microseconds of CPU per operation}}, the same of operations per second, targets)"""
    costs, rates = {}, {}
    for turn in range(rounds):
        for label, run, turns in ROWS:
            first = turn % len(programs)
            for program in programs[first:] + programs[:first]:
                with start(program, "--maxclients", "20000") as server:
                    cpu, operations, elapsed = run(server, max(1, turns // scale))
                remark(f"round {turn + 1}: {label}, {program.name}: {cpu / operations * 1e6:.3f} us,"
                       f" {operations / elapsed:,.0f}/s")
                costs.setdefault(label, {}).setdefault(program.name, []).append(cpu / operations * 1e6)
                rates.setdefault(label, {}).setdefault(program.name, []).append(operations / elapsed)
    median = lambda rows: {label: {name: statistics.median(values) for name, values in row.items()}  # noqa: E731
                           for label, row in rows.items()}
    return median(costs), median(rates), {label: TARGET for label, *_ in ROWS if not label.startswith("to ")}
