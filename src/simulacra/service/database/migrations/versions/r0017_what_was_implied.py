"""What versions before r0007 knew without writing it down.

They had one path for each model and artifact, gave every job an entry in the queue when it was
made, and kept no register of objects. Later code reads all of this from the tables. Without it, it
takes a dataset that is ready for a deleted one and rows that are there for gone, puts jobs into the
queue a second time, and leaves objects in the store and out of backups.

Where later versions have made the row, these statements find nothing to do. Rows are locked in the
order of `jobs.transitions`: jobs before datasets and generations.
"""

from alembic import op

revision = "r0017"
down_revision = "r0016"

# Row-level security is forced, so without a scope the owner of the tables sees no row either.
SEE_ALL_TENANTS = "SELECT set_config('simulacra.tenant', '*', true)"
SEE_NONE = "SELECT set_config('simulacra.tenant', '', true)"

ADMIT = """
UPDATE jobs SET admitted_at = created_at
WHERE admitted_at IS NULL AND status IN ('queued', 'processing')
AND EXISTS (SELECT FROM procrastinate_jobs WHERE args->>'job_id' = jobs.id)
"""
NAME_MODELS = """
UPDATE datasets SET model_path = 'datasets/' || id || '/model'
WHERE model_path IS NULL AND status = 'ready' AND sealed_key IS NOT NULL
"""
NAME_ARTIFACTS = """
UPDATE generations SET artifact_path = 'generations/' || id || '/artifact'
WHERE artifact_path IS NULL AND status IN ('ready', 'partial') AND sealed_key IS NOT NULL
"""
# A row has its key for as long as it has its objects.
REGISTER = """
INSERT INTO objects (path, tenant_id, owner_id, state)
SELECT 'datasets/' || id || '/seed', tenant_id, id, 'kept' FROM datasets
WHERE sealed_key IS NOT NULL
UNION ALL
SELECT model_path, tenant_id, id, 'kept' FROM datasets
WHERE sealed_key IS NOT NULL AND model_path IS NOT NULL
UNION ALL
SELECT artifact_path, tenant_id, id, 'kept' FROM generations
WHERE sealed_key IS NOT NULL AND artifact_path IS NOT NULL
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Write it down."""
    op.execute(SEE_ALL_TENANTS)
    for statement in (ADMIT, NAME_MODELS, NAME_ARTIFACTS, REGISTER):
        op.execute(statement)
    op.execute(SEE_NONE)
