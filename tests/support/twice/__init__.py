"""Each call made twice, by a plain session and by one with a chain, and all compared that a caller can see.

`KINDS` is the table of what servers answer, `WAYS` of how callers read it, `SETTINGS` of how they set up their sessions
and requests, `MODES` of what the chain does meanwhile. A new one is a line in its table.
"""
