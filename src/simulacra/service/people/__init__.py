"""People of tenants, who use the study page: invitations, passwords, sessions."""
