# One image for every Airflow service of docker-compose.yml; tasks run in the scheduler's container.
FROM python:3.11.14-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/opt/yihu \
    AIRFLOW_HOME=/var/lib/airflow \
    YIHU_VAR=/var/lib/yihu

# The folders are made here, with their owner, so that new named volumes take the owner over.
RUN groupadd --gid 10001 yihu \
    && useradd --uid 10001 --gid yihu --create-home yihu \
    && install --directory --mode 0700 --owner yihu --group yihu /var/lib/airflow /var/lib/yihu

WORKDIR /opt/yihu
COPY requirements.txt ./
RUN pip install --no-cache-dir --requirement requirements.txt

COPY . .
RUN pip install --no-cache-dir --no-deps --editable . \
    && python -m compileall -q pipelines dags

USER yihu
ENTRYPOINT ["airflow"]
CMD ["version"]
