"""ETags: whether the copy that a caller has is current."""


def is_current(if_none_match: str | None, etag: str) -> bool:
    """Tell whether If-None-Match names the tag: a list, compared weakly (RFC 9110, 13.1.2)."""
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return not tags.isdisjoint({etag, "*"})
