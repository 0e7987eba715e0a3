// A bundle that leaves an object behind.
var driver;
!function () {
  driver = { decodeUplink: function (input) { return { data: { temperature: input.bytes[1] / 10, humidity: this.half(input.bytes[2]) } }; }, half: function (value) { return value / 2; } };
}();
