"""Who is calling: tokens, their issuer and their verification."""
