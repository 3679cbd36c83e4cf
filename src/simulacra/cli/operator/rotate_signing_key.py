"""`simulacra operator rotate-signing-key`: sign tokens with a new key."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.settings import Settings


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "rotate-signing-key", help="sign tokens with a new key soon; those there are stay valid"
    )
    console.add_options(parser)
    parser.set_defaults(run=rotate)


def rotate(arguments: argparse.Namespace) -> int:
    """Rotate the key."""
    from simulacra.service import errors
    from simulacra.service.identity import embedded

    async def change(parts: "Installation", _: "Settings") -> str:
        if not isinstance(parts.runtime.identity, embedded.Embedded):
            raise errors.OperatorError(
                "Auth0 signs the tokens: rotate its key in the Auth0 dashboard."
            )
        return await parts.runtime.identity.issuer.signing_keys.rotate(installation.actor())

    kid = installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json({"kid": kid})
    else:
        print(
            f"Tokens will be signed with key {kid} in a minute or two, when all processes know it."
        )
        print("The keys before it go on verifying until their last token has expired.")
    return 0
