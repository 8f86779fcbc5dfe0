"""Rows of the benchmark about data types: CPU per request, bytes per item.

A `Row` says how its data are made and which request is repeated. Data are made
once a server; rows that take elements away put back what they need before each
run, outside of the measured time.
"""

import random
import statistics
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

from servers import Wire

MEMBER = "member:%09d"  # 16 bytes
RANDOM = "__rand_int__"  # redis-benchmark writes 12 digits here


def request(*words):
    data = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n%b" % (len(data), b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in data))


def send(server, requests, depth=500):
    """Sends requests whose replies are one line each."""
    with Wire(server.port) as wire:
        for start in range(0, len(requests), depth):
            batch = requests[start:start + depth]
            wire.socket.sendall(b"".join(batch))
            lines, left = b"", len(batch)
            while left:
                part = wire.socket.recv(1 << 20)
                if not part or b"-ERR" in part:
                    raise RuntimeError(f"{server.name}: {part[:200]}")
                left -= part.count(b"\n")


def chunks(items, size):
    return [items[start:start + size] for start in range(0, len(items), size)]


def shuffled(count, seed=1):
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return order


def fill(server, command, key, items, size=100):
    send(server, [request(command, key, *chunk) for chunk in chunks(items, size)])


@dataclass(frozen=True)
class Row:
    label: str
    command: tuple
    target: float = 1.0
    requests: int = 200_000
    slow: bool = False  # measured without a pipeline only, a thousandth of the requests
    before: object = None  # called with (server, requests) before every run


def members(count, form=MEMBER):
    return [form % index for index in shuffled(count)]


def prepare(server, scale):
    """All data of the rows, in one server."""
    big, many = 1_000_000 // scale, 100_000 // scale
    fill(server, "RPUSH", "list", [f"element:{index:08d}" for index in range(10_000)])
    fill(server, "SADD", "set", [f"member:{index:012d}" for index in shuffled(big)])
    fill(server, "HSET", "hash", [word for index in shuffled(big) for word in (f"field:{index:012d}", f"value:{index:09d}")])
    fill(server, "HSET", "small", [word for index in range(20) for word in (f"field{index:02d}", f"value{index:02d}")])
    scores = random.Random(7)
    fill(server, "ZADD", "zset",
         [word for index in shuffled(big) for word in (scores.randrange(10_000_000), f"member:{index:012d}")])
    for name, start in (("a", 0), ("b", many // 2)):
        order = [start + index for index in shuffled(many)]
        fill(server, "SADD", f"set:{name}", [MEMBER % index for index in order])
        fill(server, "ZADD", f"zset:{name}", [word for index in order for word in (index * 3 % 1000, MEMBER % index)])
    fill(server, "RPUSH", "numbers", shuffled(10_000))
    draw = random.Random(3)
    send(server, [request("SET", "bits:1m", draw.randbytes(1 << 20)), request("SET", "bits:a", draw.randbytes(10 << 20)),
                  request("SET", "bits:b", draw.randbytes(10 << 20))])
    fill(server, "PFADD", "visitors", [f"visitor:{index}" for index in range(100_000)])
    points = [word for index in range(many) for word in (draw.uniform(-180, 180), draw.uniform(-80, 80), f"place:{index}")]
    send(server, [request("GEOADD", "places", *chunk) for chunk in chunks(points, 300)])


def refill_list(server, requests):
    send(server, [request("DEL", "queue")])
    for chunk in chunks([f"element:{index:08d}" for index in range(requests)], 100_000):
        fill(server, "RPUSH", "queue", chunk, 1000)


def refill_set(server, requests):
    send(server, [request("DEL", "lottery")])
    fill(server, "SADD", "lottery", [MEMBER % index for index in range(requests)], 1000)


def clear(key):
    return lambda server, requests: send(server, [request("DEL", key)])


ROWS = [
    Row("LPUSH", ("LPUSH", "pushed", "element:00000001"), before=clear("pushed")),
    Row("RPUSH", ("RPUSH", "pushed", "element:00000001"), before=clear("pushed")),
    Row("LPOP", ("LPOP", "queue"), before=refill_list),
    Row("LRANGE 100", ("LRANGE", "list", "0", "99"), requests=60_000),
    Row("SADD", ("SADD", "added", "member:" + RANDOM), before=clear("added")),
    Row("SISMEMBER", ("SISMEMBER", "set", "member:" + RANDOM)),
    Row("SPOP", ("SPOP", "lottery"), before=refill_set),
    Row("HSET", ("HSET", "hash", "field:" + RANDOM, "value:000000000")),
    Row("HGET", ("HGET", "hash", "field:" + RANDOM)),
    Row("HGETALL, 20 fields", ("HGETALL", "small"), requests=100_000),
    Row("ZADD, 1M members", ("ZADD", "zset", RANDOM, "member:" + RANDOM)),
    Row("ZINCRBY", ("ZINCRBY", "zset", "1", "member:" + RANDOM)),
    Row("ZRANK", ("ZRANK", "zset", "member:" + RANDOM), target=0.7),
    Row("ZRANGE 100 by rank", ("ZRANGE", "zset", "100000", "100099"), requests=60_000),
    Row("ZRANGE 100 by score", ("ZRANGE", "zset", "5000000", "9999999", "BYSCORE", "LIMIT", "0", "100"), 0.7, 60_000),
    Row("ZUNIONSTORE of two 100k", ("ZUNIONSTORE", "result", "2", "zset:a", "zset:b"), requests=20, slow=True),
    Row("SINTER of two 100k", ("SINTER", "set:a", "set:b"), 0.7, 100, slow=True),
    Row("SORT of 10k", ("SORT", "numbers"), requests=200, slow=True),
    Row("PFADD", ("PFADD", "visitors", "visitor:" + RANDOM)),
    Row("PFCOUNT", ("PFCOUNT", "visitors", "visitors:2"), 0.7, 20_000),
    Row("BITCOUNT of 1 MB", ("BITCOUNT", "bits:1m"), 0.7, 2_000),
    Row("BITOP on 10 MB", ("BITOP", "AND", "bits:c", "bits:a", "bits:b"), 0.7, 50, slow=True),
    Row("GEOSEARCH", ("GEOSEARCH", "places", "FROMLONLAT", "10", "50", "BYRADIUS", "500", "km"), requests=20_000),
]


def drive(server, row, pipeline, scale):
    """CPU seconds of the server for one request of the row."""
    requests = max(10, row.requests // scale)
    if row.before:
        row.before(server, requests)
    clients = 1 if row.slow else 50
    arguments = ["redis-benchmark", "-p", server.port, "-n", requests, "-r", 1_000_000 // scale, "-c", clients,
                 "-P", pipeline, "-q", *row.command]
    before, _ = server.cpu()
    run = subprocess.run([str(word) for word in arguments], capture_output=True, text=True, timeout=600)
    time.sleep(0.05)
    after, _ = server.cpu()
    if run.returncode or "rror" in run.stdout + run.stderr:
        raise RuntimeError(f"{row.label} against {server.name}: {(run.stderr or run.stdout)[-300:]}")
    return (after - before) / requests


@dataclass(frozen=True)
class Items:
    """What is weighed: `count` items in one key, or in keys of `per_key` items."""

    label: str
    command: str
    words: object  # of one item's index
    target: float
    per_key: int = 0  # 0: all in one key
    counts: tuple = field(default=(700_000, 1_000_000, 1_400_000))


ITEMS = [
    Items("sorted set, 16 B members", "ZADD", lambda i: (i * 7919 % 10_000_019, MEMBER % i), 0.75),
    Items("hash, 16 B fields and values", "HSET", lambda i: ("field::%09d" % i, "value::%09d" % i), 0.9),
    Items("set, 16 B members", "SADD", lambda i: (MEMBER % i,), 0.9),
    Items("list, 16 B elements", "RPUSH", lambda i: ("element:%08d" % i,), 1.0),
    Items("hash of 5 fields, per key", "HSET", lambda i: ("field%d" % i, "value:%03d" % i), 0.85, 5,
          (70_000, 100_000, 140_000)),
]


def load(server, items, count):
    if items.per_key:
        words = [word for index in range(items.per_key) for word in items.words(index)]
        send(server, [request(items.command, f"key:{index:012d}", *words) for index in range(count)])
        return
    order = range(count) if items.command == "RPUSH" else shuffled(count)
    for chunk in chunks(list(order), 100_000):
        fill(server, items.command, "weighed", [word for index in chunk for word in items.words(index)], 1000)


def chosen(rows, only):
    """The rows whose labels begin with one of these texts."""
    return [row for row in rows if row.label.startswith(tuple(only))]


def measure(programs, start, only, rounds, scale, remark):
    """{"row, pipeline N": {server: median microseconds per request}}, and the targets of the rows.

    `start` makes a running server of a program.
    """
    runs, targets = {}, {}
    with ExitStack() as stack:
        servers = [stack.enter_context(start(program)) for program in programs]
        for server in servers:
            remark(f"data of all types into {server.name}")
            prepare(server, scale)
        for turn in range(rounds):
            for row in chosen(ROWS, only):
                for pipeline in (1,) if row.slow else (1, 16):
                    label = f"{row.label}, pipeline {pipeline}"
                    targets[label] = row.target
                    first = turn % len(servers)
                    for server in servers[first:] + servers[:first]:
                        cost = drive(server, row, pipeline, scale) * 1e6
                        remark(f"round {turn + 1}: {label}, {server.name}: {cost:.2f} us")
                        runs.setdefault(label, {}).setdefault(server.name, []).append(cost)
    return {label: {name: statistics.median(costs) for name, costs in row.items()} for label, row in runs.items()}, targets


def weigh(programs, start, only, scale, remark):
    """({row: {server: used bytes per item, mean of the sizes}}, the targets)"""
    rows = {}
    for items in chosen(ITEMS, only):
        for count in (size // scale for size in items.counts):
            for program in programs:
                with start(program) as server:
                    before, _ = server.memory()
                    load(server, items, count)
                    time.sleep(1)  # resizes under way end in idle time
                    after, _ = server.memory()
                cost = (after - before) / count
                remark(f"{items.label}, {count:,}, {program.name}: {cost:.1f}")
                rows.setdefault(items.label, {}).setdefault(program.name, []).append(cost)
    means = {label: {name: statistics.mean(costs) for name, costs in row.items()} for label, row in rows.items()}
    return means, {items.label: items.target for items in ITEMS}
