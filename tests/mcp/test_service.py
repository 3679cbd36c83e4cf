"""What the back end of a service does without one."""

import asyncio

import httpx
import pytest

from simulacra.client import AsyncSimulacra
from simulacra.mcp.backends import service
from simulacra.mcp.backends.service import ServiceBackend
from simulacra.mcp.faults import Refusal

MADE = {
    "generation_id": "gen_1",
    "dataset_id": "ds_1",
    "status": "ready",
    "output_format": "parquet",
    "artifact_url": "/v1/generations/gen_1/artifact?token=t",
    "size_bytes": service.MOST_BYTES + 1,
}


def test_no_large_file_is_downloaded_to_show_a_few_rows() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(200, json=MADE)

    async def work() -> None:
        transport = httpx.MockTransport(answer)
        async with AsyncSimulacra(
            "https://api.example", access_token="token", transport=transport
        ) as api:
            await ServiceBackend(api).sample("gen_1", 3, ["age"])

    with pytest.raises(Refusal, match="without sample_rows"):
        asyncio.run(work())
    assert seen == ["/v1/generations/gen_1"]
