"""A shop with a program, a key and a subscriber to everything, in a database of its own."""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from stampbook.core.definition import Definition
from stampbook.core.delivery import Conduct
from stampbook.delivery.secrets import Vault, new_master_key
from stampbook.program.parse import parse
from stampbook.program.version import definition_hash
from stampbook.store.admin import ApiKey, NewVersion, add_key, create_program
from stampbook.store.backend import Backend, open_backend
from stampbook.store.endpoints import Endpoint, add_endpoint
from stampbook.values.ids import EndpointId, ProgramId
from stampbook.values.instants import from_ms

PROGRAM = ProgramId("a" * 24)
ENDPOINT = EndpointId("e" * 24)
TOKEN = "sb_kill_" + "k" * 32
SECRET = "whsec_" + "c2VjcmV0" * 4
USUAL = Conduct()
MUGS = 25
"""Fewer than the members can pay, so that some are refused."""

TOML = f"""
[program]
name = "Corner Bakery"
currency = "EUR"

[points.expiry]
months = 12

[[tiers.levels]]
id = "crumb"
name = "Crumb"
threshold = 0

[[tiers.levels]]
id = "loaf"
name = "Loaf"
threshold = 400
multiplier = 1.2

[[activities]]
id = "made_a_purchase"
name = "Made a purchase"
on = "order"
computation = {{ kind = "multiplier_based", attribute = "order_subtotal", multiplier = 2 }}

[[activities]]
id = "visit"
name = "Came by"
computation = {{ kind = "fixed", points = 15 }}
caps = [{{ per = "day", times = 20 }}]

[[rewards]]
id = "mug"
name = "Mug"
sub_type = "product"
product_id = "mug-1"
points = 120
stock = {MUGS}

[[rewards]]
id = "coffee"
name = "Coffee"
sub_type = "fixed_amount"
points = 40
value = 3
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """An open shop."""

    backend: Backend
    database: str
    master_key: str


def open_shop(database: str, webhook_url: str, conduct: Conduct = USUAL) -> Shop:
    """Found the program in a migrated database."""
    definition = parse(TOML)
    assert isinstance(definition, Definition), definition
    now_ms = time.time_ns() // 1_000_000
    master_key = new_master_key()
    backend = open_backend(database)
    with backend.transaction() as unit:
        version = NewVersion(source=TOML, definition=definition, hash=definition_hash(definition))
        create_program(unit, PROGRAM, version, created_at_ms=now_ms)
        key = ApiKey(
            program_id=PROGRAM,
            id="c" * 24,
            name="kill test",
            hash=hashlib.sha256(TOKEN.encode()).hexdigest(),
            scopes=("read", "write"),
            created_at_ms=now_ms,
        )
        add_key(unit, key)
    shop = Shop(backend, database, master_key)
    subscribe(shop, ENDPOINT, webhook_url, conduct=conduct)
    return shop


def subscribe(shop: Shop, endpoint_id: EndpointId, url: str, **wishes: Any) -> None:
    """Let an endpoint be told of everything from now on; `wishes` are fields of Endpoint."""
    now_ms = time.time_ns() // 1_000_000
    fields: dict[str, Any] = {"dialect": "native", "event_types": (), "batch_size": 1, **wishes}
    endpoint = Endpoint(
        id=endpoint_id,
        url=url,
        secrets=Vault([shop.master_key]).seal([SECRET]),
        status="active",
        created_at=from_ms(now_ms),
        updated_at=from_ms(now_ms),
        description="",
        **fields,
    )
    with shop.backend.transaction() as unit:
        add_endpoint(unit, PROGRAM, endpoint, now_ms)
