"""The table of docs/imports.md is what the readers do."""

from import_table import BEGIN, END, PAGE, table


def test_the_table_is_what_the_readers_do() -> None:
    """`python tests/helpers/import_table.py` writes it anew."""
    assert PAGE.read_text().split(BEGIN)[1].split(END)[0] == table()
