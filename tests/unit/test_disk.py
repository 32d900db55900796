"""What the disk will hold: growing rooms at the pace of the days received, editions as policy keeps them."""

from datetime import date

import handmade_editions
import pytest

from pipelines import disk
from pipelines.publishing import Retention, publish
from pipelines.warehouse import connect

DAY = date(2026, 10, 30)


def test_pace_of_the_days_received():
    assert disk.grown(1000, 10, 365) == 37_500
    assert disk.grown(1000, 0, 365) == 1000


def test_rooms_and_editions_of_a_bank(settings):
    handmade_editions.keep(settings, daily=7, month_ends=13)
    night = handmade_editions.open_night(settings, DAY)
    handmade_editions.build(settings, DAY)
    publish(settings, night, "p1", "m1")
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("create table raw.things as select n, md5(n::text) from generate_series(1, 5000) as n")
        for day in (28, 29, 30):
            cursor.execute(
                "insert into ops.deliveries (source_code, table_name, received_date, file_name, sha256, "
                "byte_count, row_count, night_id) values ('s', 't', %s, 'f', 'h', 1, 1, %s)",
                (DAY.replace(day=day), night.night_id),
            )
    with connect(settings) as connection:
        found = disk.forecast(settings, connection, Retention(7, 13), days=30)
        short = disk.forecast(settings, connection, Retention(7, 13), days=3)
    rooms = {each.room: each for each in found.rooms}
    raw, editions = rooms["raw"], rooms["editions"]
    assert raw.byte_count > 200_000
    assert raw.later_byte_count == raw.byte_count * 11
    assert editions.later_byte_count == editions.byte_count * 20
    assert {each.room: each for each in short.rooms}["editions"].later_byte_count == editions.byte_count * 4
    assert rooms["policy"].later_byte_count == rooms["policy"].byte_count
    assert found.growth_byte_count > 0


def test_a_night_that_keeps_a_table_to_itself_is_not_waited_for(settings):
    handmade_editions.keep(settings, daily=7, month_ends=13)
    night = handmade_editions.open_night(settings, DAY)
    handmade_editions.build(settings, DAY)
    publish(settings, night, "p1", "m1")
    with connect(settings) as writer, writer.cursor() as cursor:
        cursor.execute("lock table ops.deliveries in access exclusive mode")
        with connect(settings) as connection, pytest.raises(disk.DiskBusyError, match="a night is writing"):
            disk.forecast(settings, connection, Retention(7, 13), days=30)


def test_a_full_disk_is_told():
    room = disk.RoomSize("raw", 10, 30)
    assert disk.Forecast((room,), 30, 20).fits
    assert not disk.Forecast((room,), 30, 19).fits
    assert disk.Forecast((room,), 30, None).fits
