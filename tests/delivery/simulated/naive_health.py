"""Health, the slow and obvious way: what the reference says in words, kept in plain variables."""

from dataclasses import dataclass

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

LADDER = ("suspended", "degraded", "healthy")


@dataclass(slots=True)
class NaiveHealth:
    """How an endpoint is. Units: milliseconds of the wall clock."""

    state: str = "healthy"
    since: int = 0
    row: int = 0
    """Failures in a row."""
    row_since: int = 0
    strangers: int = 0
    """Answers in a row that it does not know us."""
    pause_until: int = 0
    warned: int | None = None

    @property
    def is_spotless(self) -> bool:
        return (self.state, self.row, self.pause_until) == ("healthy", 0, 0)

    def hear(self, started: int, ended: int, status: int | None, wait: int | None) -> None:
        if self.state == "disabled":
            return
        if status is not None and 200 <= status < 300:
            self.climb(ended)
        elif self.state == "healthy" or started >= self.since:
            self.suffer(ended, status)
            if status in {429, 503} and wait:
                self.pause_until = max(self.pause_until, ended + min(wait * 1000, HOUR_MS))

    def climb(self, ended: int) -> None:
        if self.state != "healthy":
            self.state, self.since = LADDER[LADDER.index(self.state) + 1], ended
        self.row, self.strangers, self.pause_until, self.warned = 0, 0, 0, None

    def suffer(self, ended: int, status: int | None) -> None:
        self.row_since = self.row_since if self.row else ended
        self.row += 1
        self.strangers = self.strangers + 1 if status in {401, 403} else 0
        if self.state == "suspended":
            self.stay_away(ended, 30_000, HOUR_MS)
            self.grow_old(ended)
        elif status == 410 or self.strangers >= 3:
            self.fall("suspended", ended)
        elif self.state == "degraded":
            self.stay_away(ended, 1_000, 30_000)
            if self.row >= 8:
                self.fall("suspended", ended)
        elif self.row >= 5 and ended - self.row_since >= 5_000:
            self.fall("degraded", ended)

    def fall(self, state: str, ended: int) -> None:
        strangers = self.strangers if state == "degraded" else 0
        self.state, self.since, self.row, self.strangers = state, ended, 0, strangers
        if state == "degraded":
            self.stay_away(ended, 1_000, 30_000)
        else:
            self.stay_away(ended, 30_000, HOUR_MS)

    def stay_away(self, ended: int, least: int, most: int) -> None:
        """Double the pause with each failure in this state after the first."""
        pause = least
        for _ in range(self.row - 1):
            pause = min(most, 2 * pause)
        self.pause_until = ended + pause

    def grow_old(self, ended: int) -> None:
        if self.warned is None:
            if ended - self.since >= 6 * DAY_MS:
                self.warned = ended
        elif ended - self.warned >= DAY_MS:
            self.state, self.since, self.row, self.strangers = "disabled", ended, 0, 0
            self.pause_until = 0

    def activate(self, at: int) -> None:
        if self.state == "disabled":
            self.state, self.since, self.row, self.strangers = "degraded", at, 0, 0
            self.pause_until, self.warned = 0, None


def news(before: str, was_warned: bool, now: NaiveHealth) -> list[str]:  # noqa: FBT001 - two states
    """Give the facts that must be told when an endpoint has become what it is now."""
    facts = ["endpoint.warned"] if now.warned is not None and not was_warned else []
    if now.state == "healthy" != before:
        facts.append("endpoint.recovered")
    elif now.state != before and (before, now.state) != ("suspended", "degraded"):
        facts.append(f"endpoint.{now.state}")
    return facts
