"""Reviews: what they earn exists and needs no order, and a request's link names the order."""

from collections.abc import Iterator

from stampbook.core.definition import Definition
from stampbook.program.problems import Flaw, choose_from

ORDER = "{order_id}"


def _check(definition: Definition) -> Iterator[Flaw]:
    reviews = definition.reviews
    if reviews.activity is not None:
        activity = definition.activity_by_id.get(reviews.activity)
        if activity is None:
            yield Flaw(
                ("reviews", "activity"),
                f"{reviews.activity} is no activity of the program.",
                choose_from(reviews.activity, definition.activity_by_id),
            )
        elif activity.on != "request":
            yield Flaw(
                ("reviews", "activity"),
                f"{reviews.activity} is set off by {activity.on}.",
                'Name an activity whose on is "request".',
            )
    if ORDER not in reviews.link:
        yield Flaw(
            ("reviews", "link"),
            f"has no {ORDER}.",
            f"Write {ORDER} where the order's id belongs.",
        )


CHECK = _check
