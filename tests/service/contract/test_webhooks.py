"""The messages to webhooks in the published document."""

from simulacra.service.webhooks import messages, signing
from simulacra.service.webhooks.events import TEST, EventType
from tests.service.contract.conformity import published


def test_every_event_has_an_entry_with_a_valid_example() -> None:
    document = published()
    section = document.content["webhooks"]
    assert set(section) == {*EventType, TEST} == set(messages.OF_EVENTS)
    names = set()
    for event, methods in section.items():
        operation = methods["post"]
        names.add(operation["operationId"])
        assert [it["name"] for it in operation["parameters"]] == [
            signing.ID,
            signing.TIMESTAMP,
            signing.SIGNATURE,
        ]
        content = operation["requestBody"]["content"]["application/json"]
        assert content["example"]["type"] == event
        assert document.faults(content["schema"], content["example"]) == []
        assert document.resolve(content["schema"])["properties"]["data"]
    assert len(names | set(document.operations)) == len(section) + len(document.operations)
