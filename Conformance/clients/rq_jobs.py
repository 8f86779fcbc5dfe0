#!/usr/bin/env python3
"""Runs a small load of jobs through RQ, with the server as queue and store of results.

    Conformance/clients/rq_jobs.py                every check
    Conformance/clients/rq_jobs.py load           these checks
    Conformance/clients/rq_jobs.py --older        with RQ 1.11
    Conformance/clients/rq_jobs.py --server PATH  another server, say Redis itself

RQ keeps every result in a stream (XADD, in the transaction that ends a job), and has
no setting for it since 2.0: without streams jobs are queued, taken and done, but
none ends well. Its scheduler of later jobs (`--with-scheduler`), Queue.empty, unique
jobs and rate limits are scripts. Checks wait until the server knows XADD, or EVALSHA.
RQ 1.11 keeps results in the hash of the job, and has no script but Queue.empty.
"""

import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from serving import IS_OLDER, PYTHON, Server, Subprocess, Tally, arguments, eventually, known_commands, needs  # noqa: E402

sys.path.insert(0, str(PYTHON))
import redis  # noqa: E402
from rq import Queue, Retry, Worker  # noqa: E402
from rq.command import send_shutdown_command, send_stop_job_command  # noqa: E402
from rq.job import Dependency, Job  # noqa: E402
from rq.registry import FailedJobRegistry, FinishedJobRegistry  # noqa: E402

CHECKS = {}
RESULTS = () if IS_OLDER else ("xadd",)  # what RQ needs to end a job
SCHEDULER = () if IS_OLDER else ("xadd", "evalsha")


def check(function):
    CHECKS[function.__name__] = function
    return function


# --- jobs -----------------------------------------------------------------------

def add(a, b):
    return a + b


def fail():
    raise ValueError("on purpose")


def fail_at_first(url, name):
    """Works the third time."""
    with redis.Redis.from_url(url) as r:
        if r.incr(name) < 3:
            raise ValueError("not yet")
        return "at last"


def write(url, word):
    with redis.Redis.from_url(url) as r:
        return r.rpush("written", word)


def sleep(seconds):
    time.sleep(seconds)


# --- workers --------------------------------------------------------------------

def url(r):
    return f"redis://127.0.0.1:{r.connection_pool.connection_kwargs['port']}/0"


def worker(r, *options):
    """A worker in a process of its own, ended with the block."""
    words = [sys.executable, "-m", "rq.cli", "worker", "--url", url(r), *options, "high", "low"]
    return Subprocess(words, [PYTHON, Path(__file__).parent])


def in_process(r, *options):
    """A worker that forks for no job, which is much faster."""
    return worker(r, "--worker-class", "rq.worker.SimpleWorker", *options)


def ends(job, status):
    eventually(f"{job.description} is {status}", lambda: job.get_status(refresh=True) == status, 60)


# --- checks ---------------------------------------------------------------------

@check
@needs(*RESULTS)
def load(r):
    """300 jobs and two workers: each is done once."""
    queue = Queue("low", connection=r)
    jobs = [queue.enqueue(add, i, 1) for i in range(200)]
    jobs += queue.enqueue_many([Queue.prepare_data(write, (url(r), i)) for i in range(100)])
    with in_process(r), in_process(r):
        for job in jobs:
            ends(job, "finished")
        assert len(Worker.all(connection=r)) == 2, "not both workers are known"
    assert [job.result for job in jobs[:200]] == list(range(1, 201)), "results differ"
    assert sorted(map(int, r.lrange("written", 0, -1))) == list(range(100)), "a job ran twice or not at all"
    assert len(FinishedJobRegistry(queue=queue)) == 300 and len(queue) == 0, "not all are finished"


@check
@needs(*RESULTS)
def failures(r):
    queue = Queue("low", connection=r)
    bad = queue.enqueue(fail)
    retried = queue.enqueue(fail_at_first, url(r), "tries", retry=Retry(max=3))
    with in_process(r):
        ends(bad, "failed")
        ends(retried, "finished")
    assert "on purpose" in Job.fetch(bad.id, connection=r).exc_info, "the failure has no reason"
    assert FailedJobRegistry(queue=queue).get_job_ids() == [bad.id], "the failed job is not registered"
    assert (retried.result, r.get("tries")) == ("at last", b"3"), "it was not tried three times"
    FailedJobRegistry(queue=queue).requeue(bad.id)
    assert queue.job_ids == [bad.id], "it is not queued again"


@check
@needs(*RESULTS)
def order(r):
    """Queues by importance, at the front, dependencies, deletions, and jobs done by forks."""
    high, low = Queue("high", connection=r), Queue("low", connection=r)
    first = low.enqueue(write, url(r), "1")
    gone = low.enqueue(write, url(r), "never")
    low.enqueue(write, url(r), "0", at_front=True)
    high.enqueue(write, url(r), "high")
    last = low.enqueue(write, url(r), "2", depends_on=first)
    despite = low.enqueue(write, url(r), "3", depends_on=Dependency([low.enqueue(fail)], allow_failure=True))
    gone.delete()
    with worker(r, "--burst") as running:
        running.wait(60)
    assert r.lrange("written", 0, -1) == [b"high", b"0", b"1", b"2", b"3"], r.lrange("written", 0, -1)
    ends(last, "finished")
    ends(despite, "finished")


@check
def queueing(r):
    """Jobs are queued in order, and each is taken and run once, the important ones first."""
    high, low = Queue("high", connection=r), Queue("low", connection=r)
    jobs = [low.enqueue(write, url(r), i) for i in range(1, 20)]
    low.enqueue(write, url(r), 0, at_front=True)
    high.enqueue(write, url(r), "high")
    jobs.pop(4).delete()
    jobs.pop(4).cancel()
    waits = low.enqueue(add, 1, 2, depends_on=jobs[0])
    assert (len(low), low.job_ids[1:], waits.get_status()) == (18, [job.id for job in jobs], "deferred"), low.job_ids
    with worker(r, "--burst", "--max-jobs", "19") as running:
        running.wait(60)
    expected = [b"high"] + [b"%d" % i for i in range(20) if i not in (5, 6)]
    assert r.lrange("written", 0, -1) == expected, r.lrange("written", 0, -1)


@check
def ending_workers(r):
    """Workers listen to a channel, by which they are told to end."""
    with worker(r) as running:
        eventually("the worker is known", lambda: Worker.all(connection=r))
        eventually("it listens", lambda: r.pubsub_channels())
        send_shutdown_command(r, Worker.all(connection=r)[0].name)
        running.wait(30)
    assert Worker.all(connection=r) == [], "the worker is still known"


@check
@needs(*RESULTS)
def stopping_jobs(r):
    queue = Queue("low", connection=r)
    job = queue.enqueue(sleep, 60)
    with worker(r):
        ends(job, "started")
        eventually("the job runs", lambda: Job.fetch(job.id, connection=r).worker_name)
        send_stop_job_command(r, job.id)
        ends(job, "stopped")


@check
@needs(*RESULTS)
def expiry(r):
    """Results that live for a while, jobs that live no longer than their result."""
    queue = Queue("low", connection=r)
    short, unwanted = queue.enqueue(add, 1, 2, result_ttl=1), queue.enqueue(add, 1, 2, result_ttl=0)
    with in_process(r, "--burst") as running:
        running.wait(60)
    assert not Job.exists(unwanted.id, connection=r), "a job whose result nobody wants is kept"
    eventually("a result ends with its time", lambda: not Job.exists(short.id, connection=r))


@check
@needs(*SCHEDULER)
def later_jobs(r):
    """Jobs that are to run at a moment, and one that is tried again after a while."""
    queue = Queue("low", connection=r)
    later = queue.enqueue_at(datetime.now(timezone.utc) + timedelta(seconds=1), add, 1, 2)
    retried = queue.enqueue(fail_at_first, url(r), "tries", retry=Retry(max=2, interval=1))
    assert (later.get_status(), len(queue)) == ("scheduled", 1), "it is not scheduled"
    with in_process(r, "--with-scheduler"):
        ends(later, "finished")
        ends(retried, "finished")
    assert (later.result, retried.result) == (3, "at last"), "results differ"


@check
@needs("evalsha")
def by_scripts(r):
    queue = Queue("low", connection=r)
    queue.enqueue(add, 1, 2)
    assert (queue.empty(), len(queue)) == (1, 0), "the queue is not empty"


def main():
    args = arguments(__doc__)
    tally = Tally(tells_all=False)
    for name, function in CHECKS.items():
        if not args.names or name in args.names:
            with Server(args.server) as server, redis.Redis(port=server.port) as r:
                tally.run_if_known(known_commands(r), name, function, r)
    tally.end()


if __name__ == "__main__":
    # Workers import the jobs by this name.
    import rq_jobs
    rq_jobs.main()
