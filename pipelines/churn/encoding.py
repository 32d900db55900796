"""Tables into numbers for trees: texts become codes, what is missing or unknown stays missing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api import types

MOST_CATEGORIES = 100  # the most frequent ones; rarer ones and those never seen count as missing


class EncodingError(ValueError):
    """A table that lacks a column, or holds one that is neither number nor text."""


@dataclass(frozen=True)
class Encoding:
    """What was learnt of each column: ``categories`` holds the kept texts of a text column, by its name."""

    names: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]

    @property
    def is_text(self) -> list[bool]:
        """One per column, in order."""
        return [name in self.categories for name in self.names]

    def numbers(self, table: pd.DataFrame) -> np.ndarray:
        """The table as (rows, columns) of float64, nan where missing; EncodingError where one lacks."""
        if missing := [name for name in self.names if name not in table.columns]:
            raise EncodingError(f"the table lacks {', '.join(missing)}: give the columns of the training")
        found = np.empty((len(table), len(self.names)))
        for place, name in enumerate(self.names):
            column = table[name]
            found[:, place] = (
                _codes(column, self.categories[name]) if name in self.categories else _numbers(column)
            )
        return found


def learn(table: pd.DataFrame) -> Encoding:
    """Which columns are texts (object, string, category, bool), and which of their values are kept."""
    names = tuple(map(str, table.columns))
    if len(set(names)) < len(names):
        raise EncodingError("two columns share a name: give each its own")
    return Encoding(names, {name: _categories(table[name]) for name in names if _is_text(table[name])})


def as_table(values: object) -> pd.DataFrame:
    """A DataFrame as it is; anything else with columns x0, x1, …"""
    if isinstance(values, pd.DataFrame):
        return values.rename(columns=str)
    rows = np.asarray(values)
    if rows.ndim != 2:
        raise EncodingError(f"a table has rows and columns, this has {rows.ndim} dimensions: reshape it")
    return pd.DataFrame(rows, columns=[f"x{place}" for place in range(rows.shape[1])])


def _is_text(column: pd.Series) -> bool:
    if types.is_bool_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return True
    if types.is_object_dtype(column) or types.is_string_dtype(column):
        return True
    if types.is_numeric_dtype(column):
        return False
    raise EncodingError(f"column {column.name} is {column.dtype}: give a number or a text, as days since it")


def _categories(column: pd.Series) -> tuple[str, ...]:
    counts = column.dropna().astype(str).value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(sorted(name for name, _ in ordered[:MOST_CATEGORIES]))


def _codes(column: pd.Series, categories: tuple[str, ...]) -> np.ndarray:
    code_of = {name: float(code) for code, name in enumerate(categories)}
    codes, values = pd.factorize(column)
    table = np.array([*(code_of.get(str(value), np.nan) for value in values), np.nan])
    return table[codes]  # factorize gives -1 for what is missing: the last place


def _numbers(column: pd.Series) -> np.ndarray:
    return pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
