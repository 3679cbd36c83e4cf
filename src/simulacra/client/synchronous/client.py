"""The client: what can be asked of the service.

Written by `make client` from the module of this name in `asynchronous`.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from simulacra.client import configuration, documents, seeds
from simulacra.client.display import Display
from simulacra.client.documents import ClientRecord, Credential, Custody, Signup, Usage
from simulacra.client.errors import of_intent
from simulacra.client.requests import Request, new_key, segment
from simulacra.client.retrying import Patience
from simulacra.client.synchronous.datasets import Dataset
from simulacra.client.synchronous.generations import Generation
from simulacra.client.synchronous.jobs import Job
from simulacra.client.synchronous.session import Session, document_of
from simulacra.client.synchronous.webhooks import Webhook

RETRY_SECONDS = 120.0


class Simulacra:
    """A client of the service.

    Where the service is and who calls it come from the arguments, the ``SIMIO_*`` variables or a
    profile; see `configuration.find`. Use it in a ``with`` statement, or close it.

    Args:
        base_url: address of the API.
        client_id, client_secret: of the client; what needs no token works without them.
        access_token: that somebody else has minted, to call with instead; it is not renewed, and
            `ProblemError` says when it has expired.
        token_url, audience: of the issuer; by default the service's own.
        ca_file: certificates to trust in place of the machine's.
        profile: name of a profile.
        progress: True for bars, False for none; by default bars at a terminal and in
            notebooks.
        retry_seconds: how long failures in a row that pass are put up with: lost connections,
            429, 503 and the like.
        transport: in place of that of httpx, for proxies and tests.
        new_patience: makes what decides on retries.

    Raises:
        ConfigurationError: no address was found, or something is not usable.
    """

    def __init__(  # noqa: PLR0913 - each is an option that callers name
        self,
        base_url: str | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        access_token: str | None = None,
        token_url: str | None = None,
        audience: str | None = None,
        ca_file: str | None = None,
        profile: str | None = None,
        progress: bool | None = None,
        retry_seconds: float = RETRY_SECONDS,
        transport: httpx.BaseTransport | None = None,
        new_patience: Callable[[float], Patience] = Patience,
    ) -> None:
        found = configuration.find(
            profile,
            base_url=base_url,
            client_id=client_id,
            client_secret=client_secret,
            token_url=token_url,
            audience=audience,
            ca_file=ca_file,
        )
        self._session = Session(
            found,
            retry_seconds=retry_seconds,
            access_token=access_token,
            progress=progress,
            transport=transport,
            new_patience=new_patience,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __repr__(self) -> str:
        found = self.configuration
        caller = found.client_id or "without credentials"
        profile = f", profile {found.profile}" if found.profile else ""
        return f"<{type(self).__name__} {found.base_url}: {caller}{profile}>"

    @property
    def configuration(self) -> configuration.Configuration:
        """Where the service is, and who calls it."""
        return self._session.configuration

    def call(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str | int] | None = None,
        body: Any = None,  # noqa: ANN401 - JSON
        idempotency_key: str | None = None,
        is_repeatable: bool = True,
    ) -> httpx.Response:
        """Call any operation of the API, with token and retries, and return its answer.

        Args:
            method: of HTTP.
            path: such as ``/v1/custody``.
            parameters: of the query.
            body: JSON.
            idempotency_key: that all attempts have.
            is_repeatable: whether it does the same when it arrives twice.

        Raises:
            ValueError: the path is an address, which might be of another service.
            ProblemError: it is refused; the class says with which code.
            UnreachableError: there was no answer.
        """
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"path is {path!r}; give one of this service, such as /v1/custody")
        request = Request(
            method,
            path,
            parameters or {},
            json=body,
            key=idempotency_key,
            is_repeatable=is_repeatable,
        )
        return self._session.call(request)

    def upload(  # noqa: PLR0913 - as `simulacra.fit`, and how it is asked for
        self,
        source: Any,  # noqa: ANN401 - whatever speaks Arrow
        *,
        display_name: str | None = None,
        types: Mapping[str, str | Sequence[str]] | None = None,
        keep: Iterable[str] = (),
        drop: Iterable[str] = (),
        missing: Sequence[Any] | Mapping[str, Sequence[Any]] | None = None,
        sets: Mapping[str, Sequence[str]] | None = None,
        separators: Mapping[str, str] | None = None,
        dates: Mapping[str, str] | None = None,
        decimal: str | None = None,
        delimiter: str | None = None,
        header_rows: int | None = None,
        sheet: str | None = None,
        privacy: str | None = None,
        weight: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
        progress: Display = None,
        idempotency_key: str | None = None,
    ) -> Dataset:
        """Upload a study and have a model trained on it; the options are those of `simulacra.fit`.

        The file is streamed. A retry is safe: all attempts have one idempotency key, so that there
        is one dataset.

        Args:
            source: path of a file, or a pyarrow, pandas or polars table.
            display_name: a name for people.
            types: column to type, or to the list of its levels in their order.
            keep: columns to keep where cleaning would drop them.
            drop: columns to leave out.
            missing: values that stand for no answer, of all columns or by column.
            sets: names of multiple-response sets to the columns that are their options.
            separators: columns of which a cell holds several answers, to what stands between them.
            dates: column of dates to the order of their parts.
            decimal: the mark before decimals.
            delimiter: of a CSV file.
            header_rows: how many rows hold the names of the columns.
            sheet: of a workbook.
            privacy: ``"standard"`` or ``"strict"``.
            weight: column that says how many people each respondent stands for.
            wait: whether to wait for the model. Otherwise the dataset is returned as it is when
                training has begun, and `Dataset.wait` waits for it.
            timeout: seconds to wait; by default as long as it takes.
            progress: told how far it has come; True for a bar, False for none, by default a bar
                at a terminal and in notebooks.
            idempotency_key: by default a new one; as of `Dataset.generate`.

        Raises:
            TypeError: the source is neither a path nor a table.
            ProblemError: the study is refused, or cannot be modelled; the class says why.
            WaitingError: training has not ended in time; it goes on.
            UnreachableError: there was no answer until `retry_seconds` were over.
            OSError: the file cannot be read.
        """
        given = {
            "types": types,
            "keep": list(keep),
            "drop": list(drop),
            "missing": missing,
            "sets": sets,
            "separators": separators,
            "dates": dates,
            "decimal": decimal,
            "delimiter": delimiter,
            "header_rows": header_rows,
            "sheet": sheet,
            "privacy": privacy,
            "weight": weight,
            "display_name": display_name,
        }
        key = idempotency_key or new_key()
        with (
            self._session.shown(progress) as shown,
            seeds.of(source, shown) as seed,
            of_intent(key),
        ):
            request = Request(
                "POST",
                "/v1/datasets",
                fields=documents.form(given),
                seed=seed,
                key=key,
            )
            answer = self._session.call(request)
            dataset = Dataset(self._session, answer, document_of(answer))
            if wait:
                dataset.wait(timeout, progress=shown or False)
        return dataset

    def dataset(self, dataset_id: str) -> Dataset:
        """Return a dataset by its id.

        Raises:
            ProblemError: there is none.
        """
        answer = self._session.call(Request("GET", f"/v1/datasets/{segment(dataset_id)}"))
        return Dataset(self._session, answer, document_of(answer))

    def datasets(self) -> Iterator[Dataset]:
        """Yield the datasets that there are, the newest first."""
        for page in self._session.pages("/v1/datasets", "datasets"):
            for document in document_of(page)["datasets"]:
                yield Dataset(self._session, page, document)

    def generation(self, generation_id: str) -> Generation:
        """Return a generation by its id.

        Raises:
            ProblemError: there is none.
        """
        answer = self._session.call(Request("GET", f"/v1/generations/{segment(generation_id)}"))
        return Generation(self._session, answer, document_of(answer)).read_margins()

    def generations(self, dataset_id: str | None = None) -> Iterator[Generation]:
        """Yield the generations that there are, of one dataset or of all, the newest first."""
        pages = self._session.pages("/v1/generations", "generations", dataset_id=dataset_id)
        for page in pages:
            for document in document_of(page)["generations"]:
                yield Generation(self._session, page, document)

    def job(self, job_id: str) -> Job:
        """Return a job by its id.

        Raises:
            ProblemError: there is none.
        """
        answer = self._session.call(Request("GET", f"/v1/jobs/{segment(job_id)}"))
        return Job(self._session, answer, document_of(answer))

    def jobs(self, status: str | None = None, kind: str | None = None) -> Iterator[Job]:
        """Yield jobs, the newest first.

        Args:
            status: only those in this state.
            kind: only those that requests with this operationId began.
        """
        for page in self._session.pages("/v1/jobs", "jobs", status=status, kind=kind):
            for document in document_of(page)["jobs"]:
                yield Job(self._session, page, document)

    def custody(self) -> Custody:
        """Return where a study lies at each step of its life, and who can read it there."""
        return Custody.of(self._session.document(Request("GET", "/v1/custody")))

    def usage(self) -> Usage:
        """Return the current window of the subscription, and what is left of it."""
        return Usage.of(self._session.document(Request("GET", "/v1/usage")))

    def clients(self) -> list[ClientRecord]:
        """Return the clients of the tenant, the oldest first."""
        listed = self._session.document(Request("GET", "/v1/clients"))
        return [ClientRecord.of(document) for document in listed["clients"]]

    def signup(self, company_name: str, contact_email: str) -> Signup:
        """Ask for access. It needs no credentials, and may be repeated: an address has one request.

        Raises:
            ProblemError: the name or the address is not usable.
        """
        body = {"company_name": company_name, "contact_email": contact_email}
        request = Request("POST", "/v1/signup", json=body, needs_token=False)
        return Signup.of(self._session.document(request))

    def signup_status(self, request_id: str) -> Signup:
        """Return how a request for access stands; once approved, with the token of a claim.

        Raises:
            ProblemError: there is no such request.
        """
        request = Request("GET", f"/v1/signup/{segment(request_id)}", needs_token=False)
        return Signup.of(self._session.document(request))

    def claim(self, claim_token: str, *, profile: str | None = None) -> Credential:
        """Exchange a claim token for the client's secret, which is shown this once.

        This client calls with the new credential from then on. The request is not repeated if its
        answer is lost, since the secret is gone then.

        Args:
            claim_token: of an approved signup or of a rotation.
            profile: to save the credential in, in a file that its owner alone can read.

        Raises:
            ProblemError: the token is unknown, used or expired.
            UnreachableError: there was no answer; `may_have_arrived` tells whether the secret may
                be lost.
            OSError: the profile cannot be written. That is found out before anything is asked for;
                if it happens only afterwards, `configuration` has the new secret.
        """
        if profile is not None:
            configuration.check_saving(profile)  # since a secret is shown once
        request = Request(
            "POST",
            "/v1/credential-claims",
            json={"claim_token": claim_token},
            needs_token=False,
            is_repeatable=False,
        )
        credential = Credential.of(self._session.document(request))
        renewed = dataclasses.replace(
            self.configuration,
            client_id=credential.client_id,
            client_secret=credential.client_secret,
            token_url=credential.token_url,
            audience=credential.audience,
            profile=profile or self.configuration.profile,
        )
        self._session.adopt(renewed)
        if profile is not None:
            try:
                configuration.save_profile(profile, renewed)
            except OSError as error:
                error.add_note("The new secret is in the configuration of the client: store it.")
                raise
        return credential

    def rotate(self, *, idempotency_key: str | None = None) -> Credential:
        """Replace the secret of this client, and return the new one; three times a day at most.

        If the configuration is a profile's, the new secret is saved there. Otherwise store it: it
        is shown this once, and the old one has ended.

        Args:
            idempotency_key: by default a new one. With the key of an earlier call the same claim
                token is found, and nothing is rotated again.

        Raises:
            ProblemError: it was rotated too often, or the claim was redeemed already.
            UnreachableError: as of `claim`; with its `idempotency_key` the same rotation is found.
        """
        key = idempotency_key or new_key()
        request = Request("POST", "/v1/credential-rotations", key=key)
        rotation = self._session.document(request)
        token = str(rotation["credential_claim_token"])
        with of_intent(key):
            return self.claim(token, profile=self.configuration.profile)

    def webhook(self, webhook_id: str) -> Webhook:
        """Return a webhook by its id, without its secret.

        Raises:
            ProblemError: there is none.
        """
        path = f"/v1/webhooks/{segment(webhook_id)}"
        answer = self._session.call(Request("GET", path))
        return Webhook(self._session, answer, document_of(answer))

    def webhooks(self) -> Iterator[Webhook]:
        """Yield the webhooks that there are, the newest first, without their secrets."""
        for page in self._session.pages("/v1/webhooks", "webhooks"):
            for document in document_of(page)["webhooks"]:
                yield Webhook(self._session, page, document)

    def create_webhook(
        self, url: str, events: Sequence[str], description: str | None = None
    ) -> Webhook:
        """Have events posted to an address. Store its `secret`: it is shown this once.

        Args:
            url: https address.
            events: of which to tell, such as ``job.completed``.
            description: for people.

        Raises:
            ProblemError: the address is refused, or has a webhook.
            UnreachableError: there was no answer; it is not repeated if it may have arrived.
        """
        body = {"url": url, "events": list(events)}
        if description is not None:
            body["description"] = description
        request = Request("POST", "/v1/webhooks", json=body, is_repeatable=False)
        answer = self._session.call(request)
        return Webhook(self._session, answer, document_of(answer))
