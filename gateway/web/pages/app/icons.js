/** Icons as lines on a grid of 24; they stand beside words and say nothing alone. */

import { s } from "./dom.js";

const PATHS = {
  home: "M4 11 12 4l8 7M6 10v9h12v-9M10 19v-5h4v5",
  live: "M3 12h4l2.5-7 5 14 2.5-7h4",
  devices: "M12 20v-7M8.5 11.5a5 5 0 1 1 7 0M5.6 14.4a9 9 0 1 1 12.8 0M12 8.6v.01",
  add: "M12 5v14M5 12h14",
  more: "M4 7h16M4 12h16M4 17h16",
  site: "M9 4 4 6v14l5-2 6 2 5-2V4l-5 2zM9 4v14M15 6v14",
  sources: "M12 21V11M7.8 14.2a6 6 0 1 1 8.4 0M5 17a10 10 0 1 1 14 0",
  destinations: "M4 12h12M12 7l5 5-5 5M20 5v14",
  journal: "M5 6c0-1.7 14-1.7 14 0v12c0 1.7-14 1.7-14 0zM5 6c0 1.7 14 1.7 14 0M5 12c0 1.7 14 1.7 14 0",
  decoders: "M8 6 3 12l5 6M16 6l5 6-5 6M13.5 4l-3 16",
  logs: "M6 4h12v16H6zM9 8h6M9 12h6M9 16h4",
  doctor: "M6 4v5a4 4 0 0 0 8 0V4M10 13v2a4.5 4.5 0 0 0 9 0v-2M19 9.5a1.8 1.8 0 1 0 .01 0",
  about: "M12 3.5a8.5 8.5 0 1 0 .01 0M12 11v5M12 8v.01",
  well: "M5 12.5 10 17l9-10",
  unwise: "M12 4 21 19H3zM12 10v4M12 16.5v.01",
  wrong: "M12 3.5a8.5 8.5 0 1 0 .01 0M9 9l6 6M15 9l-6 6",
  unknown: "M12 3.5a8.5 8.5 0 1 0 .01 0M9.7 9.5a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1.1.9-1.1 1.8M12 16.5v.01",
  waiting: "M12 3.5a8.5 8.5 0 1 0 .01 0M12 7.5V12l3 2",
  photo: "M4 8h3.5L9 5.5h6L16.5 8H20v11H4zM12 10a3.4 3.4 0 1 0 .01 0",
  battery: "M4 8h13v8H4zM20 11v2M6.5 10.5v3M9.5 10.5v3",
  offline: "M4 4l16 16M8.5 14.5a5 5 0 0 1 5-1.2M5.5 11.3a9 9 0 0 1 4-2.2M12 18v.01M14.5 8.9a9 9 0 0 1 4 2.4",
  pause: "M9 5v14M15 5v14",
  play: "M7 5v14l11-7z",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  send: "M4 12 20 4l-5 16-3.5-6.5zM11.5 13.5 20 4",
};

/** Return the icon `name`, hidden from those who listen. */
export const icon = (name) =>
  s("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, s("path", { d: PATHS[name] ?? PATHS.unknown }));

/** Return the names there are. */
export const names = () => Object.keys(PATHS);
