"""A row of texts becomes the command that it says, or the reason why it cannot."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampbook.commands import Command
from stampbook.commands.enroll_member import EnrollMember
from stampbook.commands.record_order import RecordOrder
from stampbook.connectors.columns import columns_of
from stampbook.connectors.csv_import import HeaderError, Rejection, Row, RowReader
from stampbook.nouns.member import Address
from stampbook.nouns.order import Product

BERLIN = ZoneInfo("Europe/Berlin")


def read(command: type[Command], **cells: str) -> Command | Rejection:
    """Read one row; a column's dot is spelt as two underscores."""
    header = [name.replace("__", ".") for name in cells]
    return RowReader(command, header, renamed={}, zone=BERLIN).command(Row(2, [*cells.values()]))


def test_a_member_reads_as_the_columns_say() -> None:
    assert read(
        EnrollMember,
        member_id="0042",
        first_name="Ada",
        email_address="",
        address__city="Ghent",
        tags="early; loyal|",
        birthdate="1988-02-29",
        enrolled_at="2021-07-01",
        custom_attributes__visits="12",
        custom_attributes__share="0.5",
        custom_attributes__vip="true",
        custom_attributes__code="007",
    ) == EnrollMember(
        member_id="0042",
        first_name="Ada",
        address=Address(city="Ghent"),
        tags=("early", "loyal"),
        birthdate=date(1988, 2, 29),
        enrolled_at=datetime(2021, 6, 30, 22, tzinfo=UTC),  # midnight in the program's zone
        custom_attributes={"visits": 12, "share": 0.5, "vip": True, "code": "007"},
    )


def test_an_order_keeps_its_amounts_as_texts() -> None:
    assert read(
        RecordOrder,
        order_id="o-1",
        member_id="m-1",
        order_subtotal="19.90",
        ordered_at="2024-05-06T07:08:09.123456+02:00",
        products='[{"product_id": "p-1", "product_price": 19.9}]',
        attributes__channel="pos",
    ) == RecordOrder(
        order_id="o-1",
        member_id="m-1",
        order_subtotal="19.90",
        ordered_at=datetime(2024, 5, 6, 5, 8, 9, 123000, tzinfo=UTC),
        products=(Product(product_id="p-1", product_price=19.9),),
        attributes={"channel": "pos"},
    )


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("order_subtotal", "12,50", "order_subtotal is no amount (12,50)."),
        ("ordered_at", "06/05/2024", "ordered_at is no time (06/05/2024)."),
        ("ordered_at", "1492-10-12", "ordered_at is out of range."),
        ("products", "p-1", "products is no JSON."),
        ("products", '[{"product_price": 1}]', "products[0].product_id is missing."),
        ("attributes__note", "a\0b", "attributes.note has a NUL character."),
        ("member_id", "", "member_id is missing."),
    ],
)
def test_a_wrong_text_is_named(column: str, text: str, reason: str) -> None:
    cells = {"order_id": "o-1", "member_id": "m-1", "order_subtotal": "1"}
    rejected = read(RecordOrder, **{**cells, column: text})
    assert isinstance(rejected, Rejection)
    assert (rejected.code, rejected.reason) == ("row.invalid", reason)
    assert rejected.remedy.startswith(("Give", "Remove"))


def test_a_row_of_another_width_is_rejected() -> None:
    reader = RowReader(EnrollMember, ["member_id", "first_name"], renamed={}, zone=UTC)
    rejected = reader.command(Row(7, ["m-1", "Ada", "Lovelace"]))
    assert isinstance(rejected, Rejection)
    assert rejected.reason == "The row has 3 columns, the header 2."


def test_a_column_can_be_renamed_or_left_out() -> None:
    renamed = {"Mail": "email_address", "Notes": ""}
    reader = RowReader(EnrollMember, ["member_id", "Mail", "Notes"], renamed=renamed, zone=UTC)
    command = reader.command(Row(2, ["m-1", "a@shop.example", "called twice"]))
    assert command == EnrollMember(member_id="m-1", email_address="a@shop.example")


@pytest.mark.parametrize(
    ("header", "renamed", "message", "remedy"),
    [
        (["member_id", "fist_name"], {}, "'fist_name' is not known", "Did you mean first_name?"),
        (["member_id", "address.town"], {}, "custom_attributes.<name>", "--map address.town="),
        (["first_name"], {}, "member_id is missing", "--map <column>=member_id"),
        (["member_id", "id"], {"id": "member_id"}, "stands twice", "--map member_id="),
        (["member_id"], {"mail": ""}, "No column is called 'mail'", "Choose from member_id"),
    ],
)
def test_a_wrong_header_is_an_error_with_a_remedy(
    header: list[str], renamed: dict[str, str], message: str, remedy: str
) -> None:
    with pytest.raises(HeaderError) as caught:
        RowReader(EnrollMember, header, renamed=renamed, zone=UTC)
    assert message in caught.value.message
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("command", [EnrollMember, RecordOrder])
def test_every_field_of_the_command_has_its_column(command: type[Command]) -> None:
    columns = columns_of(command)
    said = {name.partition(".")[0] for name in columns.known}
    assert said == set(command.__struct_fields__)


@given(st.lists(st.text(max_size=40), min_size=3, max_size=24))
def test_any_texts_give_a_valid_command_or_a_reason(texts: list[str]) -> None:
    header = list(columns_of(RecordOrder).fixed)[: len(texts)]
    read = RowReader(RecordOrder, header, renamed={}, zone=UTC).command(
        Row(2, texts[: len(header)])
    )
    if isinstance(read, Rejection):
        assert read.reason
        assert read.remedy
    else:
        assert msgspec.convert(msgspec.to_builtins(read), RecordOrder) == read
