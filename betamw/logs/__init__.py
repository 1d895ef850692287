"""Reading the structured logs back: from lines, however they were wrapped, to a summary, and the views of it."""
