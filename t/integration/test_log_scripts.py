"""The scripts of the log in a real Redis."""

import re
import struct
from pathlib import Path

import pytest

from lib.resp import RespError

SOURCE = (Path(__file__).parents[2] / "src/redis/log_scripts.cpp").read_text()
LUA = r'R"lua\((.*?)\)lua"'
COMMON = re.search(r"kCommon\[\] = " + LUA, SOURCE, re.S)[1]
SCRIPTS = {
    **{name.lower(): COMMON + text for name, text in re.findall(
        r"k(\w+)Text = joined\(kCommon, " + LUA, SOURCE, re.S)},
    **dict(re.findall(r'Script k\w+\{"(\w+)", ' + LUA, SOURCE, re.S))}

LOG, MEMBERS, ENTRY = "ec:z:{log}", "ec:z:{log}:members", "ec:1:z:{aa}"
WEEK = 7 * 24 * 3600 * 1000
NONCES = [f"{n:016x}" for n in range(1, 9)]


def text(value):
    if isinstance(value, list):
        return [text(v) for v in value]
    return value.decode("latin-1") if isinstance(value, bytes) else value


def pairs(flat):
    return dict(zip(flat[::2], flat[1::2]))


class Zone:
    """Calls the scripts as an instance does."""

    def __init__(self, server):
        self.client = server.client()

    def run(self, name, keys, *args):
        return text(self.client.command(
            "EVAL", SCRIPTS[name], len(keys), *keys, *args))

    def beat(self, id="one", applied=("-", "0-0"), start="", v=0, count=100,
             name="edge 1", channel=""):
        return self.run("beat", [LOG, MEMBERS], id, "s", 2000, name, *applied,
                        start, v, count, channel)

    def append(self, nonce, request, rows=b"12345678", expected="",
               length=1000, channel=""):
        return self.run("append", [LOG, MEMBERS], nonce, request, "h", rows,
                        0, expected, length, channel, 1, 0)

    def epoch(self, expected, own, nonce, v=0, *known):
        return self.run("epoch", [LOG, MEMBERS], expected, own, nonce, v,
                        *known)

    def store(self, value, ttl=1000):
        return self.run("store", [ENTRY], value, ttl, 32)

    def forget(self, id, beats):
        return self.run("forget", [MEMBERS], id, beats)


@pytest.fixture
def zone(redis):
    zone = Zone(redis)
    yield zone
    zone.client.close()


@pytest.fixture
def log(zone):
    """With an epoch, 1-1."""
    assert zone.epoch("missing", 0, NONCES[0]) == ["OK", "1-1"]
    return zone


def test_all_scripts_are_read_from_the_source():
    assert sorted(SCRIPTS) == ["append", "beat", "epoch", "forget", "store"]


def test_without_a_log_a_beat_is_lost_and_writes_nothing(zone):
    assert zone.beat() == ["LOST", "", ""]
    assert zone.client.command("EXISTS", LOG, MEMBERS) == 0


def test_a_beat_registers_and_returns_the_epoch_from_its_first_record(log):
    status, top, nonce, members, records = log.beat()
    assert [status, top, nonce] == ["OK", "1-1", NONCES[0]]
    assert records == [["1-1", ["n", NONCES[0], "k", "e"]]]
    members = pairs(members)
    assert members["one"] == "1 s 2000 - 0-0 0 edge 1"
    assert members["epoch"] == NONCES[0]
    assert members["v"] == "2"


def test_the_beats_are_counted_and_only_joining_raises_the_version(log):
    log.beat()
    members = pairs(log.beat(applied=(NONCES[0], "1-1"), v=2)[3])
    assert members["one"] == f"2 s 2000 {NONCES[0]} 1-1 2 edge 1"
    assert members["v"] == "2"
    assert pairs(log.beat("two")[3])["v"] == "3"


def test_a_beat_returns_the_record_at_its_position_and_what_follows(log):
    log.append(NONCES[0], "a")
    log.append(NONCES[0], "b")
    assert [r[0] for r in log.beat(start="1-2")[4]] == ["1-2", "1-3"]
    assert [r[0] for r in log.beat(start="1-1", count=2)[4]] == ["1-1", "1-2"]


def test_large_records_come_a_few_at_a_time(log):
    """All of them at once held up Redis for milliseconds."""
    for number in range(50):
        log.append(NONCES[0], f"{number}", b"12345678" * 1000,
                   length=8192)
    seen, start = [], "1-1"
    while True:
        some = [record[0] for record in log.beat(start=start, count=200)[4]]
        assert 0 < len(some) <= 20
        if some == [start]:
            break
        seen += some[:-1]
        start = some[-1]
    assert seen == [f"1-{number}" for number in range(1, 51)]


def test_small_records_come_all_at_once(log):
    for number in range(120):
        log.append(NONCES[0], f"{number}")
    assert len(log.beat(start="1-1", count=200)[4]) == 121
    assert len(log.beat(start="1-1", count=25)[4]) == 25


def test_a_request_is_known_among_the_last_hundred(log):
    for number in range(99):
        log.append(NONCES[0], f"{number}")
    assert log.append(NONCES[0], "0") == ["OK", "1-2"]
    log.append(NONCES[0], "99")
    log.append(NONCES[0], "100")
    assert log.append(NONCES[0], "0") == ["OK", "1-103"]


def test_a_purge_takes_the_next_place(log):
    assert log.append(NONCES[0], "a", b"\0\1\2\3\4\5\xfe\xff") == ["OK", "1-2"]
    assert log.append(NONCES[0], "b") == ["OK", "1-3"]
    record = log.beat(start="1-2")[4][0]
    assert pairs(record[1]) == {
        "n": NONCES[0], "k": "p", "r": "a", "m": "h", "h": "0", "w": "1",
        "t": "0",
        "s": "\0\1\2\3\4\5\xfe\xff", "c": "1"}


def test_a_request_asked_again_adds_no_second_record(log):
    assert log.append(NONCES[0], "a") == ["OK", "1-2"]
    assert log.append(NONCES[0], "b") == ["OK", "1-3"]
    assert log.append(NONCES[0], "a") == ["OK", "1-2"]
    assert log.client.command("XLEN", LOG) == 3


def test_a_request_asked_again_in_a_new_epoch_is_added_there(log):
    log.append(NONCES[0], "a")
    log.epoch("1-2", 1, NONCES[1])
    assert log.append(NONCES[1], "a") == ["OK", "2-2"]


def test_a_purge_for_another_epoch_or_top_is_refused(log):
    assert log.append(NONCES[1], "a") == ["REFUSED", "1-1", NONCES[0]]
    assert log.append(NONCES[0], "a", expected="1-1") == ["OK", "1-2"]
    assert log.append(NONCES[0], "b", expected="1-1") == [
        "REFUSED", "1-2", NONCES[0]]


def test_large_records_are_bounded_by_their_rows(log):
    """A flood of writes filled Redis with 8 KB for each of 65536 records."""
    full = b"12345678" * 1000
    for i in range(300):
        log.append(NONCES[0], f"r{i}", rows=full, length=5000)
    records = log.client.command("XRANGE", LOG, "-", "+")
    assert 40 <= len(records) <= 82
    assert records[-1][0] == b"1-301"
    for i in range(1000):
        log.append(NONCES[0], f"s{i}", length=5000)
    assert log.client.command("XLEN", LOG) >= 1040


def test_rows_of_an_older_epoch_do_not_stop_the_trimming(log):
    full = b"12345678" * 1000
    for i in range(50):
        log.append(NONCES[0], f"r{i}", rows=full, length=1000)
    log.epoch("1-51", 1, NONCES[1])
    for i in range(60):
        log.append(NONCES[1], f"s{i}", rows=full, length=1000)
    records = log.client.command("XRANGE", LOG, "-", "+")
    assert len(records) <= 20
    assert records[-1][0] == b"2-61"


def test_the_log_is_trimmed_but_not_below_its_length(log):
    for i in range(400):
        log.append(NONCES[0], f"r{i}", length=50)
    assert 50 <= log.client.command("XLEN", LOG) < 200
    assert log.beat(start="1-401")[4][0][0] == "1-401"


def test_both_keys_expire_a_week_after_the_last_write(log):
    for call in (lambda: log.beat(), lambda: log.append(NONCES[0], "a"),
                 lambda: log.epoch("1-2", 1, NONCES[1])):
        log.client.command("PERSIST", LOG)
        log.client.command("PERSIST", MEMBERS)
        assert call()[0] == "OK"
        for key in LOG, MEMBERS:
            assert WEEK - 60_000 < log.client.command("PTTL", key) <= WEEK


def test_a_restarted_node_has_lost_the_log_though_it_kept_it(redis_server):
    server = redis_server(appendonly="yes", appendfsync="always")
    before = Zone(server)
    before.epoch("missing", 0, NONCES[0])
    assert before.beat()[0] == "OK"
    before.append(NONCES[0], "a")
    server.restart()
    zone = Zone(server)
    assert zone.beat() == ["LOST", "1-2", NONCES[0]]
    assert zone.append(NONCES[0], "b")[0] == "LOST"
    assert zone.epoch("1-2", 1, NONCES[1]) == ["OK", "2-1"]
    assert zone.beat()[0] == "OK"


def test_a_promoted_replica_has_lost_the_log(redis_server):
    master, replica = redis_server(), redis_server()
    zone = Zone(master)
    zone.epoch("missing", 0, NONCES[0])
    zone.beat()
    host, port = master.address.split(":")
    replica.command("REPLICAOF", host, port)
    assert zone.client.command("WAIT", 1, 10_000) == 1
    promoted = Zone(replica)
    with pytest.raises(RespError, match="READONLY"):
        promoted.beat()
    replica.command("REPLICAOF", "NO", "ONE")
    assert promoted.beat() == ["LOST", "1-1", NONCES[0]]


def test_lost_members_are_a_lost_log(log):
    log.beat()
    log.client.command("DEL", MEMBERS)
    assert log.beat() == ["LOST", "1-1", NONCES[0]]
    assert log.append(NONCES[0], "a")[0] == "LOST"


def test_members_of_another_epoch_are_a_lost_log(log):
    log.client.command("HSET", MEMBERS, "epoch", NONCES[5])
    assert log.beat() == ["LOST", "1-1", NONCES[0]]


def test_a_lost_log_is_lost_though_its_members_are_there(log):
    log.client.command("DEL", LOG)
    assert log.beat() == ["LOST", "", ""]


def test_an_epoch_says_what_it_was_put_after(log):
    assert log.epoch("1-1", 1, NONCES[1]) == ["OK", "2-1"]
    assert log.beat(start="2-1")[4] == [
        ["2-1", ["n", NONCES[1], "k", "e", "a", "1-1", "b", NONCES[0]]]]


def test_of_two_who_begin_an_epoch_one_wins(log):
    assert log.epoch("1-1", 1, NONCES[1]) == ["OK", "2-1"]
    assert log.epoch("1-1", 1, NONCES[2]) == ["REFUSED", "2-1", NONCES[1]]
    log.client.command("DEL", LOG)
    assert log.epoch("missing", 2, NONCES[3]) == ["OK", "3-1"]
    assert log.epoch("missing", 2, NONCES[4]) == ["REFUSED", "3-1", NONCES[3]]


def test_an_epochs_number_is_above_all_that_the_caller_or_the_log_knew(log):
    assert log.epoch("1-1", 7, NONCES[1]) == ["OK", "8-1"]
    assert log.epoch("8-1", 0, NONCES[2]) == ["OK", "9-1"]


def test_an_epoch_begins_in_a_stream_that_was_emptied(log):
    log.client.command("XADD", LOG, "99-1", "n", NONCES[7], "k", "e")
    log.client.command("XTRIM", LOG, "MAXLEN", 0)
    assert log.epoch("missing", 1, NONCES[1]) == ["OK", "2-1"]


def test_members_that_are_there_or_known_are_carried_over(log):
    log.beat("one", applied=(NONCES[0], "1-1"))
    known = ["one", "9 s 2000 x 1-9 0 stale", "two", "4 a 500 - 0-0 3 other"]
    log.epoch("1-1", 1, NONCES[1], 40, *known)
    members = pairs(log.beat("three")[3])
    assert members["one"] == "1 s 2000 - 0-0 0 edge 1"
    assert members["two"] == "4 a 500 - 0-0 3 other"
    assert members["epoch"] == NONCES[1]
    assert members["v"] == "42"


def test_a_member_that_was_silent_since_is_forgotten(log):
    log.beat()
    assert log.forget("one", 2) == 0
    assert log.forget("one", 1) == 1
    assert log.forget("one", 1) == 0
    members = pairs(log.beat("two")[3])
    assert "one" not in members
    assert members["v"] == "4"


def test_a_purge_and_a_new_member_wake_the_others(redis, log):
    with redis.client() as listener:
        listener.command("SUBSCRIBE", "wake")
        log.append(NONCES[0], "a", channel="wake")
        assert text(listener.read()) == ["message", "wake", ""]
        log.beat(applied=(NONCES[0], "1-2"), channel="wake")
        assert text(listener.read()) == ["message", "wake", ""]
        # What a member has applied is looked up by who asks for it.
        log.beat(applied=(NONCES[0], "1-3"), channel="wake")
        log.client.command("PUBLISH", "wake", "end")
        assert text(listener.read()) == ["message", "wake", "end"]


def entry(epoch, sequence, head=b"edge\1\0", body=b"x"):
    packed = struct.pack("<Q", epoch << 40 | sequence)
    return head.ljust(32, b"\0") + packed + body


def test_an_entry_gives_way_unless_its_ticket_is_higher(zone):
    def stored():
        return zone.client.command("GET", ENTRY)

    assert zone.store(entry(1, 5)) == 1
    assert zone.store(entry(1, 4)) == 0
    assert stored() == entry(1, 5)
    assert zone.store(entry(1, 5, body=b"y")) == 1
    assert stored() == entry(1, 5, body=b"y")
    for older, newer in [((1, 255), (1, 256)), ((1, 2**32 - 1), (1, 2**32)),
                         ((1, 2**40 - 1), (2, 0)),
                         ((2**24 - 1, 2**40 - 2), (2**24 - 1, 2**40 - 1))]:
        zone.client.command("DEL", ENTRY)
        assert zone.store(entry(*newer)) == 1
        assert zone.store(entry(*older)) == 0
        zone.client.command("DEL", ENTRY)
        assert zone.store(entry(*older)) == 1
        assert zone.store(entry(*newer)) == 1
    assert 0 < zone.client.command("PTTL", ENTRY) <= 1000


@pytest.mark.parametrize("write", [
    ("SET", ENTRY, "short"), ("LPUSH", ENTRY, "x"),
    ("SET", ENTRY, entry(9, 9, head=b"edge\2\0")),
    ("SET", ENTRY, b"edge\1\0")])
def test_what_is_no_entry_of_this_format_is_overwritten(zone, write):
    zone.client.command(*write)
    assert zone.store(entry(1, 1)) == 1
    assert zone.client.command("GET", ENTRY) == entry(1, 1)


def test_the_documented_commands_are_enough(redis, zone):
    header = (Path(__file__).parents[2] /
              "src/redis/log_scripts.h").read_text()
    needed = re.search(r"Needs ([^.]*)\.", header)[1].replace("//", "")
    redis.command("ACL", "SETUSER", "edge", "on", "nopass", "~ec:*", "&wake",
                  "+eval", *needed.split())
    zone.client.command("AUTH", "edge", "any")
    assert zone.epoch("missing", 0, NONCES[0])[0] == "OK"
    assert zone.beat(channel="wake")[0] == "OK"
    assert zone.append(NONCES[0], "a", channel="wake")[0] == "OK"
    assert zone.store(entry(1, 1)) == zone.store(entry(1, 2)) == 1
    assert zone.forget("one", 1) == 1


def test_cost_in_redis(redis, log):
    redis.command("CONFIG", "RESETSTAT")
    for i in range(2000):
        assert log.beat(start="1-1")[0] == "OK"
    stats = text(log.client.command("INFO", "commandstats"))
    micros = re.search(r"cmdstat_eval:.*usec_per_call=([\d.]+)", stats)[1]
    print(f"{micros} us of Redis per beat")
