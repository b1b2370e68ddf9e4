"""The contact trial: who was drawn, what they brought, whom a contact moves."""
