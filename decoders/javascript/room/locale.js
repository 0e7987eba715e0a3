// Dates and numbers as V8 prints them for people: what vendors' examples were printed with. The engine has no Intl.
(function (room) {
  "use strict";
  const { put } = room;
  const MONTHS = "January February March April May June July August September October November December".split(" ");
  const DAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
  const HOUR = 3600000;

  // Hours east of Greenwich in winter; all of these follow the European Union's summer time.
  const ZONES = {
    London: 0, Dublin: 0, Lisbon: 0, Paris: 1, Berlin: 1, Stockholm: 1, Oslo: 1, Copenhagen: 1, Madrid: 1, Rome: 1, Amsterdam: 1,
    Brussels: 1, Vienna: 1, Zurich: 1, Prague: 1, Warsaw: 1, Budapest: 1, Luxembourg: 1, Belgrade: 1, Zagreb: 1, Ljubljana: 1,
    Bratislava: 1, Helsinki: 2, Tallinn: 2, Riga: 2, Vilnius: 2, Athens: 2, Bucharest: 2, Sofia: 2, Kyiv: 2, Kiev: 2,
  };
  // Asia and America keep to rules of their own; of these only what has no summer time is here.
  const STEADY = {
    UTC: 0, GMT: 0, "Etc/UTC": 0, "Etc/GMT": 0, "Asia/Shanghai": 8, "Asia/Hong_Kong": 8, "Asia/Taipei": 8, "Asia/Singapore": 8, "Asia/Tokyo": 9,
    "Asia/Seoul": 9, "Asia/Kolkata": 5.5, "Asia/Calcutta": 5.5, "Asia/Dubai": 4, "Asia/Bangkok": 7, "Europe/Istanbul": 3, "Europe/Moscow": 3,
  };

  function lastSunday(year, month) {
    const last = new Date(Date.UTC(year, month + 1, 0));
    return Date.UTC(year, month, last.getUTCDate() - last.getUTCDay(), 1);
  }
  function offset(zone, time) {
    if (zone === undefined) return 0;
    const steady = STEADY[zone];
    if (steady !== undefined) return steady * HOUR;
    const winter = ZONES[String(zone).replace(/^Europe\//, "")];
    if (winter === undefined) throw new RangeError(`Invalid time zone specified: ${zone}`);
    const year = new Date(time).getUTCFullYear();
    return (winter + (time >= lastSunday(year, 2) && time < lastSunday(year, 9) ? 1 : 0)) * HOUR;
  }

  // ── dates ───────────────────────────────────────────────────────────────────────────────────────────────────

  // order and signs of a date, two-digit days and months, twelve hours, what stands between date and time
  const LOCALES = {
    "en-US": { order: "mdy", sign: "/", twelve: true, between: ", " },
    "en-GB": { order: "dmy", sign: "/", two: true, between: ", " },
    "en-AU": { order: "dmy", sign: "/", two: true, twelve: true, small: true, between: ", " },
    "fr-FR": { order: "dmy", sign: "/", two: true, between: " " },
    "es-ES": { order: "dmy", sign: "/", between: ", ", loose: true },
    "it-IT": { order: "dmy", sign: "/", between: ", " },
    "pt-BR": { order: "dmy", sign: "/", two: true, between: ", " },
    "de-DE": { order: "dmy", sign: ".", between: ", " },
    "de-CH": { order: "dmy", sign: ".", between: ", " },
    "nb-NO": { order: "dmy", sign: ".", between: ", " },
    "da-DK": { order: "dmy", sign: ".", between: ", ", time: "." },
    "fi-FI": { order: "dmy", sign: ".", between: " klo ", time: "." },
    "nl-NL": { order: "dmy", sign: "-", between: ", " },
    "pl-PL": { order: "dmy", sign: ".", between: ", ", loose: true, twoMonth: true },
    "sv-SE": { order: "ymd", sign: "-", two: true, between: " " },
    "en-CA": { order: "ymd", sign: "-", two: true, twelve: true, dotted: true, between: ", " },
    "zh-CN": { order: "ymd", sign: "/", between: " " },
    "ja-JP": { order: "ymd", sign: "/", between: " ", loose: true },
  };
  const SHORT = { en: "en-US", sv: "sv-SE", fr: "fr-FR", de: "de-DE", es: "es-ES", it: "it-IT", nl: "nl-NL", fi: "fi-FI", da: "da-DK", nb: "nb-NO", no: "nb-NO", pl: "pl-PL", zh: "zh-CN", ja: "ja-JP", pt: "pt-BR" };

  function locale(asked) {
    const name = Array.isArray(asked) ? asked[0] : asked;
    if (name === undefined || name === null) return LOCALES["en-US"];
    return LOCALES[name] || LOCALES[SHORT[String(name).slice(0, 2).toLowerCase()]] || LOCALES["en-US"];
  }

  const two = (number) => (number < 10 ? `0${number}` : `${number}`);
  const DATE_PARTS = ["weekday", "year", "month", "day", "dateStyle"];
  const TIME_PARTS = ["hour", "minute", "second", "fractionalSecondDigits", "timeStyle"];
  const asks = (options, parts) => parts.some((part) => options[part] !== undefined);

  function printed(date, asked, given, wants) {
    if (Number.isNaN(date.getTime())) return "Invalid Date";
    const options = { ...given };
    if (!asks(options, wants === "date" ? DATE_PARTS : wants === "time" ? TIME_PARTS : [...DATE_PARTS, ...TIME_PARTS])) {
      if (wants !== "time") Object.assign(options, { year: "numeric", month: "numeric", day: "numeric" });
      if (wants !== "date") Object.assign(options, { hour: "numeric", minute: "2-digit", second: "2-digit" });
    }
    styled(options);
    const style = locale(asked);
    const local = new Date(date.getTime() + offset(options.timeZone, date.getTime()));
    const [day, time] = [printedDate(local, style, options), printedTime(local, style, options)];
    return day && time ? day + style.between + time : day || time;
  }

  function styled(options) {
    const { dateStyle, timeStyle } = options;
    if (dateStyle !== undefined) {
      const month = { short: "numeric", medium: "short", long: "long", full: "long" }[dateStyle];
      Object.assign(options, { year: dateStyle === "short" ? "2-digit" : "numeric", month, day: "numeric" });
      if (dateStyle === "full") options.weekday = "long";
    }
    if (timeStyle !== undefined) {
      Object.assign(options, { hour: "numeric", minute: "2-digit" }, timeStyle === "short" ? {} : { second: "2-digit" });
    }
  }

  function printedDate(local, style, options) {
    const month = local.getUTCMonth();
    const weekday = options.weekday && named(DAYS[local.getUTCDay()], options.weekday);
    const inWords = ["long", "short", "narrow"].includes(options.month);
    const parts = {
      y: options.year && (options.year === "2-digit" ? two(local.getUTCFullYear() % 100) : `${local.getUTCFullYear()}`),
      d: options.day && (options.day === "2-digit" || (style.two && !inWords) ? two(local.getUTCDate()) : `${local.getUTCDate()}`),
    };
    if (inWords) {
      return worded(named(MONTHS[month], options.month), parts, weekday, style);
    }
    parts.m = options.month && (options.month === "2-digit" || style.two || style.twoMonth ? two(month + 1) : `${month + 1}`);
    const day = [...style.order].map((part) => parts[part]).filter(Boolean).join(style.sign);
    return [weekday, day].filter(Boolean).join(", ");
  }

  const named = (word, how) => (how === "long" ? word : word.slice(0, how === "narrow" ? 1 : 3));

  function worded(month, { y, d }, weekday, style) {
    if (style.order === "mdy") {
      const day = d ? `${month} ${d}` : month;
      return [weekday, day, y].filter(Boolean).join(", ").replace(/^(\w+), (\d+)$/, d ? "$1, $2" : "$1 $2");
    }
    return [weekday, [d, month, y].filter(Boolean).join(" ")].filter(Boolean).join(", ");
  }

  function printedTime(local, style, options) {
    if (!asks(options, ["hour", "minute", "second"])) return "";
    const twelve = options.hour12 === undefined ? (options.hourCycle ? /^h1/.test(options.hourCycle) : style.twelve) : options.hour12;
    const parts = [];
    const hours = local.getUTCHours();
    if (options.hour) {
      const shown = twelve ? hours % 12 || 12 : hours;
      // With hour12: false the en-US midnight is 24, and all but the loose ones say 24 hours in two digits.
      const number = !twelve && options.hour12 === false && style.order === "mdy" && hours === 0 ? 24 : shown;
      parts.push(options.hour === "2-digit" || (!twelve && !style.loose) ? two(number) : `${number}`);
    }
    if (options.minute) parts.push(two(local.getUTCMinutes()));
    if (options.second) parts.push(two(local.getUTCSeconds()));
    const digits = options.fractionalSecondDigits;
    const part = digits ? `.${String(local.getUTCMilliseconds()).padStart(3, "0").slice(0, digits)}` : "";
    const words = style.dotted ? ["a.m.", "p.m."] : style.small ? ["am", "pm"] : ["AM", "PM"];
    return parts.join(style.time || ":") + part + (twelve && options.hour ? ` ${words[hours < 12 ? 0 : 1]}` : "");
  }

  function method(target, name, value) {
    Object.defineProperty(target, name, { value, configurable: true, enumerable: false, writable: true });
  }
  method(Date.prototype, "toLocaleString", function toLocaleString(asked, options) {
    return printed(this, asked, options, "all");
  });
  method(Date.prototype, "toLocaleDateString", function toLocaleDateString(asked, options) {
    return printed(this, asked, options, "date");
  });
  method(Date.prototype, "toLocaleTimeString", function toLocaleTimeString(asked, options) {
    return printed(this, asked, options, "time");
  });

  // ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────

  // what stands between thousands, and before the fraction
  const SIGNS = { "en": [",", "."], sv: ["\u00a0", ","], nb: ["\u00a0", ","], no: ["\u00a0", ","], fi: ["\u00a0", ","], fr: ["\u202f", ","], de: [".", ","], da: [".", ","], nl: [".", ","], it: [".", ","], es: [".", ","] };

  function number(value, asked, options = {}) {
    if (Number.isNaN(value)) return "NaN";
    if (!Number.isFinite(value)) return value < 0 ? "-∞" : "∞";
    const least = options.minimumFractionDigits === undefined ? 0 : options.minimumFractionDigits;
    const most = options.maximumFractionDigits === undefined ? Math.max(least, options.style === "percent" ? 0 : 3) : options.maximumFractionDigits;
    const name = Array.isArray(asked) ? asked[0] : asked;
    const [thousands, point] = SIGNS[String(name || "en").slice(0, 2).toLowerCase()] || SIGNS.en;
    const scaled = options.style === "percent" ? value * 100 : value;
    const size = Math.abs(scaled);
    const [whole, rest = ""] = size < 1e21 ? size.toFixed(most).split(".") : [`${BigInt(size)}`];
    let fraction = rest;
    while (fraction.length > least && fraction.endsWith("0")) fraction = fraction.slice(0, -1);
    const padded = whole.padStart(options.minimumIntegerDigits || 1, "0");
    const grouped = options.useGrouping === false ? padded : padded.replace(/\B(?=(\d{3})+$)/g, thousands);
    const sign = scaled < 0 || Object.is(scaled, -0) ? "-" : "";
    return sign + grouped + (fraction ? point + fraction : "") + (options.style === "percent" ? "%" : "");
  }
  method(Number.prototype, "toLocaleString", function toLocaleString(asked, options) {
    return number(Number(this), asked, options);
  });

  class DateTimeFormat {
    constructor(asked, options) {
      this.format = (date) => printed(date === undefined ? new Date() : new Date(date), asked, options, "date");
      this.resolvedOptions = () => ({ locale: asked || "en-US", timeZone: "UTC", ...options });
    }
  }
  class NumberFormat {
    constructor(asked, options) {
      this.format = (value) => number(Number(value), asked, options);
    }
  }
  const callable = (kind) => new Proxy(kind, { apply: (target, self, given) => new target(...given) });
  put("Intl", { DateTimeFormat: callable(DateTimeFormat), NumberFormat: callable(NumberFormat) });
})
