"""LoRa Basics Station: gateways that connect by WebSocket and are configured from here (LNS and CUPS protocols)."""
