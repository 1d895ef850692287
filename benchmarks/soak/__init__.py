"""100,000 calls with faults mixed in, and books that are compared in the end: see ../README.md.

The server runs in a process of its own. Both sides write down what they did in files of a temporary directory, so that
what they know of past calls is in nobody's memory while it is measured. When all is over the files are compared.

    plan      what each call is, and which fault befalls each of its sends: drawn from the seed, the same on both sides
    server    refuses betas, injects the faults, and writes down each request that reached it (`connection`: its HTTP)
    delivery  how a reply goes out, fault by fault
    client    makes the calls, and writes down what came of each; the chain's own log is the third book
    books     what the files hold
    audit     the promises, held against each call
    run       the order of things: warm-up, calls, calm, the end; memory, tasks and connections meanwhile
    report    the figures
"""
