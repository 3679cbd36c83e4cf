"""What becomes of a study, step by step: place, key, readers, end and record.

`GET /v1/custody` and docs/custody.md say the same; the page is checked against these texts.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator

from simulacra.service import clock, policy
from simulacra.service.audit.entry import Action

DATASET_KEY = (
    "The dataset's own key (AES-256-GCM), sealed under the tenant's key, which hangs from the "
    "installation's root key, and that from its master key."
)
OWN_KEY = (
    "A key of its own (AES-256-GCM), wrapped by your key {key}, and sealed once more under the "
    "tenant's key: neither is enough without the other."
)
OWN_OPERATOR = (
    "The operator, for as long as you let the service use your bucket and your key; not you, who "
    "have only encrypted bytes there."
)
OPERATOR = "Who holds the master key and can read both database and store: the operator."
STORE = "The object store."
ARTIFACT = "artifact"
TENANT = "Clients of the tenant with the scope to do so."
PLAIN = "None of its own: the database stores it in plain text."


@dataclasses.dataclass(frozen=True)
class OwnStorage:
    """A bucket and a key of a tenant's own.

    Attributes:
        bucket: with the prefix of its objects.
        key: address of the key that wraps theirs.
        holds_studies: whether seed files and models lie there too, not artifacts alone.
    """

    bucket: str
    key: str
    holds_studies: bool


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of a study's way.

    Attributes:
        name: an identifier.
        what: is held.
        place: where it lies.
        key: that it is encrypted under.
        readers: who can read it.
        end: when it ends, and how.
        recorded: actions of the audit trail that it leaves.
    """

    name: str
    what: str
    place: str
    key: str
    readers: str
    end: str
    recorded: tuple[Action, ...] = ()


def steps(
    retention: dt.timedelta,
    link: dt.timedelta,
    history: dt.timedelta,
    own: OwnStorage | None = None,
) -> Iterator[Step]:
    """Yield the steps in the order in which a study takes them.

    Args:
        retention: of a new dataset or generation of the tenant.
        link: lifetime of an artifact link.
        history: how long the record of an ended job is kept.
        own: where the tenant keeps what it makes from now on, if not in the installation's store.
    """
    for step in _steps(retention, link, history):
        is_there = own is not None and (own.holds_studies or step.name == ARTIFACT)
        yield _elsewhere(step, own, link) if own is not None and is_there else step


def _elsewhere(step: Step, own: OwnStorage, link: dt.timedelta) -> Step:
    """Return a step as it is where its object lies in a bucket of the tenant's own."""
    if step.place != STORE:
        return step
    readers = f"Jobs of the tenant. {OWN_OPERATOR} The API never hands it out."
    if step.name == ARTIFACT:
        readers = f"Who has a link, which lives {_minutes(link)}. {OWN_OPERATOR}"
    place, key = f"Your bucket {own.bucket}.", OWN_KEY.format(key=own.key)
    end = f"{step.end} All of it at once, as soon as you take your key away."
    return dataclasses.replace(step, place=place, key=key, readers=readers, end=end)


def _steps(retention: dt.timedelta, link: dt.timedelta, history: dt.timedelta) -> Iterator[Step]:
    kept = (
        f"With the dataset: {clock.hours_in_words(retention)} after its upload unless extended, "
        "or when deleted."
    )
    yield Step(
        "upload",
        "The seed file as it arrives.",
        "A temporary folder of the API process.",
        "None: it is plain text on the machine's own disk, encrypted as that disk is.",
        "The API process and the machine's administrator.",
        "With the request; after a crash another process removes it.",
    )
    yield Step(
        "seed_file",
        "The seed file.",
        STORE,
        DATASET_KEY,
        f"Jobs of the tenant. {OPERATOR} The API never hands it out; it encrypts it anew, under "
        "another key, where the tenant trains on it again.",
        f"{kept} The key is destroyed at once, the bytes are removed soon after.",
        (Action.DATASET_CREATED, Action.DATASET_DELETED, Action.DATASET_EXPIRED),
    )
    yield Step(
        "training",
        "The study in memory, and its files in a temporary folder.",
        "A process of the job alone, confined to its folder, without network, keys or database.",
        "None while it is worked on.",
        "That process, its worker, and the machine's administrator.",
        "With the job; after a crash another process removes its folder.",
        (Action.DATASET_READY, Action.DATASET_FAILED),
    )
    yield Step(
        "model",
        "The fitted model, which holds answers of respondents, and what scenarios refitted of it.",
        STORE,
        DATASET_KEY,
        f"Jobs of the tenant. {OPERATOR} The API never hands it out.",
        f"{kept} The key is destroyed at once, the bytes are removed soon after. A process that "
        "answers previews, confined like that of a training, may hold it in memory for a minute "
        "after the last one.",
    )
    yield Step(
        "schema",
        "Names, labels, levels and their shares, rounded bounds, what cleaning did, how far models "
        "are off; no cell.",
        "The database.",
        PLAIN,
        f"{TENANT} The operator.",
        kept,
    )
    yield Step(
        "scenario",
        "The conditions of a generation and its full report with figures of the study, and "
        "scenarios that people saved at the study page; no cell.",
        "The database.",
        PLAIN,
        f"{TENANT} The operator.",
        f"{clock.hours_in_words(retention)} after it was asked for; it outlives its dataset. "
        "Saved scenarios end with their dataset.",
        (Action.GENERATION_CREATED, Action.GENERATION_FAILED),
    )
    yield Step(
        ARTIFACT,
        "The file of synthetic rows.",
        STORE,
        "The generation's own key (AES-256-GCM), sealed like a dataset's.",
        f"Who has a link, which lives {_minutes(link)}, and a token of the tenant. {OPERATOR}",
        f"{clock.hours_in_words(retention)} after it was asked for; it outlives its dataset. "
        "The key is destroyed at once, the bytes are removed soon after.",
        (Action.GENERATION_READY, Action.ARTIFACT_DOWNLOADED, Action.GENERATION_EXPIRED),
    )
    yield Step(
        "jobs",
        "Kind, times, progress and error of a job; of a preview the conditions and what it "
        "foresees, of a validation the segment and its figures, of a table or comparison its "
        "figures, for an hour after its end; no cell.",
        "The database.",
        PLAIN,
        f"{TENANT} The operator.",
        f"{clock.hours_in_words(history)} after its end; its id and times a week later.",
        (Action.VALIDATION_CREATED, Action.VALIDATION_READY, Action.VALIDATION_FAILED),
    )
    yield Step(
        "webhooks",
        "Addresses that the tenant gave, and events for them: ids, states, times, links; no name "
        "of its study, no cell.",
        "The database; each event is posted to the tenant's address, over TLS.",
        "Secrets that sign: the installation's key. The rest has none of its own.",
        f"{TENANT} Whoever receives at the address; the operator sees its origin alone.",
        f"{policy.DELIVERY_HISTORY.days} days after an event; addresses and secrets when the "
        "tenant deletes its webhook.",
        (Action.WEBHOOK_CREATED, Action.WEBHOOK_DISABLED, Action.WEBHOOK_DELETED),
    )
    yield Step(
        "records",
        "The audit trail and the ledger of rows: ids, numbers, words of a closed list.",
        "The database, where entries can be added and read, but not changed.",
        "None; each entry of the trail is sealed by a keyed hash over itself and the one before.",
        "The operator; of the ledger, the tenant its sums.",
        "They stay.",
    )
    yield Step(
        "logs",
        "Methods, paths, status codes, durations, ids of requests, jobs, clients and tenants, and "
        "hashes of addresses; no query, header, body, file name or cell.",
        "Files of the machine.",
        "None.",
        "The machine's administrator.",
        "Under `simulacra serve` with the 20 MiB written after them; elsewhere as the operator "
        "says.",
    )


def _minutes(length: dt.timedelta) -> str:
    minutes = length / dt.timedelta(minutes=1)
    return f"{minutes:,g} {'minute' if minutes == 1 else 'minutes'}"
