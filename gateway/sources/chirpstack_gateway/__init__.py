"""ChirpStack's gateway side as a radio: the events of its MQTT Forwarder and Gateway Bridge, and its Concentratord (ZeroMQ).

Both speak the same messages, `gw` of ChirpStack's API: in protobuf, over MQTT also in JSON. `fields` is what we know of
them, `protobuf` and `words` read and write the two forms, `reading` makes frames of what they say, `order` what a gateway is to send.
"""
