import time
from datetime import date
from night_support import *
from pipelines.demo_bank import write_demo_bank

def steps(settings, night):
    for row in query(settings, "select step_name, state, seconds, message from ops.night_steps where night_id=%s order by step_number", night.night_id):
        print(row)

def test_try(make_settings):
  with warm():
    settings = make_settings()
    t = time.time()
    write_demo_bank(settings.landing, customers=60, first_date=date(2026, 8, 30), last_date=date(2026, 11, 2))
    print("bank", time.time() - t)
    for day in (date(2026, 10, 30), date(2026, 10, 31), date(2026, 11, 1)):
        t = time.time()
        night = run_night(settings, day)
        print("night", day, time.time() - t, night_state(settings, night))
        steps(settings, night)
