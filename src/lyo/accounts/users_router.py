"""`/v1/users`: the learner's own account."""

from functools import partial

from fastapi import APIRouter, Request, status

from lyo.accounts import profiles, service
from lyo.accounts.attempts import attempt_succeeded, count_attempt
from lyo.accounts.deps import BriefUser, CurrentUser
from lyo.accounts.errors import DoorCrowded, WrongPassword
from lyo.accounts.passwords import hash_password, refuse_common
from lyo.accounts.schemas import PasswordRequest, ProfileBody, profile_body
from lyo.core.bus import in_transaction, transaction
from lyo.core.errors import InvalidToken, Unauthorized, Unavailable, ValidationFailed
from lyo.web.deps import ResourcesDep, SessionDep
from lyo.web.problems import problems

router = APIRouter(prefix="/users/me", tags=["Accounts"])


@router.get("", responses=problems(Unauthorized, InvalidToken))
async def get_me(session: SessionDep, user: CurrentUser) -> ProfileBody:
    """See your profile.

    What you told us about yourself, and how you want it.
    """
    return profile_body(await profiles.get_profile(session, principal=user))


@router.put(
    "/password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthorized, InvalidToken, WrongPassword, ValidationFailed, Unavailable, DoorCrowded),
)
async def change_password(body: PasswordRequest, request: Request, user: BriefUser, held: ResourcesDep) -> None:
    """Change your password.

    All your other log-ins end: whoever knew the old password is out.
    """
    proof, chosen = body.current_password.get_secret_value(), body.new_password.get_secret_value()
    await refuse_common(chosen, field="newPassword")
    await count_attempt(request, account=f"id:{user.user_id}")
    checked = await profiles.check_own_password(held.sessions, principal=user, password=proof)
    await attempt_succeeded(request, account=f"id:{user.user_id}")
    hashed = await hash_password(chosen)
    async with transaction(held.sessions, held.bus) as session:
        await profiles.change_password(session, principal=user, checked=checked, password_hash=hashed)


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, responses=problems(Unauthorized, InvalidToken))
async def delete_me(user: BriefUser, held: ResourcesDep) -> None:
    """Delete your account.

    At once and for good: courses, progress, everything. Tokens fail at the next call and sockets close with 4401.
    """
    # A worker that is at a course of theirs takes its rows in another order.
    await in_transaction(held.sessions, held.bus, partial(service.delete_user, user_id=user.user_id))
