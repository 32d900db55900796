"""Parquet: its columns, retyped or not, and its rows as the text that raw holds."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO

from pipelines.landing.csv_files import Hear, Row
from pipelines.landing.delivery import Delivery
from pipelines.landing.layout import Layout, layout_of

if TYPE_CHECKING:
    import pyarrow

_BATCH_ROWS = 5_000


def parquet_rows(
    delivery: Delivery, file: BinaryIO, hear: Hear | None = None
) -> tuple[Layout, Iterator[Row]]:
    """The layout, and number (the first row = 1) and fields of every row; null is empty.

    Columns are found by name, in any order. Raises DeliveryError where a column's type is not the declared
    one; text is taken for every type and judged cell by cell, as in a CSV file. Memory holds a row group's
    compressed columns and one batch of rows. ``hear`` is given the text of every row,
    the same however the file was compressed.
    """
    import pyarrow
    from pyarrow import parquet

    try:
        # no memory map and no read-ahead: both would hold more of the file than a batch needs
        content = parquet.ParquetFile(file, memory_map=False, pre_buffer=False, buffer_size=1 << 16)
        schema = content.schema_arrow
    except (pyarrow.ArrowException, OSError) as error:
        raise delivery.fault(f"{delivery.path} is no parquet file ({type(error).__name__})") from None
    layout = layout_of(delivery, schema.names, "the schema", any_order=True)
    _refuse_retyped(delivery, schema)
    return layout, _rows(delivery, content, hear)


def _rows(delivery: Delivery, content: Any, hear: Hear | None) -> Iterator[Row]:
    import pyarrow

    number = 1
    try:
        for batch in content.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
            columns = [[_text(value) for value in column.to_pylist()] for column in batch.columns]
            for fields in zip(*columns, strict=True):
                if any("\0" in field for field in fields):
                    raise delivery.fault(f"row {number} holds a NUL character")
                if hear:
                    hear("\0".join((*fields, "\n")).encode())
                yield number, fields
                number += 1
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise delivery.fault(
            f"row {number} or one after it cannot be read ({type(error).__name__})"
        ) from None


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"  # never with an exponent
    return "" if value is None else str(value)


def _refuse_retyped(delivery: Delivery, schema: "pyarrow.Schema") -> None:
    for column in delivery.table.columns:
        found = schema.field(column.name).type
        if not _is_kind(found, column.type, column.format):
            raise delivery.fault(
                f"column {column.name} has the type {found}, declared is {column.type}"
                + (f" ({column.format})" if column.format else "")
            )


def _is_kind(found: "pyarrow.DataType", kind: str, date_format: str | None) -> bool:
    from pyarrow import types

    if types.is_dictionary(found):
        found = found.value_type
    if types.is_string(found) or types.is_large_string(found) or types.is_null(found):
        return True
    return {
        "text": False,
        "date": types.is_date(found) and date_format == "yyyy-mm-dd",
        "decimal": types.is_decimal(found) or types.is_integer(found),
        "integer": types.is_integer(found),
    }[kind]
