"""What learning earns: one event at a time, all of it in the caller's transaction.

The caller has locked the learner (`accounts.profiles.lock_learner`), so that events of one learner come one after the
other and each finds the totals as the one before has left them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID

from pydantic.alias_generators import to_camel
from sqlalchemy.ext.asyncio import AsyncSession

from lyo.accounts.profiles import time_zone_at
from lyo.accounts.values import Learner
from lyo.core.zones import local_date, zone
from lyo.feeds.service import tell
from lyo.feeds.values import FeedItemType, Story
from lyo.gamification import repo
from lyo.gamification.badges import is_met
from lyo.gamification.leaderboard.service import keep_up
from lyo.gamification.models import UserProfile
from lyo.gamification.streaks import LearningDay, Streak, day_of, extended, is_as_good, standing, streak_of
from lyo.gamification.values import FIGURES, WORTH, BadgeView, Deed, Figure, Happening, Kind, Reward, Totals

NOTHING: Final = Reward(xp=0)


async def reward(session: AsyncSession, happening: Happening, *, learner: Learner, moment: datetime) -> Reward:
    """What an event brings: XP once for each source, a day of the streak, badges, and the news of them.

    The amounts are decided here, and nothing that was earned before is earned again.
    """
    profile = await repo.profile_to_change(session, owner_id=learner.user_id)
    entries = await _earn(session, happening.deeds, owner_id=learner.user_id, moment=moment)
    earned = sum(entries.values())
    profile.xp += earned
    for deed in entries:
        if (figure := FIGURES.get(deed.kind)) is not None:
            setattr(profile, figure, getattr(profile, figure) + 1)
    if earned and not learner.leaderboard_opt_out:
        await keep_up(session, owner_id=learner.user_id, moment=moment)
    hour = None
    if happening.learned_at is not None:
        time_zone = learner.time_zone
        if happening.learned_at < moment:
            time_zone = await time_zone_at(session, learner=learner, at=happening.learned_at)
        await _learned(session, profile, at=happening.learned_at, time_zone=time_zone)
        hour = happening.learned_at.astimezone(zone(time_zone)).hour
    badges = await _award(session, profile, hour=hour, learner=learner, moment=moment)
    return Reward(xp=earned, badges=badges)


async def totals(session: AsyncSession, *, learner: Learner, moment: datetime) -> Totals:
    """What the learner has earned so far, and where their streak stands at `moment`."""
    profile = await repo.profile(session, owner_id=learner.user_id)
    last = None
    if profile is not None and profile.last_activity_date is not None:
        # A later day may have come between the two statements; with the profile goes its own.
        days = await repo.days_from(session, owner_id=learner.user_id, day=profile.last_activity_date)
        last = next((day for day in days if day.day == profile.last_activity_date), None)
    return Totals(
        xp=profile.xp if profile else 0,
        standing=standing(_streak(profile), last, zone=learner.time_zone, moment=moment),
        figures={figure: getattr(profile, figure) if profile else 0 for figure in Figure},
        badges=await repo.badges_of(session, owner_id=learner.user_id),
    )


async def _earn(
    session: AsyncSession, deeds: Sequence[Deed], *, owner_id: UUID, moment: datetime
) -> Mapping[Deed, int]:
    """Write what is new of `deeds` into the ledger; returns what each of these brings."""
    if not deeds:
        return {}
    before = await repo.earned_before(session, deeds, owner_id=owner_id)
    new = [deed for deed in dict.fromkeys(deeds) if deed not in before]
    if not new:
        return {}
    midnight = datetime.combine(moment.astimezone(UTC).date(), time.min, UTC)
    tomorrow = midnight + timedelta(days=1)  # whose first may have come before this, which waited
    today = dict(await repo.earned_between(session, owner_id=owner_id, begin=midnight, end=tomorrow))
    amounts = _amounts(new, today)
    await repo.add_entries(session, amounts, owner_id=owner_id, moment=moment)
    return amounts


def _amounts(deeds: Sequence[Deed], today: dict[Kind, int]) -> Mapping[Deed, int]:
    """What each deed brings, after what its kind has brought `today`: no more than a day's cap in all."""
    amounts: dict[Deed, int] = {}
    for deed in deeds:
        worth = WORTH[deed.kind]
        had = today.get(deed.kind, 0)
        amounts[deed] = max(0, min(worth.amount, worth.daily - had))
        today[deed.kind] = had + amounts[deed]
    return amounts


async def _learned(session: AsyncSession, profile: UserProfile, *, at: datetime, time_zone: str) -> None:
    """Count a moment of learning for the streak, also one that comes late."""
    date, last_date = local_date(at, time_zone), profile.last_activity_date
    days: list[LearningDay] = []
    if last_date is not None:
        days = await repo.days_from(session, owner_id=profile.user_id, day=min(date, last_date))
    day = day_of(at, time_zone, days)
    last = days[-1] if days else None
    before = next((known for known in days if known.day == day), None)
    now = before.with_moment(at, time_zone) if before else LearningDay.of(day, at, time_zone)
    if now == before:
        return
    await repo.keep_day(session, now, owner_id=profile.user_id)
    if last is None or day > last.day:
        streak = extended(_streak(profile), last, now)
        profile.last_activity_date = day
    elif before and is_as_good(now, before, following=next((known for known in days if known.day > day), None)):
        return
    else:
        streak = streak_of(await repo.days_from(session, owner_id=profile.user_id, day=None))
    profile.current_streak, profile.freezes = streak.current, streak.freezes
    profile.longest_streak = max(profile.longest_streak, streak.longest)


async def _award(
    session: AsyncSession, profile: UserProfile, *, hour: int | None, learner: Learner, moment: datetime
) -> tuple[BadgeView, ...]:
    figures = {to_camel(figure): getattr(profile, figure) for figure in Figure}
    figures |= {"xp": profile.xp, "streak": profile.current_streak, "longestStreak": profile.longest_streak}
    if hour is not None:
        figures["localHour"] = hour
    open_to_them = await repo.badges_not_earned(session, owner_id=learner.user_id)
    earned = [badge for badge in open_to_them if is_met(badge.criteria, figures)]
    if not earned:
        return ()
    await repo.award(session, earned, owner_id=learner.user_id, moment=moment)
    news = [
        Story(
            type=FeedItemType.ACHIEVEMENT,
            source_id=badge.id,
            title=badge.name,
            content=badge.description,
            is_public=learner.shares_milestones,
        )
        for badge in earned
    ]
    await tell(session, news, owner_id=learner.user_id)
    return tuple(repo.badge_view(badge, moment) for badge in earned)


def _streak(profile: UserProfile | None) -> Streak:
    if profile is None:
        return Streak()
    return Streak(current=profile.current_streak, longest=profile.longest_streak, freezes=profile.freezes)
