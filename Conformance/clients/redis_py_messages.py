#!/usr/bin/env python3
"""Runs redis-py's helpers for transactions, locks and messages.

    Conformance/clients/redis_py_messages.py                every check, in all four ways
    Conformance/clients/redis_py_messages.py locks          these checks
    Conformance/clients/redis_py_messages.py --server PATH  another server, say Redis itself

The client's lock is taken without scripts, but given back, extended and renewed
by EVALSHA: `locks_by_scripts` waits until the server knows it.
"""

import sys
import threading
import time

sys.dont_write_bytecode = True
from ways import check, equal, eventually, fails, holds, in_all_ways, needs, plain, redis  # noqa: E402

PATIENCE = 20  # seconds for what comes at once on a calm machine


def heard(pubsub, count=1, **options):
    """The next messages: [kind, pattern, channel, data] of each."""
    messages, end = [], time.monotonic() + PATIENCE
    while len(messages) < count:
        message = pubsub.get_message(timeout=0.2, **options)
        if message:
            messages.append(plain([message[name] for name in ("type", "pattern", "channel", "data")]))
        holds(time.monotonic() < end, f"heard only {messages}")
    return messages


# --- transactions ---------------------------------------------------------------

@check
def transactions(r, connect):
    with r.pipeline(transaction=True) as pipe:
        equal(pipe.set("a", 1).incr("a").lpush("l", "x", "y").lrange("l", 0, -1).execute(), [True, 2, 2, ["y", "x"]])
        pipe.set("a", "text").incr("a").get("a")
        replies = pipe.execute(raise_on_error=False)
        holds(isinstance(replies[1], redis.ResponseError), "an error stands where it belongs")
        equal([replies[0], replies[2]], [True, "text"])
        pipe.set("b", 1).execute_command("NOSUCH")
        fails("unknown command", pipe.execute)
        equal(r.exists("b"), 0)


@check
def watching(r, connect):
    r.set("n", 1)
    with connect() as other, r.pipeline() as pipe:
        pipe.watch("n")
        equal(pipe.get("n"), "1")
        pipe.multi()
        pipe.incr("n")
        equal(pipe.execute(), [2])

        pipe.watch("n")
        other.set("n", 7)
        pipe.multi()
        pipe.incr("n")
        try:
            pipe.execute()
            raise AssertionError("a watched key was changed and EXEC ran all the same")
        except redis.WatchError:
            pass
        pipe.watch("n")
        other.set("n", 8)
        pipe.unwatch()
        pipe.multi()
        pipe.incr("n")
        equal(pipe.execute(), [9])


@check
def transaction_helper(r, connect):
    """Ten threads add to one number by `Redis.transaction`, which tries again when it was changed."""
    r.set("n", 0)
    problems = []

    def work():
        def add(pipe):
            value = int(pipe.get("n"))
            pipe.multi()
            pipe.set("n", value + 1)

        try:
            with connect() as own:
                for _ in range(20):
                    equal(own.transaction(add, "n"), [True])
        except Exception as error:
            problems.append(str(error))

    crew = [threading.Thread(target=work) for _ in range(10)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    equal([problems, r.get("n")], [[], "200"])


# --- locks ----------------------------------------------------------------------

@check
def locks(r, connect):
    lock, rival = r.lock("lock", timeout=100), r.lock("lock", timeout=100)
    equal([lock.acquire(), lock.locked(), lock.owned(), rival.owned()], [True, True, True, False])
    holds(0 < r.pttl("lock") <= 100_000, "the lock has its time to live")
    equal([rival.acquire(blocking=False), rival.acquire(blocking_timeout=0.1)], [False, False])
    r.pexpire("lock", 200)
    equal([rival.acquire(blocking_timeout=PATIENCE), rival.owned(), lock.owned()], [True, True, False])
    r.delete("lock")
    equal([lock.locked(), lock.acquire(token="mine"), r.get("lock")], [False, True, "mine"])


def give_back(r, token):
    """What the client's own release does by a script."""
    with r.pipeline() as pipe:
        pipe.watch("lock")
        equal(pipe.get("lock"), token)
        pipe.multi()
        pipe.delete("lock")
        equal(pipe.execute(), [1])


@check
def locks_exclude(r, connect):
    """Ten threads, of which one at a time holds a lock that the others wait for."""
    inside, most, problems = [], [], []

    def work(number):
        try:
            with connect() as own:
                for _ in range(5):
                    holds(own.lock("lock", timeout=60, sleep=0.002).acquire(token=str(number), blocking_timeout=PATIENCE),
                          "the lock was never to be had")
                    inside.append(number)
                    most.append(len(inside))
                    inside.remove(number)
                    give_back(own, str(number))
        except Exception as error:
            problems.append(str(error))

    crew = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    equal([problems, max(most), len(most)], [[], 1, 50])


@check
@needs("evalsha")
def locks_by_scripts(r, connect):
    with r.lock("lock", timeout=100) as lock:
        equal([lock.extend(100), r.pttl("lock") > 100_000, lock.reacquire()], [True, True, True])
        holds(r.pttl("lock") <= 100_000, "the lock has its first time to live again")
        r.set("lock", "stolen")
        try:
            lock.extend(1)
            raise AssertionError("a lock of somebody else was extended")
        except redis.exceptions.LockNotOwnedError:
            r.set("lock", lock.local.token)
    equal(r.exists("lock"), 0)


# --- messages -------------------------------------------------------------------

@check
def subscriptions(r, connect):
    with connect() as other, other.pubsub() as pubsub:
        pubsub.subscribe("a", "b")
        pubsub.psubscribe("c*", "[a]")
        equal(heard(pubsub, 4), [["subscribe", None, "a", 1], ["subscribe", None, "b", 2],
                                 ["psubscribe", None, "c*", 3], ["psubscribe", None, "[a]", 4]])
        equal([r.publish("a", "1"), r.publish("b", "2"), r.publish("cc", "3"), r.publish("d", "4")], [2, 1, 1, 0])
        equal(heard(pubsub, 4), [["message", None, "a", "1"], ["pmessage", "[a]", "a", "1"],
                                 ["message", None, "b", "2"], ["pmessage", "c*", "cc", "3"]])
        equal([sorted(plain(r.pubsub_channels())), plain(r.pubsub_numsub("a", "x")), r.pubsub_numpat()],
              [["a", "b"], [["a", 1], ["x", 0]], 2])
        pubsub.unsubscribe("a")
        pubsub.punsubscribe()
        equal([message[0] for message in heard(pubsub, 3)], ["unsubscribe", "punsubscribe", "punsubscribe"])
        equal([r.publish("a", "5"), r.publish("cc", "6"), r.publish("b", "7")], [0, 0, 1])
        equal(heard(pubsub), [["message", None, "b", "7"]])


@check
def shard_subscriptions(r, connect):
    with connect() as other, other.pubsub() as pubsub:
        pubsub.ssubscribe("orders")
        pubsub.subscribe("orders")
        equal(heard(pubsub, 2), [["ssubscribe", None, "orders", 1], ["subscribe", None, "orders", 1]])
        equal([r.spublish("orders", "shard"), r.publish("orders", "all")], [1, 1])
        equal(heard(pubsub, 2), [["smessage", None, "orders", "shard"], ["message", None, "orders", "all"]])
        equal([plain(r.pubsub_shardchannels()), plain(r.pubsub_shardnumsub("orders"))], [["orders"], [["orders", 1]]])
        pubsub.sunsubscribe()
        equal(heard(pubsub), [["sunsubscribe", None, "orders", 0]])
        equal(r.spublish("orders", "late"), 0)


@check
def handlers_in_a_thread(r, connect):
    got, patterned = [], []
    with connect() as other:
        pubsub = other.pubsub(ignore_subscribe_messages=True)
        pubsub.subscribe(news=lambda message: got.append(plain(message["data"])))
        pubsub.psubscribe(**{"job:*": lambda message: patterned.append(plain(message["channel"]))})
        thread = pubsub.run_in_thread(sleep_time=0.01, daemon=True)
        eventually("both subscriptions stand", lambda: r.publish("news", "first") and r.publish("job:0", ""))
        for i in range(500):
            r.publish("news", i)
            r.publish(f"job:{i}", "")
        eventually("the last message came", lambda: patterned[-1:] == ["job:499"])
        thread.stop()
        thread.join(PATIENCE)
    equal([got[-500:], patterned[-500:]], [[str(i) for i in range(500)], [f"job:{i}" for i in range(500)]])


@check
def messages_between_replies(r, connect):
    """A subscriber that also asks. RESP2 allows it PING and little else."""
    with connect(single_connection_client=True) as other, other.pubsub() as pubsub:
        pubsub.subscribe("a")
        equal(heard(pubsub), [["subscribe", None, "a", 1]])
        connection = pubsub.connection
        if connect.keywords["protocol"] == 3:
            r.publish("a", "between")
            connection.send_command("GET", "missing")
            equal(heard(pubsub), [["message", None, "a", "between"]])
            equal(connection.read_response(), None)
        else:
            connection.send_command("GET", "missing")
            fails("only (P|S)SUBSCRIBE", connection.read_response)
        large = "x" * 1_000_000
        r.publish("a", large)
        holds(heard(pubsub)[0][3] == large, "a megabyte comes as it was sent")


@check
def key_events(r, connect):
    r.config_set("notify-keyspace-events", "KEA")
    with connect() as other, other.pubsub(ignore_subscribe_messages=True) as pubsub:
        pubsub.psubscribe("__key*__:*")
        eventually("the subscription stands", lambda: r.pubsub_numpat() == 1)
        pubsub.get_message()
        r.set("k", "v")
        r.expire("k", -1)
        events = heard(pubsub, 4)
    r.config_set("notify-keyspace-events", "")
    equal([event[2:] for event in events[:2]], [["__keyspace@0__:k", "set"], ["__keyevent@0__:set", "k"]])
    holds(events[3][2] in ("__keyevent@0__:del", "__keyevent@0__:expired"), "a key that is gone is told")


@check
def invalidations(r, connect):
    """Client-side caching as the client offers it: in RESP3, to servers that call themselves 7.4 or later."""
    if connect.keywords["protocol"] != 3 or r.info("server")["redis_version"] < "7.4":
        return
    from redis.cache import CacheConfig
    with connect(cache_config=CacheConfig()) as cached:
        r.set("k", "1")
        equal([cached.get("k"), cached.get("k")], ["1", "1"])
        r.set("k", "2")
        eventually("the change came through", lambda: plain(cached.get("k")) == "2")
        r.flushall()
        eventually("the end of all keys came through", lambda: cached.get("k") is None)


@check
def waiting(r, connect):
    got = []

    def work():
        with connect() as own:
            got.append(plain(own.blpop(["first", "second"], timeout=PATIENCE)))
            got.append(plain(own.brpoplpush("first", "done", timeout=PATIENCE)))
            got.append(plain(own.bzpopmin("scores", timeout=PATIENCE)))

    thread = threading.Thread(target=work)
    thread.start()
    for turn, fill in enumerate((lambda: r.rpush("second", "a"), lambda: r.rpush("first", "b"),
                                 lambda: r.zadd("scores", {"m": 1}))):
        eventually("the thread waits", lambda: r.info("clients")["blocked_clients"] == 1)
        fill()
        eventually("it was served", lambda: len(got) > turn)
    thread.join()
    equal(got, [["second", "a"], "b", ["scores", "m", 1.0]])
    equal([r.blpop(["none"], timeout=0.01), r.lrange("done", 0, -1)], [None, ["b"]])


if __name__ == "__main__":
    in_all_ways(__doc__)
