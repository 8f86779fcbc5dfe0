#!/usr/bin/env python3
"""Hit rates under eviction, beside redis-server's.

    Benchmarks/eviction.py [--server PATH] [--peer PATH] [--seconds N] [--rate N]

A cache is simulated: what is not found is stored. Both servers get the same trace
at the same pace (LRU clocks count seconds), room for the same number of bytes above
what they use empty, and print the share of look-ups that hit.

Traces: "zipf", keys by Zipf's law; "scan", the same with a tenth of the time given
to walks through keys that are never asked for again.
"""
import argparse
import bisect
import itertools
import random
import socket
import subprocess
import threading
import time

KEYS = 100_000
VALUE = 200
ROOM = 3 * 1024 * 1024
BATCH = 100


def trace(kind, length, seed=1):
    """Numbers of keys, in the order in which they are asked for."""
    chance = random.Random(seed)
    weights = list(itertools.accumulate(1 / (rank + 1) ** 0.9 for rank in range(KEYS)))
    names = list(range(KEYS))
    chance.shuffle(names)
    walk = itertools.count(KEYS)
    numbers = []
    while len(numbers) < length:
        if kind == "scan" and len(numbers) % 20_000 >= 18_000:
            numbers.append(next(walk))
        else:
            numbers.append(names[bisect.bisect_left(weights, chance.random() * weights[-1])])
    return numbers


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def send(self, requests):
        self.socket.sendall(b"".join(
            b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
            for words in requests))

    def reply(self):
        line = self.file.readline()
        if line[:1] == b"$":
            count = int(line[1:])
            return None if count < 0 else self.file.read(count + 2)[:-2]
        if line[:1] == b"*":
            return [self.reply() for _ in range(int(line[1:]))]
        return line[:-2]

    def call(self, *words):
        self.send([[str(word).encode() for word in words]])
        return self.reply()

    def used(self):
        return int(self.call("INFO", "memory").split(b"used_memory:")[1].split(b"\r\n")[0])


def run(command, port, policy, numbers, rate):
    """The share of hits, or None when the server does not know the policy."""
    process = subprocess.Popen(command + ["--port", str(port), "--save", ""], stdout=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                client = Client(port)
                break
            except OSError:
                time.sleep(0.05)
        if b"OK" not in client.call("CONFIG", "SET", "maxmemory-policy", policy):
            return None
        client.call("CONFIG", "SET", "maxmemory", client.used() + ROOM)
        return replay(client, policy, numbers, rate)
    finally:
        process.kill()
        process.wait()


def replay(client, policy, numbers, rate):
    value = b"x" * VALUE
    hits = 0
    # The first fifth fills the cache.
    counted = len(numbers) // 5
    start = time.monotonic()
    for first in range(0, len(numbers), BATCH):
        time.sleep(max(0, start + first / rate - time.monotonic()))
        batch = [b"key:%d" % number for number in numbers[first:first + BATCH]]
        client.send([[b"GET", key] for key in batch])
        missed = [key for key in batch if client.reply() is None]
        if first >= counted:
            hits += len(batch) - len(missed)
        if missed:
            life = [b"%d" % (1000 + hash_of(key) % 1000) for key in missed] if policy.startswith("volatile") else None
            client.send([
                [b"SET", key, value] + ([b"EX", life[i]] if life else []) for i, key in enumerate(missed)])
            for _ in missed:
                client.reply()
    late = time.monotonic() - start - len(numbers) / rate
    if late > 0.5:
        print(f"  (late by {late:.1f} s: lower --rate)")
    return hits / (len(numbers) - counted)


def hash_of(key):
    return int(key.split(b":")[1]) * 2654435761 % 2 ** 32


def main():
    options = argparse.ArgumentParser(description="Hit rates under eviction, beside redis-server's.")
    options.add_argument("--server", default=".build/release/needletail-server")
    options.add_argument("--peer", default="redis-server")
    options.add_argument("--seconds", type=int, default=30)
    options.add_argument("--rate", type=int, default=5_000)
    options.add_argument("--port", type=int, default=20_860)
    options = options.parse_args()
    print(f"{KEYS} keys of {VALUE} bytes, {ROOM >> 20} MiB, {options.rate} look-ups a second for {options.seconds} s")
    print(f"{'trace':6} {'policy':16} {'needletail':>10} {'redis':>10}")
    for kind in ["zipf", "scan"]:
        numbers = trace(kind, options.seconds * options.rate)
        for policy in [
            "allkeys-lru", "allkeys-lfu", "allkeys-lrm", "allkeys-random",
            "volatile-lru", "volatile-lfu", "volatile-lrm", "volatile-random", "volatile-ttl",
        ]:
            results = [None, None]

            def measure(index, command):
                results[index] = run(command, options.port + index, policy, numbers, options.rate)

            threads = [
                threading.Thread(target=measure, args=(index, [path]))
                for index, path in enumerate([options.server, options.peer])
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            shown = ["-" if result is None else f"{result * 100:.2f} %" for result in results]
            print(f"{kind:6} {policy:16} {shown[0]:>10} {shown[1]:>10}", flush=True)


if __name__ == "__main__":
    main()
