function decodeUplink() { return { data: { match: /^(a+)+$/.test("a".repeat(40) + "b") } }; }
