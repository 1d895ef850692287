"""betamw under other people's clients; each module needs the extra of its name."""
