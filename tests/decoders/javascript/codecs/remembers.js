var count = 0;
function decodeUplink(input) {
  context.seen = (context.seen || 0) + 1;
  return { data: { count: ++count, seen: context.seen } };
}
