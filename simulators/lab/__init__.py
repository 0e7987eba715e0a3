"""The lab: a city's traffic, its radio and its platforms on one machine, each run repeatable from its seed (decision 70).

    scenario = load(path)
    ran = run(scenario)
    ran.report  # a pure function of what the witness knows

| file | is |
|---|---|
| `scenario*`, `shelf` | what a person writes, as values; the scenarios that are ready |
| `lab_loop`, `wire`, `net`, `mailbox` | time that jumps, or passes N times as fast, and a network within the process |
| `plan`, `dweller`, `rhythm`, `sky` | devices and their lives, when they speak, what the air does with their frames |
| `radios`, `gateways` | gateways by their kinds, and what the sky knows of each |
| `mast`, `station`, `chirpstack_masts`, `modem_mast` | … the agent's own: what they speak, to the octet |
| `server`, `served_mast`, `broker`, `beside`, `line_socket` | network servers, in front of the agent or beside it |
| `machine`, `box` | the computer that the agent runs on: clock, disk in memory, processes that may die |
| `cities`, `stand_ins`, `windows`, `readers`, `temper`, `configuring` | platforms, which uplinks they were told of, and what an installer would have written of them |
| `troubles`, `neighbour` | what goes wrong on a timetable, who wishes ill |
| `witness`, `committed_rows`, `airtime_book` | what became of each uplink, by its id |
| `judge`, `report`, `summary`, `plots`, `page` | what that means, for programs and for people |
| `run`, `life`, `ran`, `command` | the whole |
"""
