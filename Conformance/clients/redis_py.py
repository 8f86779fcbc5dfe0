#!/usr/bin/env python3
"""Runs redis-py, the Python client, through what the server can do.

    Conformance/clients/redis_py.py                    every check, in all four ways
    Conformance/clients/redis_py.py scanning lcs       these checks
    Conformance/clients/redis_py.py --server PATH      another server, say Redis itself

The ways are RESP2 and RESP3, each with replies as bytes and as text. The
client is fetched by `Tools/install.sh peers`.
"""

import random
import sys
import threading
import time

sys.dont_write_bytecode = True
from ways import check, equal, fails, holds, in_all_ways, last_check, near, plain, redis  # noqa: E402


# --- the connection -------------------------------------------------------------

@check
def greeting(r, connect):
    equal(r.ping(), True)
    equal([r.echo("hello"), r.echo("")], ["hello", ""])
    facts = r.execute_command("HELLO")
    if isinstance(facts, list):  # RESP2 has no maps
        facts = dict(zip(facts[::2], facts[1::2]))
    facts = plain(facts)
    equal([facts["proto"], facts["mode"], facts["role"]], [connect.keywords["protocol"], "standalone", "master"])
    fails("NOPROTO", r.execute_command, "HELLO", "9")
    fails("unknown command", r.execute_command, "NOSUCH", "a")
    fails("wrong number of arguments for 'get'", r.execute_command, "GET")
    equal(r.ping(), True)


@check
def databases(r, connect):
    r.set("k", "zero")
    equal(r.select(3), True)
    equal(r.get("k"), None)
    r.set("k", "three")
    r.select(0)
    equal(r.get("k"), "zero")
    with connect(db=3) as other:
        equal(other.get("k"), "three")
        equal(other.dbsize(), 1)
    fails("DB index is out of range", r.select, 16)
    fails("DB index is out of range", r.select, -1)
    equal(r.swapdb(0, 3), True)
    equal(r.get("k"), "three")
    fails("DB index is out of range", r.swapdb, 0, 99)
    equal(r.move("k", 5), True)
    equal([r.exists("k"), r.move("k", 5)], [0, False])
    r.set("k", "stays")
    equal(r.move("k", 3), False)
    fails("same", r.move, "k", 0)
    equal(r.flushdb(), True)
    equal(r.info("keyspace").keys(), {"db3", "db5"})
    equal(r.flushall(asynchronous=True), True)
    equal(r.info("keyspace"), {})
    r.set("k", "v")
    equal(r.flushdb(asynchronous=True), True)
    equal([r.dbsize(), r.flushall()], [0, True])


@check
def own_connection(r, connect):
    equal(r.client_getname(), None)
    equal(r.client_setname("needle"), True)
    equal(r.client_getname(), "needle")
    fails("cannot contain spaces", r.client_setname, "a b")
    equal(r.client_setinfo("LIB-NAME", "thread"), True)
    mine = plain(r.client_info())
    equal([int(mine["id"]), mine["name"], mine["lib-name"], int(mine["db"])], [r.client_id(), "needle", "thread", 0])
    equal(int(mine["resp"]), connect.keywords["protocol"])
    equal(r.client_no_evict("ON"), "OK")
    equal(r.client_no_touch("ON"), "OK")
    equal(r.client_no_touch("OFF"), "OK")
    equal(r.client_reply("ON"), "OK")
    if connect.keywords["protocol"] == 2:
        equal(r.execute_command("RESET"), "RESET")
        equal(r.client_getname(), None)


@check
def other_connections(r, connect):
    other = connect(single_connection_client=True, client_name="other")
    number = other.client_id()
    holds(number > r.client_id(), "later connections have larger numbers")
    names = {plain(client["name"]): client for client in r.client_list()}
    equal(int(names["other"]["id"]), number)
    equal([client["name"] for client in r.client_list(client_id=[number])], ["other"])
    equal(r.client_list(_type="replica"), [])
    equal(r.client_kill_filter(_id=number), 1)
    equal(r.client_kill_filter(_id=number), 0)
    try:
        other.ping()
        raise AssertionError("a killed connection still answers")
    except redis.ConnectionError:
        pass
    fails("No such client", r.client_kill, "127.0.0.1:1")
    equal(r.client_unblock(r.client_id()), False)


@check
def silence(r, connect):
    with connect() as other:
        line = other.connection_pool.get_connection()
        for words in (("CLIENT", "REPLY", "OFF"), ("SET", "k", "1"), ("CLIENT", "REPLY", "ON"),
                      ("CLIENT", "REPLY", "SKIP"), ("INCR", "k"), ("INCR", "k")):
            line.send_command(*words)
        equal([line.read_response(), line.read_response()], ["OK", 3])
        line.disconnect()


@last_check
def password(r, connect):
    """The last one: nobody else could talk to the server."""
    r.config_set("requirepass", "open sesame")
    equal(r.ping(), True)  # who is in stays in
    stranger = connect(single_connection_client=False)
    try:
        stranger.ping()
        raise AssertionError("no password was asked for")
    except redis.AuthenticationError as error:
        holds("uthenticat" in str(error), str(error))  # RESP3 begins with HELLO, which has words of its own
    for given in ({"password": "close sesame"}, {"password": "open sesame", "username": "nobody"}):
        try:
            connect(**given).ping()
            raise AssertionError(f"{given} was let in")
        except redis.AuthenticationError as error:
            holds("invalid username-password pair" in str(error), str(error))
    for given in ({}, {"username": "default"}):
        with connect(password="open sesame", **given) as friend:
            equal(friend.set("k", "v"), True)
            equal(friend.auth("open sesame"), True)
    r.config_set("requirepass", "")
    equal(stranger.get("k"), "v")
    stranger.close()


# --- strings --------------------------------------------------------------------

@check
def setting(r, connect):
    equal(r.set("k", "1"), True)
    equal(r.set("k", "2", nx=True), None)
    equal(r.set("k", "2", xx=True), True)
    equal(r.set("k", "3", get=True), "2")
    equal(r.set("new", "1", xx=True), None)
    equal(r.set("new", "1", nx=True, get=True), None)
    equal(r.set("new", "2", nx=True, get=True), "1")
    equal([r.get("k"), r.get("new"), r.get("missing")], ["3", "1", None])
    now = int(time.time())
    for option, left in (({"ex": 100}, 100), ({"px": 100_000}, 100), ({"exat": now + 101}, 101),
                         ({"pxat": (now + 101) * 1000}, 101)):
        equal(r.set("k", "v", **option), True)
        near(r.ttl("k"), left, 3)
    r.set("k", "w", keepttl=True)
    near(r.ttl("k"), 101, 3)
    r.set("k", "w")
    equal(r.ttl("k"), -1)
    r.set("k", "w", exat=1)
    equal(r.exists("k"), 0)
    equal(r.setex("k", 100, "5"), True)
    equal(r.psetex("p", 100_000, "6"), True)
    near(r.ttl("k"), 100, 2)
    near(r.pttl("p"), 100_000, 2000)
    equal([r.setnx("k", "6"), r.setnx("fresh", "6")], [False, True])
    equal([r.getset("k", "7"), r.ttl("k"), r.getset("none", "1")], ["5", -1, None])
    fails("syntax error", r.execute_command, "SET", "k", "v", "NX", "XX")
    fails("syntax error", r.execute_command, "SET", "k", "v", "EX", "1", "PX", "1")
    fails("invalid expire time in 'set'", r.set, "k", "v", ex=0)
    fails("invalid expire time in 'setex'", r.setex, "k", -1, "v")
    fails("not an integer", r.execute_command, "SET", "k", "v", "EX", "soon")


@check
def setting_on_conditions(r, connect):
    equal(r.set("k", "v", ifeq="v"), None)
    equal(r.set("k", "v", ifne="other"), True)
    equal(r.set("k", "w", ifeq="x"), None)
    equal(r.set("k", "w", ifeq="v"), True)
    equal(r.set("k", "x", ifne="w"), None)
    equal([r.set("k", "x", ifeq="no", get=True), r.set("k", "x", ifeq="w", get=True), r.get("k")], ["w", "w", "x"])
    digest = plain(r.digest("k"))
    equal(len(digest), 16)
    equal(r.set("k", "y", ifdeq="0" * 16), None)
    equal(r.set("k", "y", ifdeq=digest), True)
    equal(r.set("k", "z", ifdne=r.digest("k")), None)
    equal(r.set("k", "z", ifdne=digest), True)
    equal([r.get("k"), r.digest("missing")], ["z", None])
    equal(r.execute_command("DIGEST", "k"), plain(r.digest("k")))
    equal([r.delex("k", ifeq="no"), r.delex("k", ifne="z"), r.delex("k", ifdne=r.digest("k"))], [0, 0, 0])
    equal([r.delex("k", ifeq="z"), r.exists("k"), r.delex("k")], [1, 0, 0])
    r.mset({"a": "1", "b": "2", "c": "3"})
    equal([r.delex("a"), r.delex("b", ifdeq=r.digest("b")), r.delex("c", ifne="b")], [1, 1, 1])
    r.set("k", "v")
    equal([r.execute_command("DELIFEQ", "k", "w"), r.execute_command("DELIFEQ", "k", "v")], [0, 1])
    equal(r.execute_command("DELIFEQ", "k", "v"), 0)
    r.set("k", "v")
    fails("Invalid condition", r.execute_command, "DELEX", "k", "IFGT", "1")
    fails("16 hexadecimal", r.set, "k", "v", ifdeq="short")


@check
def getting(r, connect):
    r.set("k", "v")
    equal([r.getex("k"), r.ttl("k")], ["v", -1])
    now = int(time.time())
    for option, left in (({"ex": 100}, 100), ({"px": 100_000}, 100), ({"exat": now + 101}, 101),
                         ({"pxat": (now + 101) * 1000}, 101)):
        equal(r.getex("k", **option), "v")
        near(r.ttl("k"), left, 3)
    equal([r.getex("k", persist=True), r.ttl("k")], ["v", -1])
    equal([r.getex("k", exat=1), r.get("k"), r.getex("k", ex=5)], ["v", None, None])
    r.set("k", "v")
    equal([r.getdel("k"), r.getdel("k")], ["v", None])
    equal([r.strlen("k"), r.set("k", "12345"), r.strlen("k")], [0, True, 5])


@check
def many_at_once(r, connect):
    pairs = {f"k{i}": f"v{i}" for i in range(1000)}
    equal(r.mset(pairs), True)
    equal(r.mget(list(pairs) + ["missing"]), [*pairs.values(), None])
    equal([r.msetnx({"k0": "x", "new": "x"}), r.exists("new"), r.msetnx({"new": "x", "newer": "y"})], [False, 0, True])
    equal(r.msetex({"a": "1", "b": "2"}, ex=100), 1)
    near(r.ttl("b"), 100, 2)
    equal(r.execute_command("MSETEX", 2, "a", "3", "c", "4", "NX"), 0)
    equal(r.execute_command("MSETEX", 2, "a", "3", "b", "4", "XX", "KEEPTTL"), 1)
    equal(r.mget("a", "b", "c"), ["3", "4", None])
    near(r.ttl("a"), 100, 3)
    fails("numkeys", r.execute_command, "MSETEX", 0, "a", "1")
    fails("wrong number", r.execute_command, "MSETEX", 2, "a", "1")
    fails("wrong number of arguments", r.execute_command, "MSET", "a", "1", "b")
    equal(r.delete(*pairs), 1000)


@check
def counting(r, connect):
    equal([r.incr("n"), r.incr("n", 41), r.decr("n"), r.decr("n", 40), r.incrby("n", -3)], [1, 42, 41, 1, -2])
    r.set("n", 2**63 - 1)
    fails("overflow", r.incr, "n")
    r.set("n", -(2**63))
    fails("overflow", r.decr, "n")
    fails("overflow", r.execute_command, "DECRBY", "n", "-9223372036854775808")
    for text in ("", " 1", "1 ", "+1", "01", "1.0", "9223372036854775808", "one"):
        r.set("n", text)
        fails("not an integer or out of range", r.incr, "n")
    equal(r.incrbyfloat("f", 10.5), 10.5)
    equal(r.incrbyfloat("f", "0.1"), 10.6)
    equal([r.get("f"), r.incrbyfloat("f", "-5.1e1"), r.get("f")], ["10.6", -40.4, "-40.4"])
    r.set("f", "3")
    equal([r.incrbyfloat("f", 1), r.get("f"), r.incr("f")], [4, "4", 5])
    fails("not a valid float", r.incrbyfloat, "f", "much")
    fails("NaN or Infinity", r.incrbyfloat, "f", "inf")


@check
def counting_within_bounds(r, connect):
    def increx(*words):
        return [float(number) for number in r.execute_command("INCREX", "n", *words)]

    equal(plain(r.increx("n")), [1, 1])
    equal(plain(r.increx("n", byint=10, ubound=5)), [1, 0])
    equal(plain(r.increx("n", byint=10, ubound=5, saturate=True)), [5, 4])
    equal(plain(r.increx("n", byint=-3, lbound=0, ex=100)), [2, -3])
    near(r.ttl("n"), 100, 2)
    equal([increx("EX", "500", "ENX"), r.ttl("n") <= 100], [[3, 1], True])
    equal([increx("PERSIST"), r.ttl("n")], [[4, 1], -1])
    equal([increx("BYFLOAT", "0.5"), r.get("n")], [[4.5, 0.5], "4.5"])
    equal(increx("BYFLOAT", "10", "UBOUND", "6", "SATURATE"), [6, 1.5])
    fails("LBOUND can't be greater", increx, "LBOUND", "2", "UBOUND", "1")
    fails("syntax error", increx, "BYINT", "1", "BYFLOAT", "1")


@check
def parts(r, connect):
    equal([r.append("k", "Hello"), r.append("k", " World"), r.get("k")], [5, 11, "Hello World"])
    equal([r.getrange("k", 0, 4), r.getrange("k", -5, -1), r.getrange("k", 5, 2), r.getrange("k", 0, 99)],
          ["Hello", "World", "", "Hello World"])
    equal([r.substr("k", 6), r.substr("k", 0, 4), r.getrange("none", 0, -1)], ["World", "Hello", ""])
    equal([r.setrange("k", 6, "Redis"), r.get("k")], [11, "Hello Redis"])
    equal([r.setrange("pad", 3, "x"), r.get("pad"), r.setrange("none", 9, ""), r.exists("none")], [4, "\0\0\0x", 0, 0])
    fails("offset is out of range", r.setrange, "k", -1, "x")
    fails("maximum allowed size", r.setrange, "k", 512 * 1024 * 1024, "x")
    r.set("n", 1234)
    equal([r.append("n", "5"), r.getrange("n", 1, 3), r.incr("n")], [5, "234", 12346])


@check
def lcs(r, connect):
    r.mset({"a": "ohmytext", "b": "mynewtext"})
    equal([r.lcs("a", "b"), r.lcs("a", "b", len=True), r.lcs("a", "missing")], ["mytext", 6, ""])
    found = r.lcs("a", "b", idx=True, minmatchlen=4, withmatchlen=True)
    if isinstance(found, list):
        found = dict(zip(found[::2], found[1::2]))
    equal(found, {"matches": [[[4, 7], [5, 8], 4]], "len": 6})
    fails("just use IDX", r.lcs, "a", "b", len=True, idx=True)


@check
def large_values(r, connect):
    large = "".join(random.Random(1).choices("abcdefghijklmnop", k=1 << 16)) * 128  # 8 MB
    equal(r.set("big", large), True)
    holds(plain(r.get("big")) == large, "8 MB come back as they were sent")
    equal([r.strlen("big"), r.getrange("big", 1 << 20, (1 << 20) + 9)], [len(large), large[1 << 20:(1 << 20) + 10]])
    equal([r.append("big", "tail"), r.getrange("big", -4, -1)], [len(large) + 4, "tail"])
    equal(r.setrange("big", 1 << 23, "TAIL"), len(large) + 4)
    equal([r.copy("big", "twin"), r.digest("twin") == r.digest("big")], [True, True])
    pipe = r.pipeline(transaction=False)
    for _ in range(3):
        pipe.get("twin")
        pipe.set("third", large)
        pipe.get("third")
    equal([len(reply) if reply is not True else reply for reply in pipe.execute()],
          [len(large) + 4, True, len(large)] * 3)
    equal(r.unlink("big", "twin", "third", "none"), 3)


@check
def binary(r, connect):
    rng = random.Random(2)
    with connect(decode_responses=False) as raw:
        every = {bytes([i]): bytes([255 - i]) for i in range(256)}
        every |= {rng.randbytes(size): rng.randbytes(size * 7) for size in (2, 16, 255, 256, 4096, 70_000)}
        every |= {b"": b"empty", b"\r\n": b"$-1\r\n", "ключ 🪡".encode(): "значение 🧵".encode()}
        raw.mset(every)
        assert raw.mget(list(every)) == list(every.values()), "values differ"
        assert set(raw.scan_iter()) == set(every) == set(raw.keys()), "keys differ"
        assert raw.delete(*every) == len(every), "not all were there"


@check
def text_or_bytes(r, connect):
    kind = str if connect.keywords["decode_responses"] else bytes
    r.set("k", "é")
    replies = [r.get("k"), r.echo("é"), *r.keys(), *r.mget("k"), r.getrange("k", 0, -1), r.type("k")]
    equal([type(reply) for reply in replies], [kind] * len(replies))


# --- keys -----------------------------------------------------------------------

@check
def lifetimes(r, connect):
    r.set("k", "v")
    equal([r.ttl("k"), r.pttl("k"), r.expiretime("k"), r.pexpiretime("k"), r.persist("k")], [-1, -1, -1, -1, False])
    equal([r.ttl("x"), r.pttl("x"), r.expiretime("x"), r.pexpiretime("x"), r.persist("x")], [-2, -2, -2, -2, False])
    equal([r.expire("x", 9), r.expire("k", 100)], [False, True])
    near(r.ttl("k"), 100, 2)
    equal([r.expire("k", 50, nx=True), r.expire("k", 200, xx=True), r.expire("k", 100, gt=True),
           r.expire("k", 300, gt=True), r.expire("k", 400, lt=True), r.expire("k", 150, lt=True)],
          [False, True, False, True, False, True])
    near(r.ttl("k"), 150, 2)
    equal([r.persist("k"), r.ttl("k")], [True, -1])
    equal([r.expire("k", 5, xx=True), r.expire("k", 5, gt=True), r.pexpire("k", 100_000, lt=True)], [False, False, True])
    moment = int(time.time()) + 1000
    equal([r.expireat("k", moment), r.expiretime("k"), r.pexpiretime("k")], [True, moment, moment * 1000])
    equal([r.pexpireat("k", moment * 1000 + 7), r.pexpiretime("k")], [True, moment * 1000 + 7])
    equal([r.expireat("k", moment + 9, gt=True), r.pexpireat("k", 5, nx=True)], [True, False])
    equal([r.expire("k", -1), r.exists("k")], [True, 0])
    r.set("k", "v", px=30)
    time.sleep(0.06)
    equal([r.get("k"), r.exists("k"), r.ttl("k"), r.scan(0)[1]], [None, 0, -2, []])
    fails("not an integer", r.execute_command, "EXPIRE", "k", "soon")
    fails("not compatible", r.execute_command, "EXPIRE", "k", "1", "NX", "XX")
    fails("invalid expire time in 'expire'", r.execute_command, "EXPIRE", "k", "9223372036854775807")


@check
def presence(r, connect):
    r.mset({"a": "1", "b": "2", "c": "3"})
    equal([r.exists("a", "b", "a", "x"), r.touch("a", "x", "b"), r.dbsize()], [3, 2, 3])
    equal([r.type("a"), r.type("x")], ["string", "none"])
    holds(plain(r.randomkey()) in {"a", "b", "c"}, "a key by chance is one of the keys")
    equal([r.delete("a", "x"), r.unlink("b", "b"), r.dbsize()], [1, 1, 1])
    r.flushdb()
    equal(r.randomkey(), None)


@check
def moving(r, connect):
    r.set("a", "1", ex=100)
    equal([r.rename("a", "b"), r.exists("a"), r.get("b")], [True, 0, "1"])
    near(r.ttl("b"), 100, 2)
    r.set("c", "3")
    equal([r.renamenx("b", "c"), r.renamenx("b", "d"), r.rename("c", "d"), r.get("d"), r.ttl("d")],
          [False, True, True, "3", -1])
    fails("no such key", r.rename, "x", "y")
    equal([r.copy("d", "e"), r.get("e"), r.copy("x", "y"), r.copy("d", "e")], [True, "3", False, False])
    r.set("d", "4", ex=100)
    equal([r.copy("d", "e", replace=True), r.get("e"), r.copy("d", "d", destination_db=1)], [True, "4", True])
    near(r.ttl("e"), 100, 2)
    fails("the same", r.copy, "d", "d")
    fails("out of range", r.copy, "d", "x", destination_db=99)


@check
def scanning(r, connect):
    keys = {f"user:{i}" for i in range(2000)} | {f"Item[{i}]" for i in range(500)}
    r.mset(dict.fromkeys(keys, "x"))
    equal(set(r.scan_iter()), keys)
    equal(set(r.scan_iter(count=1000)), keys)
    equal(set(r.scan_iter(count=1, match="user:1?")), {f"user:{i}" for i in range(10, 20)})
    equal(set(r.scan_iter(match=r"Item\[[12]\]", _type="string")), {"Item[1]", "Item[2]"})
    equal(list(r.scan_iter(_type="list")), [])
    equal(set(r.keys("user:*9")), {key for key in keys if key[0] == "u" and key[-1] == "9"})
    equal([set(r.keys()), r.keys("[^uI]*"), r.keys("user:7")], [keys, [], ["user:7"]])
    seen = set()
    for i, key in enumerate(r.scan_iter(count=20)):  # what stays is seen, whatever comes and goes meanwhile
        seen.add(plain(key))
        if i % 10 == 0:
            r.set(f"extra:{i}", "x")
            r.delete(f"user:{i}")
    holds(seen >= {key for key in keys if not key.startswith("user:")}, "a key that was there throughout was missed")
    fails("invalid cursor", r.execute_command, "SCAN", "x")
    fails("syntax error", r.execute_command, "SCAN", "0", "COUNT", "0")


@check
def objects(r, connect):
    r.mset({"int": "12345", "short": "x" * 44, "long": "x" * 45})
    equal([r.object("encoding", key) for key in ("int", "short", "long")], ["int", "embstr", "raw"])
    r.append("short", "y")
    equal(r.object("encoding", "short"), "raw")
    equal([r.object("refcount", "long"), r.object("idletime", "long")], [1, 0])
    fails("LFU", r.object, "freq", "long")
    equal(r.object("encoding", "x"), None)
    holds(r.memory_usage("long") >= 45, "a value takes its length at least")
    equal(r.memory_usage("x"), None)
    holds("ENCODING" in str(r.execute_command("OBJECT", "HELP")), "OBJECT HELP names ENCODING")


# --- the server -----------------------------------------------------------------

@check
def facts(r, connect):
    everything = r.info("everything")
    for name in ("redis_version", "process_id", "tcp_port", "uptime_in_seconds", "connected_clients", "used_memory",
                 "total_commands_processed", "role", "used_cpu_user"):
        holds(name in everything, f"INFO tells no {name}")
    equal(everything["tcp_port"], connect.keywords["port"])
    holds(everything["cmdstat_info"]["calls"] >= 1 if "cmdstat_info" in everything else True, "INFO is counted")
    r.set("k", "v", ex=100)
    keyspace = r.info("keyspace")["db0"]
    equal([keyspace["keys"], keyspace["expires"]], [1, 1])
    before = r.info("stats")
    r.get("k")
    r.get("x")
    after = r.info("stats")
    equal([after[name] - before[name] for name in ("keyspace_hits", "keyspace_misses")], [1, 1])
    equal(r.config_resetstat(), True)
    equal(r.info("stats")["keyspace_hits"], 0)


@check
def configuration(r, connect):
    holds(len(r.config_get("*")) > 100, "there are many settings")
    equal(r.config_set("maxmemory", "100mb"), True)
    equal(r.config_get("maxmem?ry"), {"maxmemory": "104857600"})
    equal(r.config_set("maxmemory", "0", "hz", "20"), True)
    equal(r.config_get("maxmemory", "hz"), {"maxmemory": "0", "hz": "20"})
    r.config_set("hz", "10")
    fails("Unknown option", r.config_set, "no-such-setting", "1")
    fails("CONFIG SET failed", r.config_set, "maxmemory", "much")
    fails("immutable", r.config_set, "databases", "1")


@check
def clock_and_art(r, connect):
    seconds, microseconds = r.time()
    holds(abs(seconds + microseconds / 1e6 - time.time()) < 5, "the server has another time")
    holds("Redis ver." in plain(r.lolwut()), "LOLWUT names no version")
    holds("Redis ver." in plain(r.lolwut(5, 1, 1, 1)), "LOLWUT VERSION 5 names no version")


@check
def commands(r, connect):
    count = r.command_count()
    known = plain(r.command())
    equal([len(known), "get" in known], [count, True])
    equal([known["get"]["arity"], known["get"]["first_key_pos"], "readonly" in known["get"]["flags"]], [2, 1, True])
    holds("set" in plain(r.command_list()), "COMMAND LIST without SET")
    equal(set(r.command_list(category="nonesuch")), set())
    equal(r.command_getkeys("SET", "k", "v"), ["k"])
    equal(r.command_getkeys("MSET", "a", "1", "b", "2"), ["a", "b"])
    holds("access" in str(r.command_getkeysandflags("GETDEL", "k")), "the key of GETDEL without its flags")
    fails("no key arguments", r.command_getkeys, "ECHO", "x")
    fails("Invalid command", r.command_getkeys, "NOSUCH")
    docs = r.execute_command("COMMAND DOCS", "set", "get")
    if isinstance(docs, list):
        docs = dict(zip(docs[::2], docs[1::2]))
    equal(set(docs), {"set", "get"})
    holds("since" in str(docs), "COMMAND DOCS says not since when")
    holds("COUNT" in str(r.execute_command("COMMAND HELP")), "COMMAND HELP names COUNT")


# --- many requests --------------------------------------------------------------

@check
def pipelines(r, connect):
    pipe = r.pipeline(transaction=False)
    for i in range(10_000):
        pipe.set(f"k{i % 100}", i).get(f"k{i % 100}").incr("n")
    equal(pipe.execute(), [reply for i in range(10_000) for reply in (True, str(i), i + 1)])
    pipe.set("k", "text").incr("k").get("k").execute_command("NOSUCH").ping()
    replies = pipe.execute(raise_on_error=False)
    equal([replies[0], replies[2], replies[4]], [True, "text", True])
    holds(all(isinstance(replies[i], redis.ResponseError) for i in (1, 3)), "errors stand where they belong")
    pipe.incr("k")
    fails("not an integer", pipe.execute)
    equal(pipe.execute(), [])


@check
def threads(r, connect):
    """Fifty threads that share a pool of as many connections."""
    pool = redis.BlockingConnectionPool(max_connections=50, timeout=20, **connect.keywords)
    shared, problems, together = redis.Redis(connection_pool=pool), [], threading.Barrier(50)

    def work(number):
        try:
            together.wait(20)
            for turn in range(100):
                shared.incr("n")
                shared.set(f"own:{number}", turn)
                equal(shared.get(f"own:{number}"), str(turn))
        except Exception as error:
            problems.append(f"thread {number}: {error}")

    crew = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    equal(problems, [])
    equal([r.get("n"), len(r.keys("own:*"))], ["5000", 50])
    pool.disconnect()


if __name__ == "__main__":
    in_all_ways(__doc__)
