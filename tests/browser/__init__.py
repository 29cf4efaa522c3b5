"""The built site in a real browser, and its links.

A package, so that its modules may bear the names of others in `tests`.
"""
