"""An end device of class A or C, LoRaWAN 1.0.0 to 1.0.4 and 1.1: the counterpart of the network in this box.

    device = EndDevice(dev_eui, random=Random(1))  # or EndDevice.abp(dev_eui, dev_addr)
    joined = device.accept(the_network_answers(device.join_request()))
    answer = the_network_answers(device.uplink(2, payload, confirmed=True))
    downlink = device.hear(answer)
    device.on_air, device.listening  # how the last frame is sent, and where its answer is heard

Radio and time are the caller's: a frame is octets here. The device takes its own decisions; it shares codecs, ciphers and
the regions' tables with the network, which are proved elsewhere.
"""

from simulators.end_device.device import EndDevice
from simulators.end_device.values import Downlink, Listening, Make, NotActivated, Oddities, OnAir, Window

__all__ = ["Downlink", "EndDevice", "Listening", "Make", "NotActivated", "Oddities", "OnAir", "Window"]
