"""Gates by dimension over the last thirty nights (catalogue Q1)."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from markupsafe import Markup
from psycopg2.extensions import connection as Connection

from pipelines.report.rows import all_rows
from pipelines.report.words import DIMENSIONS, Both

NIGHTS = 30  # what fits beside each other on a telephone
_TREND = """
with shown as (
    select night.night_id, night.business_date
    from ops.nights as night
    where night.workspace = %s and night.night_id <= %s
        and exists (select from ops.gate_results as result where result.night_id = night.night_id)
    order by night.night_id desc limit %s
),
waived as (
    select distinct shown.night_id, waiver.rule_id
    from shown inner join ops.waivers as waiver
        on shown.business_date between waiver.from_date and waiver.until_date
)
select result.dimension_code, shown.night_id, shown.business_date, count(*) as rule_count,
       count(*) filter (
           where outcome_code = 'error'
               or outcome_code = 'failed' and severity_code = 'critical' and waived.rule_id is null
       ) as critical_count,
       count(*) filter (
           where outcome_code = 'failed'
               and (severity_code = 'warning' or severity_code = 'critical' and waived.rule_id is not null)
       ) as warning_count
from shown
inner join ops.gate_results as result using (night_id)
left join waived using (night_id, rule_id)
group by 1, 2, 3 order by 1, 2
"""


@dataclass(frozen=True)
class NightCount:
    """How one night did in one dimension; a critical rule that was waived then counts as a warning."""

    night_id: int
    business_date: date
    rule_count: int
    critical_count: int
    warning_count: int


@dataclass(frozen=True)
class Trend:
    """One dimension's nights, oldest first; the last is the report's own if it was judged."""

    code: str
    nights: tuple[NightCount, ...]

    @property
    def title(self) -> Both:
        """The dimension's name."""
        return DIMENSIONS.get(self.code, Both(self.code, self.code))

    @property
    def svg(self) -> Markup:
        """A column a night: rules not passed, critical ones below; a low green one where all passed."""
        return _columns(self.nights)


def read_trend(connection: Connection, workspace: str, night_id: int) -> tuple[Trend, ...]:
    """The trend of every dimension, in the order of their names in policy."""
    rows = all_rows(connection, _TREND, workspace, night_id, NIGHTS)
    found = [
        Trend(code, tuple(NightCount(*row[1:]) for row in group))
        for code, group in groupby(rows, key=lambda row: row.dimension_code)
    ]
    order = list(DIMENSIONS)
    return tuple(sorted(found, key=lambda one: order.index(one.code) if one.code in order else len(order)))


_WIDTH, _HEIGHT, _STEP, _LOW = 300, 48, 10, 3


def _columns(nights: tuple[NightCount, ...]) -> Markup:
    most = max((night.critical_count + night.warning_count for night in nights), default=0) or 1
    drawn = Markup("")
    for place, night in enumerate(nights, start=NIGHTS - len(nights)):
        bottom = _HEIGHT
        title = (
            f"{night.business_date} #{night.night_id}: {night.critical_count} + {night.warning_count}"
            f" / {night.rule_count}"
        )
        parts = [("bad", night.critical_count), ("warn", night.warning_count)]
        for kind, count in parts if any(count for _, count in parts) else [("good", 0)]:
            height = max(_LOW, round(count / most * (_HEIGHT - 2))) if count or kind == "good" else 0
            bottom -= height
            drawn += Markup(
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
            ).format(kind, place * _STEP + 1, bottom, _STEP - 2, height, title)
    return Markup('<svg class="trend" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>').format(
        _WIDTH, _HEIGHT, drawn
    )
