"""The regions' tables, a file each; `gateway.lorawan.region` gathers them."""
