#!/bin/sh
# Runs once, when the volume is new: one login for the night, one for Airflow, and Airflow's own database.
# The night's login makes the bank's database, its rooms and its roles itself; it is no superuser.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv night YIHU_DATABASE_PASSWORD
\getenv airflow AIRFLOW_DATABASE_PASSWORD
create role yihu_night login createdb createrole password :'night';
create role airflow login password :'airflow';
create database airflow owner airflow;
revoke all on database airflow from public;
SQL
