"""The wizard behind `brygga init`: what is found, what is asked, what comes of it (decision 83).

    machine.py       the machine as the wizard sees it; tests give a folder in its place
    probing.py       all probes at once, each with a limit                      findings.py   what they found: values
    ├ forwarders.py  packet forwarders' files     stations.py   Basics Stations    chirpstack.py   ChirpStack's gateway side
    └ listening.py   datagrams that arrive        serial_ports.py   modems and GNSS receivers
    questions.py     what is asked, as a table, in two languages                 dialogue.py   one question after the other: pure
    answers.py       what was answered, as a frozen value                        answers_file.py   the same from a file, and to one
    rendering.py     answers → brygga.toml: pure                                 plan.py       all that is to be written and changed
    placing.py       a plan proved, put in place, undone where that fails

The terminal, the trial of the destination, the service and the watch are `gateway/commands/`'s, a joint.
"""
