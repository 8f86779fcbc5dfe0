#!/usr/bin/env python3
"""Makes the files that SnapshotFuzzer and AppendOnlyFuzzer begin with: small ones of every type and encoding.

    Tests/Fuzzing/Seeds/make.py

redis.* are written by `redis-server` 7.0 from PATH, valkey.* by `.peers/valkey-server` 9.1: a snapshot, and an
append-only file of the same data: its manifest, a base of commands and an increment.
"""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def commands(has_field_expiries):
    yield "CONFIG SET list-max-listpack-size 4 hash-max-listpack-entries 8 zset-max-listpack-entries 8"
    yield "CONFIG SET set-max-intset-entries 8 list-compress-depth 1"
    for key, value in (("text", "some-text"), ("number", "12345"), ("byte", "-7"), ("wide", "5000000000"), ("long", "ab" * 60)):
        yield f"SET {key} {value}"
    yield "PEXPIREAT number 4000000000000"
    yield "EXPIREAT byte 4000000000"
    for count in (3, 20):
        for index in range(count):
            word = index * 1000 if index % 2 else f"element-{index}" * (9 if index == 4 else 1)
            yield f"RPUSH list{count} {word}"
            yield f"SADD integers{count} {index * (index and 70000 ** (index % 3))}"
            yield f"SADD set{count} {word}"
            yield f"HSET hash{count} {word} {index}"
            yield f"ZADD zset{count} {index / 7 if index % 3 else index} {word}"
            if has_field_expiries:
                yield f"HSET fields{count} {word} {index}"
    yield "ZADD zset3 inf high -inf low"
    yield "PFADD sparse a b c d"
    yield "GEOADD places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"
    if has_field_expiries:
        yield "HPEXPIREAT fields3 4000000000000 FIELDS 2 0 1000"
        yield "HPEXPIREAT fields20 4000000000000 FIELDS 2 1000 3000"
    yield "SELECT 3"
    yield "SET other database"
    yield "SAVE"
    # From here on only the increment changes.
    yield "BGREWRITEAOF"
    yield "SELECT 0"
    yield "MULTI"
    yield "SET one 1"
    yield "SELECT 5"
    yield "INCR two"
    yield "EXEC"
    yield "SELECT 0"
    yield "DEL text"
    yield "LMOVE list3 list20 LEFT RIGHT"
    yield "SPOP set20"
    yield "APPEND long xyz"


def wait_for_rewrite(wire, replies):
    while True:
        wire.sendall(b"INFO persistence\r\n")
        text = replies.read(int(replies.readline()[1:]) + 2).decode()
        if "aof_rewrite_in_progress:0" in text and "aof_rewrite_scheduled:0" in text:
            return
        time.sleep(0.1)


def copy_append_only_file(directory, stem):
    """Its parts under names that tell them apart."""
    parts = {".manifest": "manifest", ".base.aof": "base.aof", ".incr.aof": "incr.aof"}
    for path in sorted(Path(directory, "appendonlydir").iterdir()):
        for suffix, name in parts.items():
            if path.name.endswith(suffix):
                shutil.copy(path, HERE / f"{stem}.{name}")


def make(program, name, has_field_expiries):
    with tempfile.TemporaryDirectory() as directory, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        server = subprocess.Popen(
            [program, "--port", str(port), "--save", "", "--dir", directory, "--dbfilename", name,
             "--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--aof-timestamp-enabled", "yes",
             "--appendfsync", "always"], stdout=subprocess.DEVNULL)
        try:
            for _ in range(100):
                try:
                    wire = socket.create_connection(("127.0.0.1", port), timeout=10)
                    break
                except OSError:
                    time.sleep(0.1)
            replies = wire.makefile("rb")
            for command in commands(has_field_expiries):
                wire.sendall(command.encode() + b"\r\n")
                line = replies.readline()
                if line[:1] == b"*":
                    line += b"".join(replies.readline() for _ in range(int(line[1:])))
                if line[:1] == b"$":
                    replies.readline()
                if line[:1] == b"-":
                    raise SystemExit(f"{program}: {command}: {line.decode()}")
                if command == "BGREWRITEAOF":
                    wait_for_rewrite(wire, replies)
            shutil.copy(Path(directory, name), HERE / name)
            copy_append_only_file(directory, name.removesuffix(".rdb"))
        finally:
            server.kill()
            server.wait()
    print(f"{name}: {(HERE / name).stat().st_size} bytes")


make(shutil.which("redis-server"), "redis.rdb", False)
make(str(ROOT / ".peers/valkey-server"), "valkey.rdb", True)
