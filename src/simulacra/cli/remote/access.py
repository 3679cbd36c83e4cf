"""Access to a server: asking for it, storing credentials, replacing and removing them."""

import argparse
import contextlib
import dataclasses
import getpass
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulacra.cli import option_types
from simulacra.cli.remote import command, connection
from simulacra.cli.remote.command import Answer, Commands

if TYPE_CHECKING:
    from simulacra.client import Configuration, Credential, Signup, Simulacra, Usage

FIRST_CONTACT_SECONDS = 10.0
"""How long a server may be out of reach that was never reached: its address may be wrong."""
POLL_SECONDS = 30
"""Between two questions whether a request for access was decided on, as the service wishes."""
DEFAULT_PROFILE = "default"


def register(commands: Commands) -> None:
    """Add the commands."""
    commands.theme("access")
    login = commands.add(
        "login",
        "store an address and credentials in a profile, and check them",
        log_in,
        takes="ADDRESS",
        more="The secret, or a one-time claim token in its place, is asked for without an echo or "
        "read\nfrom standard input. It is never an argument: other users of the machine would "
        "see it.\nStandard input may also be the JSON of a credential, as the service answers it "
        "and as\n`simulacra operator create-tenant --json` prints it.",
        examples="simulacra remote login https://localhost:8443 --ca-file ca.pem\n"
        "simulacra remote login https://api.example.com --claim --profile acme\n"
        "simulacra remote login https://api.example.com --client-id ID < secret.txt",
    )
    login.add_argument(
        "address",
        metavar="ADDRESS",
        type=_address,
        nargs="?",
        help="of the API (default: SIMIO_* variables, which then have the credentials too)",
    )
    login.add_argument("--client-id", metavar="ID", help="of the client (default: ask)")
    login.add_argument(
        "--claim", action="store_true", help="exchange a one-time claim token for the secret"
    )
    login.add_argument(
        "--keyring",
        action="store_true",
        help="keep the secret in the keyring of the system, not in the profile's file; if it is "
        "there already, it is not asked for. Needs the package keyring",
    )
    _add_trust(login)
    login.add_argument(
        "--token-url", metavar="URL", help="of the issuer of tokens (default: the server itself)"
    )
    login.add_argument(
        "--audience", metavar="TEXT", help="of the tokens (default: the address of the API)"
    )

    signup = commands.add(
        "signup",
        "ask for access; once it is granted, store the credentials in a profile",
        sign_up,
        takes="ADDRESS --company NAME --email ADDRESS",
        more="An e-mail address has one request: the same command again asks how it stands, and "
        "claims the\ncredentials once a person has approved it.",
        examples="simulacra remote signup https://api.example.com --company 'Acme Research' "
        "--email data@acme.example\n"
        "simulacra remote signup https://api.example.com --company 'Acme Research' "
        "--email data@acme.example --wait",
    )
    signup.add_argument("address", metavar="ADDRESS", type=_address, help="of the API")
    signup.add_argument("--company", metavar="NAME", required=True, help="who asks")
    signup.add_argument("--email", metavar="ADDRESS", required=True, help="whom to write to")
    signup.add_argument(
        "--wait", action="store_true", help="wait for the decision, which may take days"
    )
    _add_trust(signup)

    rotate = commands.add(
        "rotate",
        "replace the secret by a new one, in the profile too",
        replace_secret,
        more="The old secret ends, and the tokens before it. A client can do this a few times a "
        "day.",
    )
    rotate.add_argument(
        "--print-secret",
        action="store_true",
        help="print the new credential as JSON and change no profile, for a secret manager; "
        "needed where the credentials come from SIMIO_* variables",
    )
    rotate.add_argument(
        "--idempotency-key",
        metavar="KEY",
        help="with the key of an earlier try, the rotation that it has begun is finished",
    )
    commands.add(
        "logout",
        "remove a profile, with its secret; the secret goes on being good at the server",
        log_out,
    )


def _address(text: str) -> str:
    from simulacra.client import ConfigurationError, configuration

    try:
        return configuration.checked_url("the address", text)
    except ConfigurationError as error:  # which does not quote it: it may have a password
        raise argparse.ArgumentTypeError(str(error)) from None


def _add_trust(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ca-file",
        metavar="FILE",
        type=option_types.existing_file,
        help="certificates to trust in place of the machine's, where the server has a certificate "
        "authority of its own; kept in the profile",
    )


@dataclasses.dataclass(frozen=True)
class _Given:
    """What was given to log in with: a secret with its client, or a claim token."""

    secret: str
    client_id: str | None
    token_url: str | None = None
    audience: str | None = None


def log_in(arguments: argparse.Namespace) -> Answer:
    """Store credentials in a profile once a token was minted with them."""
    from simulacra.client import configuration

    name = arguments.profile or DEFAULT_PROFILE
    configuration.check_saving(name)
    found = _addressed(arguments)
    if found.client_secret is None:
        given = _read_given(arguments, found)
        found = dataclasses.replace(
            found,
            client_id=given.client_id,
            client_secret=given.secret if given.client_id else None,
            token_url=arguments.token_url or given.token_url or found.token_url,
            audience=arguments.audience or given.audience or found.audience,
        )
        if given.client_id is None:
            _keep_other(name, found)
            return _claim(arguments, found, given.secret)
    _keep_other(name, found)
    with connection.client_of(found, retry_seconds=FIRST_CONTACT_SECONDS) as api:
        usage = _check(api)
    path = _store(arguments, name, found)
    return _logged_in(arguments, found, str(path), usage)


def _addressed(arguments: argparse.Namespace) -> "Configuration":
    """Return the address, with credentials if both come from the environment."""
    from simulacra.client import Configuration, configuration

    ca_file = None if arguments.ca_file is None else str(arguments.ca_file.resolve())
    if arguments.address is not None:  # a secret in the environment may be for another server
        found = Configuration(
            arguments.address,
            token_url=arguments.token_url or "",
            audience=arguments.audience or "",
            ca_file=ca_file,
        )
        return found if ca_file else _trusting_as_before(arguments, found)
    if not os.environ.get("SIMIO_API_BASE"):
        command.refuse("ADDRESS: give the address of the API, such as https://localhost:8443.")
    return configuration.find(
        ca_file=ca_file, token_url=arguments.token_url, audience=arguments.audience
    )


def _trusting_as_before(arguments: argparse.Namespace, found: "Configuration") -> "Configuration":
    """Return the address with the certificates that the profile has for it, if it has any."""
    from simulacra.client import ConfigurationError, configuration

    with contextlib.suppress(ConfigurationError):
        kept = configuration.find(arguments.profile or DEFAULT_PROFILE)
        if kept.base_url == found.base_url:
            return dataclasses.replace(found, ca_file=kept.ca_file)
    return found


def _read_given(arguments: argparse.Namespace, found: "Configuration") -> _Given:
    """Return the secret or the claim token: typed, from the keyring, or from standard input."""
    client_id = arguments.client_id or found.client_id
    if arguments.claim and client_id is not None:
        command.refuse("--claim: a claim token says whose it is; leave out --client-id.")
    if arguments.keyring and client_id is not None:
        kept = connection.read_keyring(dataclasses.replace(found, client_id=client_id))
        if kept is not None:
            return _Given(kept, client_id)
    if sys.stdin.isatty():
        return _ask(client_id, claims=arguments.claim)
    try:
        text = sys.stdin.read().strip()
        text.encode()  # by the locale, bytes that are no text may have been let through
    except UnicodeError:
        command.refuse("Standard input is no text in UTF-8.")
    document = _json_object(text)
    if document is not None:
        return _of_document(document)
    if not text or len(text.split()) != 1:
        command.refuse("Standard input has no secret: give it as one line.")
    if client_id is None and not arguments.claim:
        command.refuse(
            "Say what standard input has: --client-id ID for the secret of this client, or --claim "
            "for a claim token."
        )
    return _Given(text, client_id)


def _ask(client_id: str | None, *, claims: bool) -> _Given:
    if client_id is None and not claims:
        print("Client id (leave it empty if you have a claim token): ", end="", file=sys.stderr)
        sys.stderr.flush()
        client_id = sys.stdin.readline().strip() or None
    what = "Client secret" if client_id else "Claim token"
    secret = getpass.getpass(f"{what} (not shown): ").strip()
    if not secret:
        command.refuse("Nothing was given.")
    return _Given(secret, client_id)


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _of_document(document: dict[str, Any]) -> _Given:
    """Return what a credential or an approved request for access says."""
    members = {
        name: document.get(name) for name in ("client_id", "client_secret", "token_url", "audience")
    }
    wrong = [name for name, it in members.items() if it is not None and not isinstance(it, str)]
    if wrong:
        command.refuse(f"Standard input is JSON whose {wrong[0]} is no text.")
    secret, claim = members.pop("client_secret"), document.get("credential_claim_token")
    if secret and members["client_id"]:
        return _Given(secret, **members)
    if not isinstance(claim, str):
        command.refuse(
            "Standard input is JSON without client_id and client_secret, and without a "
            "credential_claim_token."
        )
    return _Given(claim, None)


def _keep_other(name: str, found: "Configuration") -> None:
    """Refuse to replace the profile of another client, whose secret would be lost."""
    from simulacra.client import ConfigurationError, configuration

    try:
        old = configuration.find(name)
    except ConfigurationError:
        return
    if (old.base_url, old.client_id) != (found.base_url, found.client_id or old.client_id):
        command.refuse(
            f"The profile {name!r} is of the client {old.client_id} at {old.base_url}. Choose "
            f"another name with --profile, or remove it: {command.PROGRAM} logout --profile {name}"
        )


def _check(api: "Simulacra") -> "Usage | None":
    """Mint a token and use it; None if the client may not read the usage.

    Raises:
        ClientError: the credentials are no good, or the server is not to be reached.
    """
    from simulacra.client import ProblemError

    try:
        return api.usage()
    except ProblemError as error:
        if error.status != 403:
            raise
        return None


def _store(arguments: argparse.Namespace, name: str, found: "Configuration") -> Path:
    from simulacra.client import save_profile

    if getattr(arguments, "keyring", False):
        connection.write_keyring(found, found.client_secret or "")
        found = dataclasses.replace(found, client_secret=None)
    return save_profile(name, found)


def _claim(arguments: argparse.Namespace, found: "Configuration", token: str) -> Answer:
    """Exchange a claim token, and store what comes."""
    name = arguments.profile or DEFAULT_PROFILE
    if getattr(arguments, "keyring", False):  # a secret is shown once: find a fault before that
        connection.write_keyring(dataclasses.replace(found, client_id="check"), "check")
        connection.clear_keyring(dataclasses.replace(found, client_id="check"))
    with connection.client_of(found, retry_seconds=FIRST_CONTACT_SECONDS) as api:
        api.claim(token, profile=name)
        renewed = api.configuration
        path = _store(arguments, name, renewed)
        usage = _check(api)
    return _logged_in(arguments, renewed, str(path), usage)


def _logged_in(
    arguments: argparse.Namespace, found: "Configuration", path: str, usage: "Usage | None"
) -> Answer:
    name = arguments.profile or DEFAULT_PROFILE
    rows = [] if usage is None else [_rows_left(usage)]
    return Answer(
        {
            "profile": name,
            "file": path,
            "base_url": found.base_url,
            "client_id": found.client_id,
        },
        [
            f"Logged in to {found.base_url} as the client {found.client_id}.",
            f"Stored as the profile {name!r} in {path}, which you alone can read.",
            *rows,
            f"Next:  {command.following(arguments, 'upload', 'STUDY')}",
        ],
    )


def _rows_left(usage: "Usage") -> str:
    left = "any number of" if usage.rows_remaining is None else f"{usage.rows_remaining:,}"
    return f"You can generate {left} rows until {usage.window_ends_at:%Y-%m-%d}."


def sign_up(arguments: argparse.Namespace) -> Answer:
    """Ask for access; claim the credentials once it is granted."""
    from simulacra.client import configuration

    name = arguments.profile or DEFAULT_PROFILE
    configuration.check_saving(name)
    found = _addressed(_for_address(arguments))
    with connection.client_of(found, retry_seconds=FIRST_CONTACT_SECONDS) as api:
        request_id = api.signup(arguments.company, arguments.email).request_id
        asked = api.signup_status(request_id)
        if asked.status == "pending" and arguments.wait:
            command.note(
                f"{request_id} waits for a person to decide. Ctrl-C ends the waiting only."
            )
            while asked.status == "pending":
                time.sleep(POLL_SECONDS)
                asked = api.signup_status(request_id)
    if asked.status == "approved" and asked.credential_claim_token is not None:
        _keep_other(name, dataclasses.replace(found, client_id=asked.client_id))
        return _claim(arguments, found, asked.credential_claim_token)
    return _undecided(asked)


def _for_address(arguments: argparse.Namespace) -> argparse.Namespace:
    return argparse.Namespace(**vars(arguments), token_url=None, audience=None)


def _undecided(asked: "Signup") -> Answer:
    """Say how a request stands that gives no credentials."""
    from simulacra.cli.remote import failing

    document = {"request_id": asked.request_id, "status": asked.status}
    match asked.status:
        case "pending":
            lines = [
                f"{asked.request_id} waits for a person to decide, which may take days.",
                "Next:  the same command again, or with --wait",
            ]
            return Answer(document, lines)
        case "approved":
            lines = [
                f"{asked.request_id} is approved. Its secret was claimed, or the time is over.",
                "If you have a claim token: simulacra remote login ADDRESS --claim",
            ]
        case _:
            lines = [f"{asked.request_id} is {asked.status}."]
    return Answer(document, lines, failing.REFUSED)


def replace_secret(arguments: argparse.Namespace) -> Answer:
    """Replace the secret of the client where it is kept."""
    from simulacra.client import configuration

    with connection.open_client(arguments) as api:
        found = api.configuration
        if arguments.print_secret:
            return _printed(_rotated(api, arguments.idempotency_key))
        if found.profile is None:
            command.refuse(
                "The credentials come from the environment, where a new secret cannot be stored: "
                "store them first with `simulacra remote login`, or print it with --print-secret."
            )
        if configuration.find(found.profile).client_secret is None:
            connection.write_keyring(found, found.client_secret or "")  # can it be written?
            new = _rotated(api, arguments.idempotency_key)
            connection.write_keyring(found, new.client_secret)
            where = "the keyring"
        else:
            api.rotate(idempotency_key=arguments.idempotency_key)
            where = f"the profile {found.profile!r}"
    return Answer(
        {"client_id": found.client_id, "profile": found.profile, "stored_in": where},
        [
            f"The client {found.client_id} has a new secret, which is in {where}.",
            "The old one has ended, with all tokens that were minted with it.",
        ],
    )


def _rotated(api: "Simulacra", key: str | None) -> "Credential":
    """Rotate without touching a profile.

    Raises:
        UnreachableError: with the key that finds the same rotation.
    """
    from simulacra.client.errors import of_intent
    from simulacra.client.requests import new_key

    key = key or new_key()
    with of_intent(key):
        begun = api.call("POST", "/v1/credential-rotations", idempotency_key=key).json()
        return api.claim(str(begun["credential_claim_token"]))


def _printed(credential: "Credential") -> Answer:
    document = dict(credential.document)
    return Answer(document, [json.dumps(document)])


def log_out(arguments: argparse.Namespace) -> Answer:
    """Remove a profile."""
    from simulacra.client import ConfigurationError, configuration, remove_profile

    name = arguments.profile or DEFAULT_PROFILE
    with contextlib.suppress(ConfigurationError):
        kept = configuration.find(name)
        if kept.client_secret is None:
            connection.clear_keyring(kept)
    path = remove_profile(name)
    return Answer(
        {"profile": name, "file": str(path)},
        [
            f"Removed the profile {name!r} from {path}.",
            "Its secret goes on being good at the server until it is replaced (rotate) or revoked.",
        ],
    )
