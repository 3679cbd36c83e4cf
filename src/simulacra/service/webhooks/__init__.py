"""Events that are posted to addresses of a tenant's choice, as standardwebhooks.com has it."""
