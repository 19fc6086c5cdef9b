"""Activities: what members can earn points for."""

from msgspec import Struct

from stampbook.api.desk import Desk
from stampbook.api.problem import RefusedError
from stampbook.api.route import Answer
from stampbook.core.definition import Activity
from stampbook.core.refusals import ACTIVITY_NOT_FOUND, refuse
from stampbook.values.amounts import Key


class ListActivities(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The activities of the definition in force, in its order."""


class ActivityList(Struct, frozen=True, kw_only=True):
    """The activities."""

    items: tuple[Activity, ...]


class OneActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An activity by its id."""

    activity_id: Key


def list_activities(desk: Desk, asked: ListActivities) -> ActivityList:
    """Give every activity."""
    del asked
    with desk.present() as present:
        return ActivityList(items=present.program.definition.activities)


def read_activity(desk: Desk, asked: OneActivity) -> Activity:
    """Give one activity."""
    with desk.present() as present:
        activity = present.program.definition.activity_by_id.get(asked.activity_id)
    if activity is None:
        raise RefusedError(
            refuse(ACTIVITY_NOT_FOUND, field="activity_id", activity_id=asked.activity_id)
        )
    return activity


ROUTES = (
    Answer(
        method="GET",
        path="/v1/activities",
        summary="List the activities",
        scope="read",
        asks=ListActivities,
        gives=ActivityList,
        answers=list_activities,
    ),
    Answer(
        method="GET",
        path="/v1/activities/{activity_id}",
        summary="Read an activity",
        scope="read",
        asks=OneActivity,
        gives=Activity,
        refuses=(ACTIVITY_NOT_FOUND,),
        answers=read_activity,
    ),
)
