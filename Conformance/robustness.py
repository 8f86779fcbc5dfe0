#!/usr/bin/env python3
"""Treats the server badly and looks whether it goes on answering the others.

    Conformance/robustness.py                      every check
    Conformance/robustness.py garbage slow_readers these checks
    Conformance/robustness.py --server PATH        another server, say Redis itself

Each check has a server of its own. Throughout it a probe, in a process of its
own, sends SET and GET every 10 ms; no answer may take longer than LIVELY. That
and all other times are bounds on life, not measures of speed.
"""

import multiprocessing
import os
import random
import resource
import select
import socket
import struct
import sys
import time
from contextlib import contextmanager

sys.dont_write_bytecode = True
from serving import Server, Tally, arguments, eventually  # noqa: E402

LIVELY = 1.0  # seconds
MB = 1 << 20
CHECKS = {}


def check(function):
    CHECKS[function.__name__] = function
    return function


# --- the ill-behaved side -------------------------------------------------------

def request(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


class Wire:
    """A raw connection."""

    def __init__(self, server, source=None, patience=20):
        port = server if isinstance(server, int) else server.port
        self.socket = socket.create_connection(("127.0.0.1", port), patience, source and (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        self.socket.sendall(data)

    def read(self, count):
        """Exactly this many bytes, or fewer if the server ends the connection."""
        data = bytearray()
        while len(data) < count:
            try:
                piece = self.socket.recv(min(count - len(data), MB))
            except ConnectionResetError:
                break
            if not piece:
                break
            data += piece
        return bytes(data)

    def read_all(self):
        """What the server says until it ends the connection."""
        return self.read(1 << 40)

    def ask(self, *words):
        """A request whose reply is a line or one bulk string."""
        self.send(request(*words))
        line = b""
        while not line.endswith(b"\r\n"):
            byte = self.read(1)
            assert byte, f"the connection ended at {words[:2]}"
            line += byte
        if line[:1] != b"$" or line == b"$-1\r\n":
            return line[:-2]
        return self.read(int(line[1:]) + 2)[:-2]

    def reset(self):
        """Ends the connection as a crash would: by RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def info(server, name):
    """A number of INFO."""
    with Wire(server) as wire:
        lines = wire.ask("INFO").decode().splitlines()
    return int(next(line for line in lines if line.startswith(name + ":")).split(":")[1])


def only_this_client(server):
    eventually("connected_clients is 1", lambda: info(server, "connected_clients") == 1)


def megabytes(count):
    return f"{count / MB:.0f} MB"


# --- the probe ------------------------------------------------------------------

def ask_steadily(port, password, ending, report):
    longest, turns = 0.0, 0
    try:
        with Wire(port) as wire:
            if password:
                assert wire.ask("AUTH", password) == b"+OK"
            report.send("ready")
            while not ending.is_set():
                started = time.monotonic()
                assert wire.ask("SET", "probe", turns) == b"+OK", "SET did not answer OK"
                assert wire.ask("GET", "probe") == b"%d" % turns, "GET gave something else than was SET"
                longest, turns = max(longest, time.monotonic() - started), turns + 1
                time.sleep(0.01)
        report.send((longest, turns, ""))
    except Exception as error:
        report.send((longest, turns, f"{type(error).__name__}: {error}"))


@contextmanager
def others_are_answered(server, password=""):
    """Fails if another client had to wait while the block ran. Yields what is known of it in the end."""
    ending = multiprocessing.Event()
    ours, theirs = multiprocessing.Pipe()
    probe = multiprocessing.Process(target=ask_steadily, args=(server.port, password, ending, theirs), daemon=True)
    probe.start()
    seen = {}
    try:
        assert ours.recv() == "ready", "the probe was not let in"
        yield seen
    finally:
        ending.set()
        longest, turns, problem = ours.recv() if ours.poll(30) else (30.0, 0, "no answer for 30 s")
        probe.terminate()
        probe.join()
    assert not problem, f"another client failed after {turns} turns: {problem}"
    assert longest < LIVELY, f"another client waited for {longest:.2f} s"
    seen["longest"] = f"others waited {longest * 1000:.0f} ms at most"


# --- half requests --------------------------------------------------------------

@check
def half_sent_requests(program):
    """500 connections that stop in the middle of a request, each elsewhere, and later go on by bytes."""
    def whole(i):
        value = b"v" * (40_000 if i % 10 == 9 else i % 50)  # large ones are received in another way
        if i % 10 == 8:
            return b"SET key:%d inline\r\n" % i, b"+OK\r\n"
        if i % 10 == 7:
            return request("SET", f"key:{i}", value) + request("GET", f"key:{i}"), \
                b"+OK\r\n$%d\r\n%s\r\n" % (len(value), value)
        return request("SET", f"key:{i}", value), b"+OK\r\n"

    with Server(program) as server, others_are_answered(server) as seen:
        before = server.memory()
        held = []
        for i in range(500):
            data, reply = whole(i)
            cut = 1 + i * 7 % (len(data) - 1)
            wire = Wire(server)
            wire.send(data[:cut])
            held.append((wire, data[cut:], reply))
        time.sleep(0.3)
        grown = server.memory() - before
        assert grown < 64 * MB, f"500 half requests take {megabytes(grown)}"
        turn = 0
        while any(turn < 100 and rest for _, rest, _ in held):
            for i, (wire, rest, reply) in enumerate(held):
                step = 1 + len(rest) // (100 - turn)  # one byte, unless much is left
                wire.send(rest[:step])
                held[i] = wire, rest[step:], reply
            turn += 1
        for wire, rest, reply in held:
            wire.send(rest)
            assert wire.read(len(reply)) == reply, "a request in pieces was answered wrongly"
            wire.close()
    return f"{megabytes(grown)} for all, {seen['longest']}"


@check
def announced_and_never_sent(program):
    """Bulk strings of 512 MB of which only the first bytes come."""
    with Server(program) as server, others_are_answered(server) as seen:
        before = server.memory()
        wires = [Wire(server) for _ in range(20)]
        for wire in wires:
            wire.send(b"*3\r\n$3\r\nSET\r\n$4\r\nhuge\r\n$536870912\r\n" + b"x" * 1000)
        time.sleep(0.5)
        grown, counted = server.memory() - before, info(server, "used_memory")
        for wire in wires:
            wire.close()
        assert grown < 64 * MB, f"20 announcements take {megabytes(grown)}"
        eventually("the connections are gone", lambda: info(server, "connected_clients") == 2)
        with Wire(server) as wire:
            assert wire.ask("EXISTS", "huge") == b":0", "half a request was carried out"
    return f"resident {megabytes(grown)} more, used_memory {megabytes(counted)}, {seen['longest']}"


# --- slow and broken readers ----------------------------------------------------

def do_not_read(program, size, count):
    """20 clients that ask for `count` values each and do not read; one of them does in the end."""
    value = random.Random(3).randbytes(size)
    asked = 20 * count * size
    with Server(program) as server, others_are_answered(server) as seen:
        with Wire(server) as wire:
            wire.ask("SET", "large", value)
        before, used = server.memory(), info(server, "used_memory")
        readers = [Wire(server) for _ in range(20)]
        for reader in readers:
            reader.send(request("GET", "large") * count)
        highest = 0
        for _ in range(20):
            time.sleep(0.1)
            highest = max(highest, server.memory() - before)
        assert highest < asked * 1.25, f"{megabytes(asked)} of replies take {megabytes(highest)}"
        with Wire(server) as wire:
            assert wire.ask("SETRANGE", "large", 0, "changed meanwhile") == b":%d" % size
        reply = b"$%d\r\n%s\r\n" % (size, value)
        for _ in range(count):
            assert readers[0].read(len(reply)) == reply, "a late reader got something else"
        for reader in readers:
            reader.close()
        eventually("used_memory is back", lambda: info(server, "used_memory") < used + 8 * MB)
        took = eventually("resident memory is back", lambda: server.memory() < before + 64 * MB, 30)
    return f"{megabytes(highest)} for {megabytes(asked)} of replies, given back in {took:.0f} s, {seen['longest']}"


@check
def slow_readers(program):
    return do_not_read(program, MB, 20)


@check
def slow_readers_of_smaller_values(program):
    return do_not_read(program, 10_000, 500)


@check
def readers_that_crash(program):
    """Connections reset in the middle of a long reply."""
    with Server(program) as server:
        with others_are_answered(server) as seen:
            with Wire(server) as wire:
                wire.ask("SET", "large", b"x" * MB)
            used = info(server, "used_memory")
            for turn in range(40):
                wire = Wire(server)
                wire.send(request("GET", "large") * 10 + request("SET", "after", turn))
                wire.read(turn * 50_000)
                wire.reset()
            eventually("used_memory is back", lambda: info(server, "used_memory") < used + 8 * MB)
        only_this_client(server)
    return seen["longest"]


@check
def readers_that_take_leave(program):
    """QUIT behind replies that are not read: the connection counts until they are."""
    with Server(program) as server:
        with others_are_answered(server) as seen:
            with Wire(server) as wire:
                wire.ask("SET", "large", b"x" * MB)
            wires = [Wire(server) for _ in range(10)]
            for wire in wires:
                wire.send(request("GET", "large") * 20 + request("QUIT") + request("SET", "after", "quit"))
            time.sleep(0.3)
            left = info(server, "connected_clients")
            assert left == 12, f"{left} clients are counted, not 12"
            for wire in wires[:5]:
                assert len(wire.read_all()) == 20 * (MB + 12) + 5, "not all was sent before the end"
            for wire in wires[5:]:
                wire.close()
        only_this_client(server)
        with Wire(server) as wire:
            assert wire.ask("EXISTS", "after") == b":0", "a request behind QUIT was carried out"
    return seen["longest"]


# --- many connections -----------------------------------------------------------

@check
def ten_thousand_at_once(program):
    """As many connections as limits allow, opened and dropped, by FIN and by RST."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = 10_000 if most == resource.RLIM_INFINITY else min(10_000, most - 300)
    with Server(program, "--maxclients", count + 100) as server:
        with others_are_answered(server) as seen:
            for farewell in (Wire.close, Wire.reset):
                wires = []
                for i in range(count):
                    wires.append(Wire(server, f"127.0.0.{2 + i % 8}"))
                    if i % 400 == 399:  # what the backlog holds is let in before more come
                        assert wires[-1].ask("PING") == b"+PONG"
                    wires[-1].send((b"", b"*1\r\n$4\r\nPING\r\n", b"*2\r\n$3\r\nGE")[i % 3])
                eventually("all are connected", lambda: info(server, "connected_clients") == count + 2)
                for wire in wires:
                    farewell(wire)
                eventually("they are gone", lambda: info(server, "connected_clients") == 2)
        only_this_client(server)
    return f"{count:,} connections twice, {seen['longest']}"


@check
def descriptors_exhausted(program):
    """The limit of open files is lowered under the running server, which had counted on more."""
    with Server(program) as server:
        with others_are_answered(server) as seen:
            open_now = len(os.listdir(f"/proc/{server.pid}/fd"))
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (64, 64))
            wires = [Wire(server) for _ in range(100)]
            for wire in wires:
                wire.send(request("PING"))
            time.sleep(0.5)
            ready, _, _ = select.select([wire.socket for wire in wires], [], [], 0)
            inside = [wire for wire in wires if wire.socket in ready]
            assert 0 < len(inside) <= 64 - open_now, f"{len(inside)} were let in, with {64 - open_now} descriptors left"
            for wire in inside:
                assert wire.read(7) == b"+PONG\r\n" and wire.ask("ECHO", "hi") == b"hi", "a client inside is not answered"
            before = server.cpu()
            time.sleep(1)
            spent = server.cpu() - before
            assert spent < 0.5, f"the server spends {spent:.2f} s of CPU a second on waiting for a descriptor"
            for wire in inside[:10]:
                wire.close()
            waiting = [wire.socket for wire in wires if wire not in inside]
            eventually("ten others get in", lambda: len(select.select(waiting, [], [], 0)[0]) == 10, 5)
            for wire in wires:
                wire.close()
        only_this_client(server)
    return f"{len(inside)} let in, {spent:.2f} s of CPU in the second after, {seen['longest']}"


@check
def few_descriptors_from_the_start(program):
    """With 64 descriptors maxclients is lowered at the start: who is too many is told so."""
    with Server(program, "--maxclients", 10_000, descriptors=64) as server:
        with others_are_answered(server) as seen:
            wires = [Wire(server) for _ in range(80)]
            for wire in wires:
                try:
                    wire.send(request("PING"))
                except OSError:
                    pass  # it has been refused already
            replies = [wire.read(7) for wire in wires]
            inside = replies.count(b"+PONG\r\n")
            refused = sum(reply == b"-ERR ma" for reply in replies)
            assert inside > 0 and refused > 0, f"{inside} are let in, {refused} are told why not"
            for wire in wires:
                wire.close()
            eventually("a new client gets in", lambda: info(server, "connected_clients") == 2, 5)
    return f"{inside} let in, {refused} told, {seen['longest']}"


@check
def too_many_clients(program):
    """Above maxclients a connection gets an error, and the end: at once, or where
    it has got one of the few places kept for administrators, for its first command."""
    refusal = b"-ERR max number of clients reached\r\n"
    with Server(program, "--maxclients", 20) as server, others_are_answered(server) as seen:
        wires = [Wire(server) for _ in range(19)]
        for wire in wires:
            assert wire.ask("PING") == b"+PONG"
        for _ in range(200):
            with Wire(server) as wire:
                wire.send(request("PING"))
                said = wire.read_all()
                assert said == refusal, f"one too many was told {said!r}"
        assert all(wire.ask("PING") == b"+PONG" for wire in wires), "a client inside is not answered"
        wires.pop().close()
        time.sleep(0.1)
        with Wire(server) as wire:
            assert wire.ask("CONFIG", "SET", "maxclients", 30) == b"+OK"
            wires += [Wire(server) for _ in range(10)]
            assert all(other.ask("PING") == b"+PONG" for other in wires), "a raised maxclients does not count"
        rejected = info(server, "rejected_connections")
        assert rejected == 200, f"{rejected} rejected connections are counted, not 200"
    return seen["longest"]


# --- garbage --------------------------------------------------------------------

LONG = b"x" * (70 * 1024)
GARBAGE = [  # what is sent, and how the reply begins when a password was given, or was not
    (b"*2147483648\r\n", b"invalid multibulk length", b"invalid multibulk length"),
    (b"*99999999999999999999\r\n", b"invalid multibulk length", b"invalid multibulk length"),
    (b"*x\r\n", b"invalid multibulk length", b"invalid multibulk length"),
    (b"*11\r\n", None, b"unauthenticated multibulk length"),
    (b"*2147483647\r\n", None, b"unauthenticated multibulk length"),
    (b"*1\r\n$-1\r\n", b"invalid bulk length", b"invalid bulk length"),
    (b"*1\r\n$536870913\r\n", b"invalid bulk length", b"invalid bulk length"),
    (b"*1\r\n$16385\r\n", None, b"unauthenticated bulk length"),
    (b"*1\r\n$\r\n", b"invalid bulk length", b"invalid bulk length"),
    (b"*1\r\n:5\r\n", b"expected '$', got ':'", b"expected '$', got ':'"),
    (b"*" + b"1" * len(LONG), b"too big mbulk count string", b"too big mbulk count string"),
    (b"*1\r\n$" + b"1" * len(LONG), b"too big bulk count string", b"too big bulk count string"),
    (LONG, b"too big inline request", b"too big inline request"),
    (b'SET "unbalanced\r\n', b"unbalanced quotes in request", b"unbalanced quotes in request"),
]
HARMLESS = [b"*-1\r\n", b"*0\r\n", b"\r\n", b"\n\n\n", b"*-2147483648\r\n"]


@check
def garbage(program):
    """Requests that break the protocol, before and after AUTH."""
    with Server(program, "--requirepass", "pass") as server, others_are_answered(server, "pass") as seen:
        for data, inside, outside in GARBAGE:
            for wanted, enters in ((inside, True), (outside, False)):
                with Wire(server) as wire:
                    if enters:
                        assert wire.ask("AUTH", "pass") == b"+OK"
                    wire.send(data)
                    if wanted is None:  # right so far: more may come
                        readable, _, _ = select.select([wire.socket], [], [], 0.05)
                        assert not readable, f"{data[:30]!r} is answered by {wire.read(60)!r}"
                    else:
                        said, wanted = wire.read_all(), b"-ERR Protocol error: " + wanted
                        assert said == wanted + b"\r\n", f"{data[:30]!r} is answered by {said[:80]!r}, not {wanted!r}"
        for data in HARMLESS:
            with Wire(server) as wire:
                wire.send(data + request("AUTH", "pass") + data)
                assert wire.read(5) == b"+OK\r\n" and wire.ask("ECHO", "hi") == b"hi", f"after {data!r} nothing works"
    return f"{len(GARBAGE) * 2 + len(HARMLESS)} cases, {seen['longest']}"


@check
def random_bytes(program):
    """Noise, and valid requests with a few bytes changed, before and after AUTH."""
    rng = random.Random(4)
    sound = b"".join(request("SET", f"k{i}", "v" * i) + request("GET", f"k{i}") + request("MSET", "a", i, "b", i)
                     for i in range(30))
    with Server(program, "--requirepass", "pass") as server:
        with others_are_answered(server, "pass") as seen:
            before = server.memory()
            for turn in range(600):
                if turn % 3:
                    data = bytearray(sound)
                    for _ in range(rng.randint(1, 20)):
                        data[rng.randrange(len(data))] = rng.choice((rng.randrange(256), 13, 10, 36, 42, 45, 57))
                else:
                    data = rng.randbytes(rng.choice((1, 10, 1000, 100_000)))
                with Wire(server) as wire:
                    if turn % 2:
                        assert wire.ask("AUTH", "pass") == b"+OK"
                    try:
                        for start in range(0, len(data), size := rng.choice((7, 100, 1 << 20)) + len(data) // 50):
                            wire.send(data[start:start + size])
                        wire.socket.shutdown(socket.SHUT_WR)
                        wire.read_all()
                    except OSError:
                        pass  # the server has heard enough
            grown = server.memory() - before
            assert grown < 64 * MB, f"noise takes {megabytes(grown)}"
        with Wire(server) as wire:
            assert wire.ask("AUTH", "pass") == b"+OK"
            clients = wire.ask("INFO", "clients")
            assert b"connected_clients:1\r" in clients, f"after all are gone: {clients[:60]!r}"
    return f"{megabytes(grown)} more, {seen['longest']}"


@check
def endless_words(program):
    """Requests that announce as many words as there may be, and send some of them."""
    with Server(program) as server:
        with others_are_answered(server) as seen:
            before = server.memory()
            wires = [Wire(server) for _ in range(4)]
            for wire in wires:
                wire.send(b"*2147483647\r\n")
            for wire in wires * 10:
                wire.send(b"$1\r\nx\r\n" * 20_000)
            time.sleep(0.3)
            grown = server.memory() - before
            assert grown < 256 * MB, f"800,000 words of one byte take {megabytes(grown)}"
            for wire in wires:
                wire.close()
        only_this_client(server)
    return f"{megabytes(grown)} for 800,000 words, {seen['longest']}"


# --- waiting, messages, transactions --------------------------------------------

@check
def subscribers_that_do_not_read(program):
    """Fifty of them, and messages of 40 MB for each: those that fall behind are dropped at the limit."""
    with Server(program, "--client-output-buffer-limit", "pubsub 8mb 4mb 5") as server, others_are_answered(server) as seen:
        before, highest = server.memory(), 0
        deaf = [Wire(server) for _ in range(50)]
        for wire in deaf:
            wire.send(request("SUBSCRIBE", "news"))
        good = Wire(server)
        good.send(request("SUBSCRIBE", "news"))
        good.read(len(b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"))
        message = request("message", "news", b"x" * 100_000)
        with Wire(server) as wire:
            for turn in range(400):
                wire.ask("PUBLISH", "news", b"x" * 100_000)
                assert good.read(len(message)) == message, "a subscriber that reads got something else"
                if turn % 20 == 0:
                    highest = max(highest, server.memory() - before)
        assert highest < 50 * 8 * MB * 1.25, f"what waits for 50 subscribers takes {megabytes(highest)}"
        eventually("all that do not read are gone", lambda: info(server, "connected_clients") == 3)  # the probe, `good`, INFO
        for wire in (*deaf, good):
            wire.close()
        eventually("resident memory is back", lambda: server.memory() < before + 64 * MB, 30)
    return f"{megabytes(highest)} at most, {seen['longest']}"


@check
def vanish_while_waiting(program):
    """Clients that wait, watch, track or are subscribed crash or are killed; what was for them goes to others."""
    with Server(program) as server, others_are_answered(server) as seen:
        with Wire(server) as wire:
            used = info(server, "used_memory")
            for turn in range(10):
                wires = [Wire(server) for _ in range(400)]
                for i, victim in enumerate(wires):
                    victim.send(request("HELLO", 3) + request("CLIENT", "TRACKING", "ON") + request("WATCH", f"w:{i}") +
                                request("GET", f"g:{turn}:{i}") + request("SUBSCRIBE", "news", f"own:{i}") +
                                request("BLPOP", "queue", f"q:{i}", 0))
                eventually("all wait", lambda: info(server, "blocked_clients") == 400)
                for i, victim in enumerate(wires[:200]):
                    victim.reset()
                assert int(wire.ask("CLIENT", "KILL", "TYPE", "pubsub")[1:]) >= 200, "not all were killed"
                for i in range(400):
                    wire.ask("SET", f"g:{turn}:{i}", "changed")
                for victim in wires[200:]:
                    victim.close()
                eventually("nobody waits", lambda: info(server, "blocked_clients") == 0)
                assert wire.ask("RPUSH", "queue", "x") == b":1" and wire.ask("DEL", "queue") == b":1", "an element went to a client that is gone"
                assert wire.ask("PUBLISH", "news", "x") == b":0", "a client that is gone is subscribed"
            eventually("used_memory is back", lambda: info(server, "used_memory") < used + 4 * MB)
    return seen["longest"]


@check
def million_commands_in_a_transaction(program):
    """A MULTI of a million commands is carried out; one above the limit of a client's input is not kept."""
    with Server(program, "--client-query-buffer-limit", "64mb") as server:
        before = server.memory()
        with Wire(server, patience=60) as wire:
            wire.send(request("MULTI"))
            for _ in range(1000):
                wire.send(request("INCR", "n") * 1000)
                wire.read(len(b"+QUEUED\r\n") * 1000)
            grown = server.memory() - before
            assert grown < 600 * MB, f"a million queued commands take {megabytes(grown)}"
            wire.read(len(b"+OK\r\n"))
            wire.send(request("EXEC"))
            replies = b"*1000000\r\n" + b"".join(b":%d\r\n" % i for i in range(1, 1_000_001))
            assert wire.read(len(replies)) == replies, "EXEC answers otherwise"
        eventually("resident memory is back", lambda: server.memory() < before + 64 * MB, 30)
        with others_are_answered(server) as seen, Wire(server) as wire:
            wire.send(request("MULTI"))
            try:
                for _ in range(100):
                    wire.send(request("SET", "k", b"x" * MB))
                wire.send(request("EXEC"))
                wire.read_all()
                raise AssertionError("100 MB were queued")
            except (ConnectionResetError, BrokenPipeError):
                pass
            assert server.memory() < before + 160 * MB, "what was queued is kept"
    return f"{megabytes(grown)} for a million commands, {seen['longest']}"


# --- the end --------------------------------------------------------------------

def load(port):
    """Keeps a server busy until it is gone."""
    batch = b"".join(request("SET", f"key:{i}", "v" * 100) + request("GET", f"key:{i}") for i in range(200))
    try:
        with Wire(port) as wire:
            while True:
                wire.send(batch)
                if len(wire.read(len(b"+OK\r\n$100\r\n\r\n" + b"v" * 100) * 200)) == 0:
                    return
    except OSError:
        pass


@check
def ended_under_load(program):
    """SIGTERM while clients are busy, read slowly, or are in the middle of a request."""
    with Server(program) as server:
        with Wire(server) as wire:
            wire.ask("SET", "large", b"x" * MB)
        busy = [multiprocessing.Process(target=load, args=(server.port,), daemon=True) for _ in range(3)]
        for process in busy:
            process.start()
        wires = [Wire(server) for _ in range(50)]
        for i, wire in enumerate(wires):
            wire.send((request("GET", "large") * 20, request("SET", "k", "v")[:-3])[i % 2])
        time.sleep(0.5)
        took = server.stop(2)
        for process in busy:
            process.join(5)
            assert process.exitcode == 0, "a client did not notice that the server is gone"
    return f"after {took * 1000:.0f} ms"


def main():
    args = arguments(__doc__)
    tally = Tally(tells_all=True)
    for name, function in CHECKS.items():
        if not args.names or name in args.names:
            tally.run(name.replace("_", " "), function, args.server)
    tally.end()


if __name__ == "__main__":
    main()
