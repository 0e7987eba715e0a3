// What is told to a device: encodeDownlink(input), Encode(fPort, object, variables), Encoder(object, port), decodeDownlink(input).
(function (room) {
  "use strict";
  const { work, found, text, said, octets, at, answer, settled } = room;
  const { keys, defineProperty } = Object;
  const { apply } = Reflect;
  const { stringify } = JSON;

  const result = (one, given, request) =>
    settled(apply(one.call, one.self, given), (made) => `{"form":${stringify(one.name)},"result":${text(made) || "null"}${said(request)}}`);

  work.decode_downlink = function (request) {
    const one = found("decodeDownlink");
    if (one === undefined) return answer("refused", stringify("no decodeDownlink is in it"));
    return result(one, [{ bytes: octets(request.bytes), fPort: request.port, recvTime: at(), variables: {} }], request);
  };

  work.encode = function (request) {
    const one = found("encodeDownlink") || found("Encode") || found("Encoder");
    if (one === undefined) return answer("refused", stringify("no encodeDownlink, Encode or Encoder is in it"));
    if (one.name === "Encode") return result(one, [request.port, request.data, {}], request);
    if (one.name === "Encoder") return result(one, [request.data, request.port], request);
    return result(one, [input(request)], request);
  };

  function input(request) {
    const whole = { data: request.data, fPort: request.port, variables: {} };
    const names = typeof request.data === "object" && request.data !== null ? keys(request.data) : [];
    // An older form of the same function takes the command itself: its names are there, too, out of sight.
    for (let place = 0; place < names.length; place++) {
      if (names[place] in whole) continue;
      const value = request.data[names[place]];
      defineProperty(whole, names[place], { value, configurable: true, enumerable: false, writable: true });
    }
    return whole;
  }
})
