/* An object with a table of sensors and a decode of its own, and a call of its own at the end. */
var decentlab_decoder = {
  SCALES: { temperature: 10, humidity: 2 },
  decode: function (bytes) {
    return { temperature: bytes[1] / this.SCALES.temperature, humidity: bytes[2] / this.SCALES.humidity };
  }
};
function main() {
  console.log(decentlab_decoder.decode([0, 1, 2]));
}
main();
