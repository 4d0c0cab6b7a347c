"""Every table of Lyo, gathered so that migrations and their check see all of them."""

from lyo.accounts.models import (
    AppleIdentity,
    AppleNonce,
    AppleNotice,
    AppleRevocation,
    Login,
    PastTimeZone,
    RefreshToken,
    User,
)
from lyo.blocks.models import UserBlock
from lyo.community.models import Comment, ContentReport, ModerationAction, ModerationCase, Post, PostLike
from lyo.core.db import Base
from lyo.core.idempotency import IdempotencyRow
from lyo.core.jobs import OutboxRow
from lyo.courses.models import Course, CourseItem, ItemProgress, Lesson, QuizAttempt
from lyo.feeds.models import FeedHiding, FeedItem
from lyo.gamification.leaderboard.models import LeaderboardChange, LeaderboardScore, LeaderboardTally
from lyo.gamification.models import Badge, StreakDay, UserBadge, UserProfile, XpEntry
from lyo.push.models import PushDevice
from lyo.reviews.models import ReviewAnswer, ReviewCard
from lyo.sources.library.models import LibraryEdition, LibraryPassage
from lyo.sources.models import SourceAnswer, SourceBudget, SourceTurn
from lyo.tasks.models import Task, TaskEvent, TaskStep

metadata = Base.metadata

TABLES = (
    AppleIdentity,
    AppleNonce,
    AppleNotice,
    AppleRevocation,
    Badge,
    Comment,
    ContentReport,
    Course,
    CourseItem,
    FeedHiding,
    FeedItem,
    IdempotencyRow,
    ItemProgress,
    LeaderboardChange,
    LeaderboardScore,
    LeaderboardTally,
    Lesson,
    LibraryEdition,
    LibraryPassage,
    Login,
    ModerationAction,
    ModerationCase,
    OutboxRow,
    PastTimeZone,
    Post,
    PostLike,
    PushDevice,
    QuizAttempt,
    RefreshToken,
    ReviewAnswer,
    ReviewCard,
    SourceAnswer,
    SourceBudget,
    SourceTurn,
    StreakDay,
    Task,
    TaskEvent,
    TaskStep,
    User,
    UserBadge,
    UserBlock,
    UserProfile,
    XpEntry,
)
