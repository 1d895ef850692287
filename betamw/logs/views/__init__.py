"""A summary as text, Markdown, JSON and a page."""
