from datetime import date

import numpy as np
import pytest

from pipelines.demo_bank import names, numbers
from pipelines.demo_bank.texts import joined, numbered

BORN = np.array(["1949-12-31", "1980-01-01", "2001-02-28"], dtype="datetime64[D]")


def test_many_numbers_are_those_of_one_by_one():
    region, serial = np.array([7, 1234, 99_999]), np.array([2, 801, 999])
    many = numbers.person_numbers(region, BORN, serial)
    parts = zip(region, BORN.astype(object), serial.tolist(), strict=True)
    one = [numbers.person_number(*each) for each in parts]
    assert many.tolist() == one
    kinds = np.array([91, 12, 92])
    codes = numbers.credit_codes(kinds, region, serial)
    assert codes.tolist() == [
        numbers.credit_code(str(kind), int(place), int(each))
        for kind, place, each in zip(kinds, region, serial, strict=True)
    ]
    assert numbers.phones(np.array([-1, 12])).tolist() == ["", numbers.phone(12)]
    assert numbers.fifteen_digits_of(many).tolist() == [numbers.fifteen_digits(each) for each in one]


def test_a_mistyped_number_is_no_longer_well_formed():
    many = numbers.person_numbers(np.arange(1000), np.repeat(BORN[:1], 1000), np.arange(1000))
    wrong = numbers.mistyped(many)
    assert all(numbers.person_check(each[:17]) != each[17] for each in wrong.tolist())


@pytest.mark.parametrize("kind", ["person", "company", "institution"])
def test_names_can_be_written_in_every_encoding_of_the_sources(kind):
    draw, region = np.arange(8192), np.arange(8192) % 8
    if kind == "person":
        found = names.person_names(draw % 72, draw)
        assert set(np.char.str_len(found).tolist()) == {2, 3}
        found = np.concatenate([found, names.misheard(found), names.traditional(found), names.spaced(found)])
    else:
        found = (names.company_names if kind == "company" else names.institution_names)(region, draw)
        assert len(set(found.tolist())) > 4000
    for encoding in ("gbk", "gb18030", "utf-8"):
        assert "".join(found.tolist()).encode(encoding)


def test_a_misheard_name_keeps_its_surname_and_changes():
    found = names.person_names(np.arange(64), np.arange(64) * 100)
    other = names.misheard(found)
    assert (found != other).all()
    assert all(one[0] == two[0] for one, two in zip(found.tolist(), other.tolist(), strict=True))


def test_texts_are_put_together_without_gaps():
    assert joined(np.array(["a", "bcd"]), np.array(["", "e"])).tolist() == ["a", "bcde"]
    assert numbered("C", np.array([3, 1_234_567]), 7).tolist() == ["C0000003", "C1234567"]
    assert numbers.person_number(1, date(1990, 1, 2), 5)[6:14] == "19900102"
