"""Readers who poll while editions are published: never a mixed read, never an error."""

import multiprocessing
import time
from collections import Counter
from contextlib import closing
from datetime import date, timedelta

import psycopg2
from handmade_editions import build, keep, open_night
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED, ISOLATION_LEVEL_REPEATABLE_READ

from pipelines.publishing import publish, rollback
from pipelines.warehouse import reader_url

PUBLISHES = 20
READERS = 3
FIRST = date(2026, 10, 12)  # passes a month-end
TABLES = (("customer_360", "aum_amount"), ("customer_accounts", "balance_amount"))


def question(table, column):
    return f"(select min(edition_id) || ':' || min({column}) || ':' || count(*) from reporting.{table})"


def poll(url, number, stop, answers):
    """Read both tables in one statement, then in one REPEATABLE READ transaction; count what was seen."""
    tables = TABLES if number % 2 else TABLES[::-1]
    seen = Counter()
    longest = 0.0
    try:
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            while not stop.is_set():
                started = time.monotonic()
                connection.isolation_level = ISOLATION_LEVEL_READ_COMMITTED
                cursor.execute(f"select {question(*tables[0])}, {question(*tables[1])}")
                one, other = cursor.fetchone()
                seen["one statement, agreed" if one and one == other else f"mixed: {one} {other}"] += 1
                connection.commit()
                connection.isolation_level = ISOLATION_LEVEL_REPEATABLE_READ
                cursor.execute(f"select {question(*tables[0])}")
                (one,) = cursor.fetchone()
                cursor.execute(f"select {question(*tables[1])}")
                (other,) = cursor.fetchone()
                seen["pair, agreed" if one and one == other else f"mixed pair: {one} {other}"] += 1
                connection.commit()
                longest = max(longest, time.monotonic() - started)
                time.sleep(0.002)  # two cores for four processes and their servers
    except Exception as error:
        seen[f"error: {error}"] += 1
    answers.put((seen, longest))


def test_readers_during_publishes(settings):
    keep(settings, daily=7, month_ends=13)
    night = open_night(settings, FIRST)
    build(settings, FIRST, 1)
    publish(settings, night, "p1", "m1")
    url = reader_url(settings)
    context = multiprocessing.get_context("fork")
    stop, answers = context.Event(), context.Queue()
    readers = [context.Process(target=poll, args=(url, n, stop, answers)) for n in range(READERS)]
    for reader in readers:
        reader.start()
    locks = []
    try:
        for number in range(1, PUBLISHES + 1):
            day = FIRST + timedelta(days=number)
            night = open_night(settings, day)
            build(settings, day, number + 1)
            locks.append(publish(settings, night, "p1", "m1").lock_ms)
        rollback(settings)
    finally:
        stop.set()
        found = [answers.get(timeout=30) for _ in readers]
        for reader in readers:
            reader.join(timeout=30)
    print(f"locks held (ms): {locks}; longest read (s): {[round(longest, 2) for _, longest in found]}")
    for seen, _ in found:
        print(seen)
        assert set(seen) == {"one statement, agreed", "pair, agreed"}
        assert min(seen.values()) >= PUBLISHES
