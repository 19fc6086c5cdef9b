"""Campaign histories: when each campaign took the shape that is in force, deleted ones too."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from stampbook.core.definition import Definition
from stampbook.nouns.campaign import Campaign
from stampbook.values.ids import MemberId
from stampbook.values.instants import Instant


class CampaignHistory(Struct, frozen=True, kw_only=True):
    """A campaign over the versions of a definition.

    Shapes: `campaign` is its last shape, which a deleted one keeps. `changed_at` and `version` are
    those of its last change: nobody enters or leaves by this shape before then.
    """

    campaign: Campaign
    created_at: Instant
    changed_at: Instant
    version: int
    is_deleted: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether members may be in it at all."""
        return self.campaign.is_active and not self.is_deleted

    @property
    def turns(self) -> tuple[Instant, ...]:
        """The instants at which members may enter or leave who did nothing, in their order."""
        ends = (self.campaign.starts_at, self.campaign.ends_at) if self.is_open else ()
        later = {at for at in ends if at is not None and at > self.changed_at}
        return (self.changed_at, *sorted(later))


class Seen(Struct, frozen=True, kw_only=True):
    """How far all members were looked at for a campaign.

    Shapes: by its shape of `version`, at the instant `reached`, which is one of its `turns`; up to
    and with the member `cursor`, or all of them with None.
    """

    version: int
    reached: Instant
    cursor: MemberId | None


class DefinitionVersion(Struct, frozen=True):
    """A version of a definition, and since when it is in force."""

    number: int
    since: Instant
    definition: Definition


def histories(versions: Iterable[DefinitionVersion]) -> dict[str, CampaignHistory]:
    """Give the history of each campaign that any of the versions has; the oldest version first."""
    found: dict[str, CampaignHistory] = {}
    for version in versions:
        defined = version.definition.campaign_by_id
        for key, campaign in defined.items():
            known = found.get(key)
            if known is None or known.is_deleted or known.campaign != campaign:
                found[key] = CampaignHistory(
                    campaign=campaign,
                    created_at=known.created_at if known else version.since,
                    changed_at=version.since,
                    version=version.number,
                )
        for key in found.keys() - defined.keys():
            if not found[key].is_deleted:
                found[key] = replace(
                    found[key], changed_at=version.since, version=version.number, is_deleted=True
                )
    return found
