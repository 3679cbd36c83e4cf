"""The study page: where people of tenants upload studies, look at them, and try scenarios."""
