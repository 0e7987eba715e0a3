// What strict mode refuses: octal numbers, with, undeclared names, two parameters of one name.
function decodeUplink(input) {
  var seven = 07;
  with ({ ten: 012 }) scale = ten;
  function last(one, one) { return one; }
  return { data: { temperature: input.bytes[1] / last(1, scale), humidity: input.bytes[2] / (seven - 5) } };
}
