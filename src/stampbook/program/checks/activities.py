"""Activities: ids are unique, one is set off by orders, and no setting goes unread."""

from collections.abc import Iterator

from stampbook.core.definition import Activity, Computation, Definition
from stampbook.core.rules import effects
from stampbook.core.rules.attributes import TRANSACTION_TYPES
from stampbook.nouns.activity import BARE
from stampbook.program.problems import Flaw, Path, choose_from, repeated


def _check(definition: Definition) -> Iterator[Flaw]:
    activities = definition.activities
    yield from repeated((activity.id for activity in activities), ("activities",))
    by_order = [index for index, one in enumerate(activities) if one.on == "order"]
    for index in by_order[1:]:
        yield Flaw(
            ("activities", index, "on"),
            f"is order, and so is that of {activities[by_order[0]].id}: an order earns once.",
            'Make it a rule of that activity, or set on to "request".',
        )
    for index, activity in enumerate(activities):
        path = ("activities", index)
        yield from _computation_flaws(activity, (*path, "computation"))
        yield from _approval_flaws(activity, (*path, "approval"))
        yield from _cap_flaws(activity, (*path, "caps"))
        yield from _rule_flaws(activity, (*path, "rules"))


def _computation_flaws(activity: Activity, path: Path) -> Iterator[Flaw]:
    computation = activity.computation
    if computation.kind == "fixed":
        standard = Computation(kind="fixed")
        for key in ("attribute", "multiplier"):
            if getattr(computation, key) != getattr(standard, key):
                yield Flaw(
                    (*path, key),
                    "is not read by a fixed computation.",
                    'Leave it out, or set kind to "multiplier_based".',
                )
        return
    if computation.points:
        yield Flaw(
            (*path, "points"),
            "is not read by a multiplier_based computation.",
            'Leave it out, set kind to "fixed", or add the points by a rule.',
        )
    if activity.on in BARE:
        yield Flaw(
            (*path, "kind"),
            f"multiplies an attribute, and the {activity.on} brings none.",
            'Set kind to "fixed" and give points.',
        )
    yield from _multiplied_flaws(computation.attribute, (*path, "attribute"))


def _multiplied_flaws(attribute: str, path: Path) -> Iterator[Flaw]:
    scope, dot, name = attribute.partition(".")
    if dot and scope in {"transaction", "member", "products"}:
        remedy = f"Write {name}." if scope == "transaction" else "Name one such as order_subtotal."
        yield Flaw(path, f"{attribute} is a path, not the name of an attribute.", remedy)
    elif attribute == "products" or TRANSACTION_TYPES.get(attribute, "number") != "number":
        yield Flaw(path, f"{attribute} is no number.", "Name one such as order_subtotal.")


def _approval_flaws(activity: Activity, path: Path) -> Iterator[Flaw]:
    approval = activity.approval
    if approval.method == "after_days" and approval.days is None:
        yield Flaw(path, "waits for days that are not given.", "Give days, such as days = 14.")
    elif approval.method != "after_days" and approval.days is not None:
        yield Flaw(
            (*path, "days"),
            f"is not read by the method {approval.method}.",
            'Leave it out, or set method to "after_days".',
        )


def _cap_flaws(activity: Activity, path: Path) -> Iterator[Flaw]:
    yield from repeated((cap.per for cap in activity.caps), path, "per")
    for index, cap in enumerate(activity.caps):
        if cap.points is None and cap.times is None:
            yield Flaw((*path, index), "limits nothing.", "Give points, times, or both.")


def _rule_flaws(activity: Activity, path: Path) -> Iterator[Flaw]:
    yield from repeated((rule.name for rule in activity.rules), path, "name")
    for index, rule in enumerate(activity.rules):
        if rule.effect not in effects.catalogue():
            yield Flaw(
                (*path, index, "effect"),
                f"{rule.effect} is no effect.",
                choose_from(rule.effect, effects.catalogue()),
            )


CHECK = _check
