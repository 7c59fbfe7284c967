"""How the client store's tables came about, step by step (Alembic)."""
