from simulacra.service.datasets import payloads
from simulacra.service.datasets.schemas import UploadFields


def test_the_words_of_messages_are_the_fields_of_the_form() -> None:
    words = payloads.FORM
    form = {"column_types": '{"a": "integer"}', "keep_columns": '["b"]', "drop_columns": '["c"]'}
    fields = UploadFields.model_validate(form)
    given = fields.options()
    assert given.types == getattr(fields, words.types) == {"a": "integer"}
    assert given.keep == getattr(fields, words.keep) == ["b"]
    assert given.drop == getattr(fields, words.drop) == ["c"]
