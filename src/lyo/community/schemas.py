"""The bodies of `/v1/community`."""

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from lyo.community.values import (
    Author,
    CommentView,
    Complaint,
    PostView,
    ReportReason,
    ReportView,
    Target,
    TargetType,
)
from lyo.feeds.schemas import AuthorBody
from lyo.web.schemas import LEFT_OUT, OPTIONAL, CamelModel, CamelRequest, Form, Timestamp

POST_LENGTH: Final = 5000
COMMENT_LENGTH: Final = 2000
NOTE_LENGTH: Final = 1000

_UNSEEN: Final = (
    r"\u0001-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffc"
)
"""White space, controls, fillers, joiners and marks of direction."""
SEEN: Final = Form(rf"^[^\u0000]*[^\u0000{_UNSEEN}][^\u0000]*$", "Write something that others can read.")

Content = Annotated[
    str,
    Field(min_length=1, max_length=POST_LENGTH, description="Markdown.", examples=["**Chlorophyll** is why.\n\nOr?"]),
    SEEN,
]
CommentContent = Annotated[
    str,
    Field(min_length=1, max_length=COMMENT_LENGTH, description="Markdown.", examples=["Because of the *light*."]),
    SEEN,
]
Note = Annotated[str, Field(min_length=1, max_length=NOTE_LENGTH), SEEN]

NextCursor = Annotated[
    str | None, Field(description="Ask for the next page with it; null at the end.", examples=[None])
]


class PostRequest(CamelRequest):
    """What to post."""

    content: Content
    course_id: Annotated[
        UUID, Field(description="A completed course of yours, of which readers may have a copy of their own.")
    ] = LEFT_OUT


class CommentRequest(CamelRequest):
    """What to say to a post."""

    content: CommentContent


class CreateReportRequest(CamelRequest):
    """What does not belong here, and why."""

    target_type: Annotated[TargetType, Field(examples=["post"])]
    target_id: Annotated[UUID, Field(description="Id of the post, of the comment, or of the person.")]
    reason: Annotated[ReportReason, Field(examples=["spam"])]
    note: Annotated[Note, Field(description="For the moderators.", examples=["It sells followers."])] = LEFT_OUT

    def complaint(self) -> Complaint:
        """What is said."""
        return Complaint(target=Target(self.target_type, self.target_id), reason=self.reason, note=self.note)


class PostBody(CamelModel):
    """A post."""

    id: UUID
    author: AuthorBody
    content: Annotated[
        str,
        Field(description="Markdown, safe to show: no HTML.", examples=["**Chlorophyll** is why.\n\nOr?"]),
    ]
    course_title: Annotated[
        str | None,
        OPTIONAL,
        Field(description="Of the course that is shared, while its author has it.", examples=["Photosynthesis"]),
    ] = None
    like_count: Annotated[int, Field(examples=[3])]
    comment_count: Annotated[int, Field(examples=[1])]
    is_own: Annotated[bool, Field(description="Whether it is yours.", examples=[True])]
    is_liked: Annotated[bool, Field(description="Whether you like it.", examples=[False])]
    is_hidden: Annotated[
        bool,
        Field(description="Whether a moderator has hidden it: then only its author and they see it.", examples=[False]),
    ]
    created_at: Timestamp


class OpenedCourseBody(CamelModel):
    """Your own copy of a course that somebody shares: `GET /v1/courses/{course_id}`."""

    course_id: UUID
    is_new: Annotated[bool, Field(description="Whether it was made just now.", examples=[True])]


class PostPage(CamelModel):
    """A page of posts, newest first."""

    items: list[PostBody]
    next_cursor: NextCursor


class CommentBody(CamelModel):
    """A comment."""

    id: UUID
    post_id: UUID
    author: AuthorBody
    content: Annotated[str, Field(description="Markdown, safe to show: no HTML.", examples=["Because of the *light*."])]
    is_own: Annotated[bool, Field(description="Whether it is yours.", examples=[True])]
    is_hidden: Annotated[
        bool,
        Field(description="Whether a moderator has hidden it: then only its author and they see it.", examples=[False]),
    ]
    created_at: Timestamp


class CommentPage(CamelModel):
    """A page of comments, earliest first."""

    items: list[CommentBody]
    next_cursor: NextCursor


class ContentReportBody(CamelModel):
    """What you have reported."""

    id: UUID
    target_type: TargetType
    target_id: UUID
    reason: ReportReason
    note: Annotated[str | None, OPTIONAL, Field(examples=["It sells followers."])] = None
    created_at: Timestamp


def post_body(post: PostView) -> PostBody:
    """The body that shows `post`."""
    return PostBody(
        id=post.id,
        author=author_body(post.author),
        content=post.content,
        course_title=post.course_title,
        like_count=post.like_count,
        comment_count=post.comment_count,
        is_own=post.is_own,
        is_liked=post.is_liked,
        is_hidden=post.is_hidden,
        created_at=post.created_at,
    )


def comment_body(comment: CommentView) -> CommentBody:
    """The body that shows `comment`."""
    return CommentBody(
        id=comment.id,
        post_id=comment.post_id,
        author=author_body(comment.author),
        content=comment.content,
        is_own=comment.is_own,
        is_hidden=comment.is_hidden,
        created_at=comment.created_at,
    )


def report_body(report: ReportView) -> ContentReportBody:
    """The body that shows `report`."""
    return ContentReportBody(
        id=report.id,
        target_type=report.complaint.target.type,
        target_id=report.complaint.target.id,
        reason=report.complaint.reason,
        note=report.complaint.note,
        created_at=report.created_at,
    )


def author_body(author: Author) -> AuthorBody:
    """The body that shows `author`."""
    return AuthorBody(id=author.id, display_name=author.display_name)
