"""Vendors' own JavaScript, unmodified: in a process apart, with limits, and what published codecs expect around them.

```
decoder.py ─► crew.py ─► process.py ═► worker.py: the engine, room/*.js and the codec
   ▲  answers.py ◄───────────────────────┘  (a process apart; lines of JSON over two pipes)
```

Codecs are strangers' work and the engine is C: neither is in the process that holds keys and journal. See
docs/decisions/0030-decoders.md.
"""
