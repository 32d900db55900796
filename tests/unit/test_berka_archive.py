"""The Berka archive is served day by day, and nothing is served before it was known."""

import gzip
import hashlib
import json
import lzma
import os
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from pipelines.settings import ROOT
from pipelines.sources import load_source
from pipelines.sources.berka_archive import BerkaArchiveError, deliver_archive

REAL = Path(os.environ.get("YIHU_BERKA_FILES") or ROOT.parent / "shared" / "data" / "berka")

DISTRICT = 'A1;A2;A3;A4\n1;"Hl.m. Praha";"Prague";1204953\n'
ACCOUNT = (
    '"account_id";"district_id";"frequency";"date"\n'
    '1;1;"POPLATEK MESICNE";930102\n2;1;"POPLATEK TYDNE";930104\n'
)
CLIENT = '"client_id";"birth_number";"district_id"\n11;"706213";1\n12;"450204";1\n13;"450205";1\n'
DISP = (
    '"disp_id";"client_id";"account_id";"type"\n'
    '21;11;2;"OWNER"\n22;11;1;"DISPONENT"\n23;12;1;"OWNER"\n24;13;2;"DISPONENT"\n'
)
LOAN = (
    '"loan_id";"account_id";"date";"amount";"duration";"payments";"status"\n31;1;930131;96396;1;8033.00;"B"\n'
)
CARD = '"card_id";"disp_id";"type";"issued"\n41;21;"classic";930105 00:00:00\n'
TRANS_HEADER = (
    '"trans_id";"account_id";"date";"type";"operation";"amount";"balance";"k_symbol";"bank";"account"\n'
)
TRANS = TRANS_HEADER + (
    '52;1;930102;"PRIJEM";"VKLAD";700.10;700.10;"";;\n'
    '51;1;930102;"VYDAJ";"VYBER";0.20;699.90;" ";;\n'
    '53;2;930104;"PRIJEM";"VKLAD";5.00;5.00;"SIPO";"YZ";"87144583"\n'
    '54;2;930302;"PRIJEM";"VKLAD";6.00;11.00;;;\n'
)


@pytest.fixture
def archive(tmp_path):
    """A small archive with one file of each ending, line ends as in the real one."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for name, text in (("district", DISTRICT), ("account", ACCOUNT), ("client", CLIENT), ("disp", DISP)):
        (folder / f"{name}.asc.gz").write_bytes(gzip.compress(text.replace("\n", "\r\n").encode()))
    (folder / "loan.asc").write_bytes(LOAN.replace("\n", "\r\n").encode())
    (folder / "card.asc").write_bytes(CARD.encode())
    write_transactions(folder, TRANS)
    return folder


def write_transactions(folder: Path, text: str, name: str = "trans.asc.xz"):
    for former in folder.glob("trans*"):
        former.unlink()
    (folder / name).write_bytes(lzma.compress(text.replace("\n", "\r\n").encode()))


def lines(landing: Path, day: str, table: str) -> list[str]:
    return (landing / "berka" / day / f"{table}.csv").read_text(encoding="utf-8").splitlines()[1:]


def contents(landing: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(landing)): path.read_bytes() for path in landing.rglob("*") if path.is_file()
    }


def test_each_row_is_delivered_on_the_day_it_became_known(archive, tmp_path):
    assert deliver_archive(archive, tmp_path, date(1993, 3, 2)) == 61
    assert lines(tmp_path, "1993-01-01", "district") == ['1;"Hl.m. Praha";"Prague"']
    assert lines(tmp_path, "1993-01-02", "account") == ['1;1;"POPLATEK MESICNE";930102']
    assert lines(tmp_path, "1993-01-02", "client") == ['11;"706213";1', '12;"450204";1']
    assert lines(tmp_path, "1993-01-02", "disp") == ['22;11;1;"DISPONENT"', '23;12;1;"OWNER"']
    assert lines(tmp_path, "1993-01-04", "client") == ['13;"450205";1']
    assert lines(tmp_path, "1993-01-04", "disp") == ['21;11;2;"OWNER"', '24;13;2;"DISPONENT"']
    assert lines(tmp_path, "1993-01-05", "card") == ['41;21;"classic";930105 00:00:00']
    assert lines(tmp_path, "1993-01-02", "trans")[1] == '51;1;930102;"VYDAJ";"VYBER";0.20;699.90;" ";;'
    assert lines(tmp_path, "1993-01-03", "trans") == []
    assert lines(tmp_path, "1993-03-02", "trans") == ['54;2;930302;"PRIJEM";"VKLAD";6.00;11.00;;;']


def test_the_final_state_of_a_loan_is_unknown_until_it_has_run_out(archive, tmp_path):
    deliver_archive(archive, tmp_path, date(1993, 3, 2))
    assert lines(tmp_path, "1993-01-31", "loan") == ["31;1;930131;96396;1;8033.00;"]
    assert lines(tmp_path, "1993-02-28", "loan") == ['31;1;930131;96396;1;8033.00;"B"']


def test_every_folder_is_whole_and_its_control_files_are_true(archive, tmp_path):
    deliver_archive(archive, tmp_path, date(1993, 1, 4))
    for day in ("1993-01-01", "1993-01-02", "1993-01-03", "1993-01-04"):
        for table in load_source("berka").tables:
            data = (tmp_path / "berka" / day / table.file_name).read_bytes()
            control = json.loads((tmp_path / "berka" / day / table.control_name).read_bytes())
            assert data.splitlines()[0].decode() == ";".join(table.column_names)
            assert control["rows"] == data.count(b"\n") - 1
            assert control["sha256"] == hashlib.sha256(data).hexdigest()
    control = json.loads((tmp_path / "berka/1993-01-02/trans.control.json").read_bytes())
    assert control["sums"] == {"amount": "700.30"}


def test_nothing_after_the_date_is_written(archive, tmp_path):
    deliver_archive(archive, tmp_path, date(1993, 1, 3))
    assert sorted(path.name for path in (tmp_path / "berka").iterdir()) == [
        "1993-01-01",
        "1993-01-02",
        "1993-01-03",
    ]


def test_day_by_day_or_at_once_the_bytes_are_the_same(archive, tmp_path):
    for day in (2, 3, 5):
        deliver_archive(archive, tmp_path / "days", date(1993, 1, day))
    assert deliver_archive(archive, tmp_path / "once", date(1993, 1, 5)) == 5
    assert contents(tmp_path / "days") == contents(tmp_path / "once")


def test_whole_folders_are_left_alone_and_half_written_ones_written_again(archive, tmp_path):
    deliver_archive(archive, tmp_path, date(1993, 1, 4))
    expected = contents(tmp_path / "berka")
    (tmp_path / "berka/1993-01-02/trans.control.json").unlink()
    (tmp_path / "berka/.1993-01-05.part").mkdir()
    whole = (tmp_path / "berka/1993-01-03/trans.csv").stat().st_ino
    assert deliver_archive(archive, tmp_path, date(1993, 1, 4)) == 1
    assert contents(tmp_path / "berka") == expected
    assert (tmp_path / "berka/1993-01-03/trans.csv").stat().st_ino == whole
    assert deliver_archive(archive, tmp_path, date(1993, 1, 4)) == 0


def test_the_last_date_of_a_partial_file_is_not_whole(archive, tmp_path):
    write_transactions(archive, TRANS, "trans_19930101_19930302_PARTIAL.asc.xz")
    deliver_archive(archive, tmp_path, date(1993, 3, 1))
    with pytest.raises(BerkaArchiveError, match=r"1993-03-02 cannot be served.*1993-01-01 to 1993-03-01"):
        deliver_archive(archive, tmp_path, date(1993, 3, 2))
    assert not (tmp_path / "berka/1993-03-02").exists()


@pytest.mark.parametrize("day", [date(1993, 3, 3), date(1992, 12, 31)])
def test_dates_outside_the_archive_are_refused(archive, tmp_path, day):
    with pytest.raises(BerkaArchiveError, match=f"{day} cannot be served"):
        deliver_archive(archive, tmp_path, day)


def test_progress_is_told(archive, tmp_path):
    told = []
    deliver_archive(archive, tmp_path, date(1993, 1, 4), told.append)
    assert told == ["berka: 4 of 4 delivery folders, up to 1993-01-04"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "trans",
            TRANS + '55;2;930301;"PRIJEM";"VKLAD";6.00;11.00;;;\n',
            ["line 6", "not sorted", "1993-03-01"],
        ),
        ("trans", TRANS + '55;2;931301;"PRIJEM";"VKLAD";6.00;11.00;;;\n', ["line 6", "date is not a date"]),
        ("trans", TRANS + "55\n", ["line 6", "not a date"]),
        ("trans", TRANS_HEADER, ["no transaction"]),
        ("account", ACCOUNT.replace("frequency", "often"), ["line 1", "header", "often"]),
        ("account", ACCOUNT + "3;1\n", ["line 4", "2 fields, not 4"]),
        ("disp", DISP + '25;13;9;"OWNER"\n', ["line 6", "account 9"]),
        ("loan", LOAN.replace(";1;8033", ";one;8033"), ["line 2", "duration"]),
        ("card", CARD.replace("930105 00", "930199 00"), ["line 2", "issued is not a date"]),
    ],
)
def test_a_fault_of_the_archive_names_file_and_line(archive, tmp_path, name, text, words):
    for former in archive.glob(f"{name}.*"):
        former.unlink()
    (archive / f"{name}.asc").write_text(text, encoding="utf-8")
    with pytest.raises(BerkaArchiveError) as raised:
        deliver_archive(archive, tmp_path, date(1993, 1, 5))
    for word in [f"berka {name}: {name}.asc", *words]:
        assert word in str(raised.value)
    assert not (tmp_path / "berka").exists()


def test_a_missing_file_is_named(archive, tmp_path):
    (archive / "loan.asc").unlink()
    with pytest.raises(BerkaArchiveError, match=r"berka loan: one file loan\.asc .* found: none"):
        deliver_archive(archive, tmp_path, date(1993, 1, 5))


def test_a_truncated_file_is_named(archive, tmp_path):
    path = archive / "trans.asc.xz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(BerkaArchiveError, match=r"berka trans: trans\.asc\.xz.*cannot be read"):
        deliver_archive(archive, tmp_path, date(1993, 1, 5))


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the Berka files are not at {REAL} (YIHU_BERKA_FILES)")
def test_the_real_archive_is_served_as_pandas_counts_it(tmp_path):
    pandas = pytest.importorskip("pandas")
    until = date(1994, 3, 30)
    deliver_archive(REAL, tmp_path, until)

    def delivered(table):
        header = ";".join(load_source("berka").table(table).column_names)
        days = sorted(path.name for path in (tmp_path / "berka").iterdir())
        text = "\n".join([header, *(line for day in days for line in lines(tmp_path, day, table))])
        return pandas.read_csv(StringIO(text), sep=";", dtype=str)

    def archived(table):
        (path,) = REAL.glob(f"{table}*.asc.*")
        return pandas.read_csv(path, sep=";", dtype=str)

    known = archived("account").query("date <= '940330'")
    dispositions = archived("disp").merge(known[["account_id"]], on="account_id")
    transactions = archived("trans").query("date <= '940330'")
    assert len(delivered("account")) == len(known) == 1229
    assert set(delivered("client")["client_id"]) == set(dispositions["client_id"])
    assert len(delivered("disp")) == len(dispositions)
    assert len(delivered("card")) == 6
    assert len(delivered("loan")) == 37
    assert delivered("loan")["status"].isna().all()
    assert len(delivered("district")) == 77
    assert delivered("trans")["trans_id"].tolist() == transactions["trans_id"].tolist()
    assert delivered("trans")["amount"].astype(float).sum() == pytest.approx(
        transactions["amount"].astype(float).sum()
    )
