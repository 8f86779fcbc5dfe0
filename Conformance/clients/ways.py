"""What the scripts that use redis-py share: checks, expectations, and runs in all four ways.

The ways are RESP2 and RESP3, each with replies as bytes and as text. A check
gets a connection `r` to an empty server, and `connect`, which makes another.
"""

import sys
import warnings
from functools import partial
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from serving import PYTHON, Server, Tally, arguments, eventually, known_commands, needs  # noqa: E402, F401

sys.path.insert(0, str(PYTHON))
import redis  # noqa: E402
from redis.backoff import NoBackoff  # noqa: E402
from redis.retry import Retry  # noqa: E402

warnings.simplefilter("ignore")  # of what is deprecated or new in the client
CHECKS, LAST_CHECKS = {}, {}


def check(function):
    CHECKS[function.__name__] = function
    return function


def last_check(function):
    """A check behind all others, since it would be in their way."""
    LAST_CHECKS[function.__name__] = function
    return function


# --- what is expected -----------------------------------------------------------

def plain(reply):
    """A reply with its bytes as text, so that one expectation serves both ways of reading."""
    if isinstance(reply, bytes):
        return reply.decode()
    if isinstance(reply, dict):
        return {plain(key): plain(value) for key, value in reply.items()}
    if isinstance(reply, (list, tuple)):
        return [plain(item) for item in reply]
    return {plain(item) for item in reply} if isinstance(reply, set) else reply


def equal(got, wanted):
    got = plain(got)
    assert got == wanted, f"got {str(got)[:200]!r}, not {str(wanted)[:200]!r}"


def near(got, wanted, slack):
    assert wanted - slack <= got <= wanted, f"got {got}, not {wanted} or up to {slack} less"


def holds(truth, words):
    assert truth, words


def fails(text, call, *given, **named):
    """The call is answered by an error with this text in it."""
    try:
        reply = call(*given, **named)
    except redis.ResponseError as error:
        assert text in str(error), f"the error is {str(error)!r}, without {text!r}"
    else:
        raise AssertionError(f"got {reply!r}, not an error with {text!r}")


# --- the runs -------------------------------------------------------------------

def run(tally, program, names, protocol, decodes):
    way = f"RESP{protocol}, {'text' if decodes else 'bytes'}"
    with Server(program) as server:
        connect = partial(redis.Redis, port=server.port, protocol=protocol, decode_responses=decodes,
                          retry=Retry(NoBackoff(), 0), socket_timeout=20)
        for name, function in (CHECKS | LAST_CHECKS).items():
            if names and name not in names:
                continue
            with connect(single_connection_client=True) as r:
                r.flushall()
                tally.run_if_known(known_commands(r), f"{name} ({way})", function, r, connect)


def in_all_ways(description):
    """Runs the checks that the command line names, or all."""
    args = arguments(description)
    tally = Tally(tells_all=False)
    for protocol in (2, 3):
        for decodes in (False, True):
            run(tally, args.server, args.names, protocol, decodes)
    tally.end()
