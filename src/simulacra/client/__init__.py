"""A client of the service, with the words and the objects of the library.

    from simulacra.client import Simulacra

    api = Simulacra()  # SIMIO_* variables, a profile, or arguments
    study = api.upload("study.sav")
    made = study.generate(5000, categorical={"segment": {"Premium": 0.55}})
    print(made.report)
    made.write("synthetic.parquet")

`AsyncSimulacra` is the same with ``await``. Importing this package loads neither NumPy nor Arrow.
"""

from simulacra.client import problems
from simulacra.client.asynchronous.client import AsyncSimulacra
from simulacra.client.asynchronous.datasets import AsyncDataset
from simulacra.client.asynchronous.generations import AsyncGeneration
from simulacra.client.asynchronous.jobs import AsyncJob
from simulacra.client.asynchronous.webhooks import AsyncWebhook
from simulacra.client.configuration import Configuration, remove_profile, save_profile
from simulacra.client.documents import (
    ClientRecord,
    Credential,
    Custody,
    CustodyStep,
    Delivery,
    Signup,
    Usage,
    WebhookSecret,
)
from simulacra.client.errors import (
    ClientError,
    ConfigurationError,
    DownloadError,
    FieldFault,
    JobEndedError,
    NotReadyError,
    ProblemError,
    SignatureError,
    TokenError,
    UnexpectedAnswerError,
    UnreachableError,
    WaitingError,
)
from simulacra.client.signatures import verify
from simulacra.client.synchronous.client import Simulacra
from simulacra.client.synchronous.datasets import Dataset
from simulacra.client.synchronous.generations import Generation
from simulacra.client.synchronous.jobs import Job
from simulacra.client.synchronous.webhooks import Webhook

__all__ = [
    "AsyncDataset",
    "AsyncGeneration",
    "AsyncJob",
    "AsyncSimulacra",
    "AsyncWebhook",
    "ClientError",
    "ClientRecord",
    "Configuration",
    "ConfigurationError",
    "Credential",
    "Custody",
    "CustodyStep",
    "Dataset",
    "Delivery",
    "DownloadError",
    "FieldFault",
    "Generation",
    "Job",
    "JobEndedError",
    "NotReadyError",
    "ProblemError",
    "SignatureError",
    "Signup",
    "Simulacra",
    "TokenError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "Usage",
    "WaitingError",
    "Webhook",
    "WebhookSecret",
    "problems",
    "remove_profile",
    "save_profile",
    "verify",
]
