"""`lyo eval`: topics through the engine and through one naive prompt, judged by the same code and shown on a page."""
