"""The study page as one router; it is no part of the published contract."""

from fastapi import APIRouter

from simulacra.service.studio.pages import invitation, sign_in, static, studies

router = APIRouter(prefix="/studio", include_in_schema=False)
for page in (sign_in, invitation, static, studies):
    router.include_router(page.router)
