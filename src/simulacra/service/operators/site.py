"""The operator's page as one router; it is no part of the published contract."""

from fastapi import APIRouter

from simulacra.service.operators.pages import (
    jobs,
    overview,
    people,
    sign_in,
    signups,
    static,
    tenants,
    trail,
)

router = APIRouter(prefix="/operator", include_in_schema=False)
for page in (sign_in, static, overview, signups, jobs, tenants, people, trail):
    router.include_router(page.router)
