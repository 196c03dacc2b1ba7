"""The declared contract: packing, what is written from it, and that a changed width changes all of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rtl_network import Bank, Destination, Segment, flit

from snnc.base.errors import FileError, VerificationError
from snnc.compiler.isa import contract
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.contract import BANK, DESTINATION, FLIT, REGISTER, SEGMENT, FlitType
from snnc.compiler.isa.flits import address_bits
from snnc.compiler.isa.layout import Field, Word, from_chunks
from snnc.rtl.contract import out_of_date, with_tables, written
from snnc.rtl.contract_package import package
from snnc.rtl.contract_tables import tables


def test_the_files_are_current() -> None:
    assert out_of_date() == [], "python -m snnc.rtl.contract"
    assert len(written()) == 4


def test_words_are_those_of_the_benches_that_write_bits_by_hand() -> None:
    at = address_bits(Address(3, 12, host=True))
    assert FLIT.pack(address=at, type=FlitType.VALUE, data=0x8765_4321) == flit(1, 0x8765_4321, 3, 12, True)
    by_hand = Destination(3, 12, True, -5, 7, 65535, True, True).encode()
    fields = {"base": -5, "first_word": 7, "last_word": 65535, "address": at, "end": 1, "recurrent": 1}
    fields["context"] = 0
    assert DESTINATION.pack(**fields) == by_hand
    assert DESTINATION.unpack(by_hand) == fields
    assert (
        SEGMENT.pack(first_entry=255, end_entry=256, delay=15, recurrent=1)
        == Segment(255, 256, 15, True).encode()
    )
    bank = Bank(65535, 1, 2, -3, -32768, 4095, 255, 256, True, True)
    assert BANK.pack(**vars(bank)) == from_chunks(bank.encode())


def test_every_field_holds_its_limits_and_no_more() -> None:
    for word in (FLIT, REGISTER, SEGMENT, BANK, *contract.TABLE_WORDS, *contract.STATUS_WORDS):
        for item in word.fields:
            for value in item.range:
                packed = word.pack(**{item.name: value})
                assert {**dict.fromkeys(word.unpack(0), 0), item.name: value} == word.unpack(packed)
            for value in (item.range[0] - 1, item.range[1] + 1):
                with pytest.raises(VerificationError, match=f"{item.name} = {value} does not fit its"):
                    word.pack(**{item.name: value})


def test_arrays_pack_as_integers_do() -> None:
    rng = np.random.default_rng(1)
    word = Word("sample", 64, (Field("low", 13, signed=True), Field("flag", 1), Field("high", 44, at=20)))
    values = {
        item.name: rng.integers(item.range[0], item.range[1], 50, endpoint=True) for item in word.fields
    }
    packed = word.pack_all(**values)
    for number, one in enumerate(packed.tolist()):
        assert one == word.pack(**{name: int(value[number]) for name, value in values.items()})
    for name, value in values.items():
        assert word[name].read_all(packed).tolist() == value.tolist()
    with pytest.raises(VerificationError, match="sample word: low = 4096 does not fit its signed 13 bits"):
        word.pack_all(low=np.array([0, 4096]))


def test_fields_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match=r"pair\.second: bits 3 to 6 are not free"):
        Word("pair", 8, (Field("first", 4), Field("second", 4, at=3)))


def test_a_width_that_changes_changes_all_that_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    wider = replace(
        FLIT,
        fields=tuple(replace(f, at=-1, width=f.width + 2 * (f.name == "type")) for f in FLIT.fields),
        width=50,
    )
    before = package()
    monkeypatch.setattr(contract, "FLIT", wider)
    assert "localparam int FlitBits = 50;" in package() and package() != before
    assert "localparam int FlitDataAt = 18;" in package()
    table = tables()["microarchitecture.md"]["flit"]
    assert "`type` 17:13" in table and "`data` 49:18" in table
    assert len(out_of_date()) == 2


def test_a_document_without_a_place_for_a_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("nothing")
    with pytest.raises(FileError, match="has no place for the table `flit`"):
        with_tables(tmp_path / "page.md", {"flit": ""})
