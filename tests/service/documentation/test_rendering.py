"""Markdown as the pages show it."""

import pytest

from simulacra.service.documentation import rendering


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("`POST /v1/x/{id}`", "<code>POST /<wbr>v1/<wbr>x/<wbr>{id}</code>"),
        ("`a < b & c`", "<code>a &lt; b &amp; c</code>"),
        ("`</script>`", "<code>&lt;/<wbr>script&gt;</code>"),
        ("[here](/a/b)", '<a href="/a/b">here</a>'),
    ],
)
def test_a_path_may_break_behind_its_slashes_and_code_is_escaped(markdown: str, shown: str) -> None:
    assert rendering.inline(markdown) == shown
