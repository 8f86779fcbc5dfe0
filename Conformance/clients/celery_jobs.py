#!/usr/bin/env python3
"""Runs a small load of tasks through Celery, with the server as broker and result backend.

    Conformance/clients/celery_jobs.py                every check
    Conformance/clients/celery_jobs.py load           these checks
    Conformance/clients/celery_jobs.py --older        with Celery 5.6
    Conformance/clients/celery_jobs.py --server PATH  another server, say Redis itself

Celery uses scripts for three things, which wait for EVALSHA: giving unacknowledged
tasks back after `visibility_timeout` (redis-py's lock, which kombu takes; the setting
`ack_emulation` False does without), queues that expire (kombu; remote control, events,
gossip and mingle) and chords (Celery's backend; no setting does without). Where the
server has no EVALSHA these are switched off, and their checks wait. Celery 5.6 needs
it for the first alone.
"""

import gc
import os
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from serving import IS_OLDER, PYTHON, Server, Subprocess, Tally, arguments, eventually, known_commands, needs  # noqa: E402

sys.path.insert(0, str(PYTHON))
import redis  # noqa: E402
from celery import Celery, chain, chord, group  # noqa: E402

CHECKS = {}
SCRIPTS = () if IS_OLDER else ("evalsha",)  # what chords and expiring queues need
URL, HAS_SCRIPTS = "NEEDLETAIL_CHECK_URL", "NEEDLETAIL_CHECK_SCRIPTS"  # what the worker is told


def check(function):
    CHECKS[function.__name__] = function
    return function


# --- tasks ----------------------------------------------------------------------

app = Celery("celery_jobs")


def configure(url, has_scripts):
    app.conf.update(
        broker_url=url, result_backend=url, worker_prefetch_multiplier=1, worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True, task_track_started=True,
        broker_transport_options={"priority_steps": [0, 3, 6, 9], "queue_order_strategy": "priority"},
    )
    app.conf.worker_enable_remote_control = has_scripts or IS_OLDER
    if not has_scripts:
        app.conf.broker_transport_options["ack_emulation"] = False


if URL in os.environ:
    configure(os.environ[URL], HAS_SCRIPTS in os.environ)


@app.task
def add(a, b):
    return a + b


@app.task
def fail():
    raise ValueError("on purpose")


@app.task(bind=True, max_retries=3, default_retry_delay=0)
def fail_at_first(self):
    """Works the third time."""
    if self.request.retries < 2:
        raise self.retry()
    return self.request.retries


@app.task
def write(word):
    with redis.Redis.from_url(app.conf.broker_url) as r:
        return r.rpush("written", word)


@app.task(bind=True)
def report(self, steps):
    for step in range(steps):
        self.update_state(state="PROGRESS", meta={"step": step})
    return steps


@app.task
def total(numbers):
    return sum(numbers)


@app.task
def flat_total(numbers):
    return sum(sum(number) if isinstance(number, list) else number for number in numbers)


# --- the worker -----------------------------------------------------------------

def worker(r, *options):
    """A worker in a process of its own, ended with the block."""
    quiet = () if has_scripts(r) else ("--without-gossip", "--without-mingle", "--without-heartbeat")
    words = [sys.executable, "-m", "celery", "--app", "celery_jobs", "worker", "--concurrency", "2",
             "--loglevel", "WARNING", *quiet, *options]
    told = {URL: app.conf.broker_url} | ({HAS_SCRIPTS: "1"} if has_scripts(r) else {})
    return Subprocess(words, [PYTHON, Path(__file__).parent], told)


def has_scripts(r):
    return "evalsha" in known_commands(r)


# --- checks ---------------------------------------------------------------------

@check
def load(r):
    """300 tasks, of which each is done once, by two processes."""
    results = [add.delay(i, 1) for i in range(200)] + [write.delay(i) for i in range(100)]
    with worker(r):
        assert [result.get(timeout=60) for result in results[:200]] == list(range(1, 201)), "results differ"
        for result in results[200:]:
            result.get(timeout=60)
    assert sorted(map(int, r.lrange("written", 0, -1))) == list(range(100)), "a task ran twice or not at all"
    assert r.llen("celery") == 0, "the queue is not empty"
    assert all(r.ttl(key) > 0 for key in r.scan_iter("celery-task-meta-*")), "a result has no time to live"
    results[0].forget()
    assert not r.exists(f"celery-task-meta-{results[0].id}"), "a forgotten result is there"


@check
def kinds(r):
    """Failures, retries, chains, groups, later tasks, states on the way; in threads.

    Those of older Celery rest for seconds where `ack_emulation` is off, with Redis too.
    """
    with worker(r, "--pool", "prefork" if IS_OLDER else "threads"):
        bad = fail.delay()
        try:
            bad.get(timeout=60)
            raise AssertionError("a failed task has a result")
        except ValueError as error:
            assert (str(error), bad.state) == ("on purpose", "FAILURE"), "it failed otherwise"
        assert fail_at_first.delay().get(timeout=60) == 2, "it was not tried three times"
        assert chain(add.s(1, 2), add.s(3), add.s(4))().get(timeout=60) == 10, "a chain has another end"
        assert group(add.s(i, i) for i in range(50))().get(timeout=60) == [2 * i for i in range(50)], "groups differ"
        later = datetime.now(timezone.utc) + timedelta(seconds=1)
        assert add.apply_async((1, 1), eta=later).get(timeout=60) == 2, "a later task has another result"
        seen = []
        assert report.delay(5).get(timeout=60, on_message=lambda message: seen.append(message["status"])) == 5
        assert seen[-1] == "SUCCESS", f"the states were {seen}"
        missed = add.apply_async((1, 1), expires=datetime.now(timezone.utc) - timedelta(seconds=1))
        eventually("a task whose time is over is revoked", lambda: missed.state == "REVOKED", 60)


@check
def priorities(r):
    for priority in (9, 3, 0, 6):
        for turn in range(2):
            write.apply_async((f"{priority}-{turn}",), priority=priority)
    with worker(r, "--pool", "solo"):
        eventually("all have run", lambda: r.llen("written") == 8, 60)
    expected = [f"{priority}-{turn}".encode() for priority in (0, 3, 6, 9) for turn in range(2)]
    assert r.lrange("written", 0, -1) == expected, r.lrange("written", 0, -1)


@check
def queues(r):
    """A queue of one's own, which may be emptied; tasks wait while no worker is there."""
    for i in range(20):
        write.apply_async((f"mine {i}",), queue="mine")
        write.apply_async(("other",), queue="other")
    with app.connection_for_write() as connection:
        assert connection.default_channel.queue_purge("other") == 20, "not all were purged"
    with worker(r, "--queues", "mine,other", "--pool", "solo"):
        eventually("all have run", lambda: r.llen("written") == 20, 60)
    assert r.lrange("written", 0, -1) == [b"mine %d" % i for i in range(20)], "the order differs"


@check
@needs(*SCRIPTS)
def broadcasts(r):
    """Workers answer what is asked of all, and give up a task that is revoked."""
    first = write.delay("first")
    with worker(r):
        first.get(timeout=60)
        eventually("the worker answers", lambda: app.control.ping(timeout=1), 60)
        revoked = write.apply_async(("revoked",), countdown=5)
        app.control.revoke(revoked.id)
        eventually("it is revoked", lambda: revoked.state == "REVOKED", 60)
    assert r.lrange("written", 0, -1) == [b"first"], "a revoked task ran"


@check
@needs(*SCRIPTS)
def chords(r):
    """A task behind others, which is given their results."""
    with worker(r):
        assert chord((add.s(i, i) for i in range(10)), total.s())().get(timeout=60) == 90, "a chord has another end"
        nested = chord([group(add.s(1, 1), add.s(2, 2)), add.s(3, 3)], flat_total.s())
        assert nested().get(timeout=60) == 12, "a chord of groups has another end"
        bad = chord([add.s(1, 1), fail.s()], total.s())()
        eventually("a chord fails with one of its tasks", lambda: bad.state == "FAILURE", 60)


def main():
    args = arguments(__doc__)
    tally = Tally(tells_all=False)
    with Server(args.server) as server, redis.Redis(port=server.port) as r:
        configure(f"redis://127.0.0.1:{server.port}/0", has_scripts(r))
        for name, function in CHECKS.items():
            if not args.names or name in args.names:
                r.flushall()
                tally.run_if_known(known_commands(r), name, function, r)
                gc.collect()  # results in circles ask the server when they end, and would miss it
    tally.end()


if __name__ == "__main__":
    main()
