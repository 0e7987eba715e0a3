"""The relay: what gateways bring goes on to a network server beside this box, and what that sends goes to the gateways.

    gateway ─► source ─► tap ─► filters ─► upstream (a line for each gateway) ─► network server
                 ▲                              │ not acknowledged, or away: raw, into the journal
                 └── one ledger, one answerer ◄─┴─ what the server wants sent

Frames are passed on when they are heard, or never: what a server has not got is kept for the record (decision 61).
"""
