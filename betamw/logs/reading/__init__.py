"""From files of any wrapping to records."""
