"""The study page as one router; it is no part of the published contract."""

from fastapi import APIRouter

from simulacra.service.studio.pages import (
    cleaning,
    corrections,
    invitation,
    questions,
    rows,
    scenario,
    sign_in,
    static,
    studies,
    uploading,
    usage,
)

router = APIRouter(prefix="/studio", include_in_schema=False)
PAGES = (
    *(sign_in, invitation, static, usage),
    *(studies, uploading, questions, cleaning, corrections),
    *(scenario, rows),
)
for page in PAGES:
    router.include_router(page.router)
